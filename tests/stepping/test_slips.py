"""Slips in calls and names: the error says the fix, wherever there is a list of what was meant."""

import inspect

import pytest
from stepping.bench import app_of, router_of

import repid_nb
from repid_nb import InMemoryServer, Repid, Router, Stepper, TestClient
from repid_nb.stepping.slips import add_fix, fix_of


async def nothing(): ...


def made() -> tuple[Repid, Stepper]:
    app = app_of(router_of(nothing))
    return app, Stepper(app)


SLIPS = {
    "priority of a program": lambda: Repid().send_message_json(channel="tasks", payload={}, priority=9),
    "topic of a program": lambda: Repid().send_message(channel="tasks", payload=b"", topic="nothing"),
    "two arguments by place": lambda: Repid().messages.register_operation("send_receipt", "queue"),
    "a class without its argument": Stepper,
    "a method without one": Repid().include_router,
    "a function without one": repid_nb.join,
    "arguments by name that are left out": Repid().messages.register_operation,
    "a letter off": lambda: Repid().send_message_json(chanel="tasks", payload={}),
    "another word": lambda: made()[1].run(steps=5),
    "nothing like it": lambda: made()[1].explain("tasks", colour="red"),
    "an attribute of another object": lambda: Repid().register_server("default", InMemoryServer()),
    "an attribute, a letter off": lambda: made()[1].explian,
    "a call of what is no function": lambda: made()[1].queues("tasks"),
    "a class, a letter off": lambda: __import__("repid_nb", fromlist=["Steper"]).Steper,
}
FIXES = {
    "priority of a program": "Write server_specific_parameters={'priority': 9}.",
    "topic of a program": "Write headers={'topic': 'my_actor'}.",
    "two arguments by place": "Give its arguments by name: register_operation(operation_id=..., channel=...).",
    "a class without its argument": "Write Stepper(app).",
    "a method without one": "Write include_router(router).",
    "a function without one": "Write join(address).",
    "arguments by name that are left out": "Write register_operation(operation_id=..., channel=...).",
    "a letter off": "Did you mean 'channel'?",
    "another word": "Write max_steps=....",
    "nothing like it": "It takes: channel, headers, payload, topic.",
    "an attribute of another object": "Write app.servers.register_server.",
    "an attribute, a letter off": "Did you mean 'explain'?",
    "a call of what is no function": "It is not a function: leave the parentheses out.",
}


@pytest.mark.parametrize("slip", FIXES)
def test_a_slip_in_a_call_is_named_with_the_fix(slip: str):
    with pytest.raises((TypeError, AttributeError)) as caught:
        SLIPS[slip]()
    assert fix_of(caught.value) == FIXES[slip]


async def test_an_await_too_many_is_named():
    with pytest.raises(TypeError) as caught:
        await made()[1].explain("tasks")
    assert fix_of(caught.value) == "It is there at once: leave `await` out."


def test_the_fix_is_added_once():
    with pytest.raises(TypeError) as caught:
        SLIPS["a letter off"]()
    for _ in range(2):
        add_fix(caught.value)
    assert caught.value.__notes__ == ["Did you mean 'channel'?"]


def test_a_slip_in_a_learners_own_call_is_left_to_python():
    class Shop:
        def sell(self, *, item): ...

    with pytest.raises(TypeError) as caught:
        Shop().sell(itm="book")
    assert fix_of(caught.value) == ""
    assert fix_of(ValueError("Repid.send_message() got an unexpected keyword argument 'priority'")) == ""


def test_a_name_of_the_package_that_is_a_letter_off_is_asked_after():
    with pytest.raises(AttributeError, match=r"has no attribute 'Steper'\. Did you mean 'Stepper'\?"):
        SLIPS["a class, a letter off"]()
    with pytest.raises(ImportError) as caught:
        from repid_nb import catch_all_strategy  # noqa: F401, PLC0415  (the slip)
    assert fix_of(caught.value) == "Did you mean 'catch_all_routing_strategy'?"


@pytest.mark.parametrize(
    ("options", "meant"),
    [
        (
            {"routing_strategy": "catch_all"},
            "Did you mean 'catch_all_routing_strategy'? Import it, and leave the quotes",
        ),
        ({"routing_strategy": "topic"}, "Did you mean 'topic_based_routing_strategy'?"),
        ({"routing_strategy": 7}, "Give a factory"),
        ({"confirmation_mode": "always_akc"}, "Did you mean 'always_ack'?"),
        ({"on_error": "nak"}, "Did you mean 'nack'?"),
    ],
)
def test_a_wrong_word_of_an_actor_is_asked_after(options: dict[str, object], meant: str):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  (the words are compared below)
        Router().actor(channel="tasks", **options)(nothing)
    assert meant in str(caught.value)


@pytest.mark.parametrize(
    ("channel", "topic", "meant"),
    [
        ("tasks", "ship_oder", " Did you mean 'ship_order'?"),
        ("task", "ship_order", " Did you mean 'tasks'?"),
        ("tasks", "cancel", ""),
    ],
)
async def test_a_test_client_asks_after_what_is_almost_right(channel: str, topic: str, meant: str):
    router = Router(channel="tasks")
    router.actor(name="ship_order")(nothing)
    with pytest.raises(ValueError, match="No actor found") as caught:
        await TestClient(app_of(router)).send_message_json(channel=channel, payload={}, headers={"topic": topic})
    assert f"the topic '{topic}'.{meant} Include its router" in str(caught.value)


async def test_a_dead_letter_that_is_not_there_is_asked_after_on_its_queue_and_on_others():
    async def fail():
        raise ValueError

    async with Stepper(app_of(router_of(fail))) as stepper:
        with pytest.raises(ValueError, match=r"No dead letter 'm1' on 'tasks'\. No dead letter is there\."):
            stepper.resend("tasks", "m1")
        await stepper.send("tasks")
        await stepper.step()
        with pytest.raises(ValueError, match=r"on 'tasks'\. Known: 'm1'\."):
            stepper.resend("tasks", "the first")
        with pytest.raises(ValueError, match=r"on 'task'\. Did you mean 'tasks'\?"):
            stepper.resend("task", "m1")


async def test_a_queue_a_letter_off_and_a_step_that_never_was():
    _, stepper = made()
    async with stepper:
        with pytest.raises(ValueError, match=r"the only way back is to 0\."):
            stepper.rewind(to=99)
        await stepper.send("tasks")
        with pytest.raises(KeyError, match=r"No queue 'task'\. Did you mean 'tasks'\?"):
            stepper.queues["task"]
        assert stepper.queues.get("task") is None
        with pytest.raises(ValueError, match=r"not dict\. The channel comes first"):
            await stepper.send({"to": "ada"}, topic="nothing")


def test_no_text_that_a_learner_reads_has_the_words_of_those_who_made_it():
    spoken = ("seeds", "maintainer", "todo")
    public = [getattr(repid_nb, name) for name in repid_nb.__all__]
    public += [member for one in public if inspect.isclass(one) for member in vars(one).values()]
    found = [one for one in public if any(word in (inspect.getdoc(one) or "").lower().split() for word in spoken)]
    assert found == []


@pytest.mark.parametrize(
    ("error", "fix"),
    [
        (
            ImportError("cannot import name 'RedisServer' from 'repid' (repid/__init__.py)"),
            "pip install 'repid[redis]==2.1.4'",
        ),
        (ModuleNotFoundError("No module named 'repid'"), "pip install 'repid==2.1.4'"),
        (
            ModuleNotFoundError("No module named 'anywidget'"),
            "pip install anywidget ipywidgets, and restart the kernel",
        ),
        (ModuleNotFoundError("No module named 'typing_extensions'"), "pip install 'repid==2.1.4' typing_extensions"),
    ],
)
def test_a_client_library_that_is_not_installed_is_told_with_the_line_that_installs_it(error, fix):
    assert fix in fix_of(error)
    assert "restart the kernel" in fix_of(error)


@pytest.mark.parametrize("place", ["repid_nb", "repid_nb.connections"])
def test_a_server_of_a_broker_is_told_to_be_repids_own(place):
    with pytest.raises(ImportError) as raised:
        exec(f"from {place} import AmqpServer")  # noqa: S102  (as a reader of repid's documentation writes it)
    assert fix_of(raised.value) == "It is repid's own, and is registered here as it is: from repid import AmqpServer."


@pytest.mark.parametrize("name", ["HealthCheckServerSettings", "HealthCheckStatus", "AsyncAPIServer"])
def test_an_http_server_of_repid_is_told_to_be_repids_own(name):
    with pytest.raises(ImportError) as raised:
        exec(f"from repid_nb import {name}")  # noqa: S102  (as a reader of repid's documentation writes it)
    assert fix_of(raised.value) == "repid has this HTTP server; repid_nb runs without it."


def test_a_learner_s_function_with_the_name_of_one_of_ours_gets_no_fix():
    def join(room, seat): ...

    with pytest.raises(TypeError) as caught:
        join()
    assert fix_of(TypeError(str(caught.value).rpartition(".")[2])) == ""
