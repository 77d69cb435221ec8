"""Every code block of the two pages, in a real kernel, in order, as printed; and then what the pages promise."""

import ast
import json
from collections.abc import Iterator
from typing import Any

import pytest
from support.kernel import Cell, Kernel, started_kernel
from support.pages import MESSAGES, ROUTING


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    """A kernel as Jupyter starts it: how it hears the button is what is tested."""
    with started_kernel() as running:
        yield running


@pytest.fixture(scope="module")
def messages() -> Iterator[Kernel]:
    """A kernel in which the page "Messages" was worked through."""
    with started_kernel(forked=True) as kernel:
        done(kernel, MESSAGES["sending raw data"])
        done(kernel, "from repid_nb import Stepper\nstepper = Stepper(app)\nawait stepper.step()")
        for block in ("sending JSON", "channels", "operation ids"):
            done(kernel, MESSAGES[block])
        yield kernel


@pytest.fixture
def routing(kernel: Kernel):
    """A kernel in which the page "Routing Strategies" was worked through, with an app around its router."""
    done(kernel, "from repid_nb import InMemoryServer, Repid, Router, Stepper\nrouter = Router()")
    for block in ROUTING.values():
        done(kernel, block)
    done(
        kernel,
        "app = Repid()\n"
        "app.servers.register_server('default', InMemoryServer(), is_default=True)\n"
        "app.include_router(router)\n"
        "stepper = Stepper(app)",
    )
    return kernel


def done(kernel: Kernel, code: str, **options: Any) -> Cell:
    """Run a cell that must neither fail nor complain."""
    cell = kernel.execute(code, **options)
    assert cell.error is None, cell.traceback
    assert cell.stderr == ""
    return cell


def value(kernel: Kernel, code: str) -> Any:
    """Return what the last line of a cell comes to."""
    return ast.literal_eval(done(kernel, code).result)


WAITING = "[(m.payload, m.content_type, m.headers) for m in stepper.queues[{!r}].ready]"


def test_the_first_block_sends_raw_bytes_to_the_channel(messages: Kernel):
    assert value(messages, WAITING.format("my_channel")) == [
        (b"Hello, world!", "text/plain", {"topic": "my_actor"}),
    ]


def test_the_json_blocks_send_to_the_channel_in_order_with_the_content_type_set(messages: Kernel):
    sent = value(messages, WAITING.format("email_queue"))
    assert [json.loads(payload) for payload, _, _ in sent] == [
        {"to": "user@example.com", "subject": "Welcome!"},
        {"msg": "hi"},
        {"user_id": 123},
    ]
    assert {content_type for _, content_type, _ in sent} == {"application/json"}
    assert [headers for _, _, headers in sent] == [{"topic": "send_welcome_email"}] * 3


def test_the_registered_operation_is_in_the_asyncapi_document(messages: Kernel):
    assert value(messages, "list(app.generate_asyncapi_schema()['operations'])") == ["send_welcome_email"]


def test_without_an_actor_the_first_step_says_where_messages_wait_unheard(messages: Kernel):
    cell = done(messages, "await Stepper(app).step()")
    assert "1 message on 'my_channel', where no actor listens" in cell.result
    assert "text/html" in cell.data[-1]


def test_the_messages_reach_the_actor_whose_name_is_their_topic():
    with started_kernel(forked=True) as kernel:
        done(kernel, MESSAGES["sending raw data"])
        done(kernel, "from repid_nb import Stepper, Router\nstepper = Stepper(app)\nawait stepper.step()")
        for block in ("sending JSON", "channels", "operation ids"):
            done(kernel, MESSAGES[block])
        done(
            kernel,
            "router = Router()\n"
            "@router.actor(channel='email_queue')\n"
            "async def somebody_else(): ...\n"
            "@router.actor(channel='email_queue')\n"
            "async def send_welcome_email(to: str = '', subject: str = '', msg: str = '', user_id: int = 0):\n"
            "    return [to, subject, msg, user_id]\n"
            "app.include_router(router)\n",
        )
        assert value(kernel, "[(step.winner, step.result) for step in await stepper.run()]") == [
            ("send_welcome_email", ["user@example.com", "Welcome!", "", 0]),
            ("send_welcome_email", ["", "", "hi", 0]),
            ("send_welcome_email", ["", "", "", 123]),
        ]


def test_both_or_neither_of_channel_and_operation_are_refused(messages: Kernel):
    for arguments in ("", "channel='email_queue', operation_id='send_welcome_email', "):
        cell = messages.execute(f"await app.send_message_json({arguments}payload={{}})")
        assert cell.error == "DestinationError"


def test_the_payload_of_send_message_must_be_bytes(messages: Kernel):
    cell = messages.execute("await app.send_message(channel='email_queue', payload='text')")
    assert cell.error == "InvalidMessageError"
    assert "use payload.encode(), or send_message_json for JSON" in cell.message


def test_the_whole_of_the_first_page_runs_a_second_time_in_the_same_kernel(messages: Kernel):
    done(messages, MESSAGES["sending raw data"])
    done(messages, "from repid_nb import Stepper\nstepper = Stepper(app)\nawait stepper.step()")
    for block in ("sending JSON", "channels", "operation ids"):
        done(messages, MESSAGES[block])
    assert value(messages, "stepper.queues['email_queue'].waiting") == 3


@pytest.mark.parametrize(
    ("headers", "winner"),
    [
        ({"topic": "email_worker"}, "email_worker"),
        ({"topic": "send_welcome_email"}, "process_everything_on_channel"),
        ({"action": "send_email_action"}, "process_everything_on_channel"),
        (None, "process_everything_on_channel"),
    ],
)
def test_the_first_match_in_order_of_registration_gets_the_message(routing: Kernel, headers, winner):
    done(routing, f"await stepper.send('user_tasks', {{}}, headers={headers!r})")
    assert value(routing, "step = await stepper.step()\n(step.winner, step.settlement.action.value)") == (
        winner,
        "acked",
    )


@pytest.mark.parametrize(
    ("headers", "winner", "reason"),
    [
        ({"action": "send_email_action"}, "send_email_action", "headers['action'] = 'send_email_action' → True"),
        ({"action": "send_sms"}, None, "headers['action'] = 'send_sms' → False"),
        ({"topic": "send_email_action"}, None, "headers['action'] (not there) → False"),
        (None, None, "headers = None → False"),
    ],
)
def test_the_custom_strategy_routes_by_its_own_header(kernel: Kernel, headers, winner, reason):
    done(kernel, "from repid_nb import InMemoryServer, Repid, Router, Stepper\nrouter = Router()")
    done(kernel, ROUTING["custom"])
    done(
        kernel,
        "app = Repid()\napp.servers.register_server('default', InMemoryServer())\n"
        "app.include_router(router)\nstepper = Stepper(app)",
    )
    done(kernel, f"await stepper.send('user_tasks', {{}}, headers={headers!r})")
    found = value(kernel, "step = await stepper.step()\n(step.winner, step.verdicts[0].reason)")
    assert found == (winner, f"read {reason}")


def test_a_message_that_nobody_takes_is_rejected_and_in_the_end_nacked_as_poison(kernel: Kernel):
    done(kernel, "from repid_nb import InMemoryServer, Repid, Router, Stepper\nrouter = Router()")
    done(kernel, ROUTING["modifying the topic name"])
    done(
        kernel,
        "app = Repid()\napp.servers.register_server('default', InMemoryServer())\n"
        "app.include_router(router)\nstepper = Stepper(app)",
    )
    done(kernel, "await stepper.send('user_tasks', {}, topic='send_welcome_email')")
    cell = kernel.execute("[step.settlement.action.value for step in await stepper.run()]")
    assert ast.literal_eval(cell.result) == ["rejected"] * 9 + ["nacked"]
    assert "poison" in value(kernel, "stepper.queues['user_tasks'].dead_letters[0].reason")


def test_a_worker_takes_the_pages_messages_with_asyncio_run_too(routing: Kernel):
    cell = done(
        routing,
        "import asyncio\n"
        "async def main():\n"
        "    async with app.servers.default.connection():\n"
        "        await app.send_message_json(channel='user_tasks', payload={}, headers={'topic': 'email_worker'})\n"
        "        return (await app.run_worker(messages_limit=1)).processed\n"
        "asyncio.run(main())",
    )
    assert cell.result == "1"


def test_the_import_alone_makes_asyncio_run_work_in_a_cell():
    with started_kernel(forked=True) as kernel:
        done(kernel, "import asyncio\nasync def main():\n    return await asyncio.sleep(0, 'done')")
        assert kernel.execute("asyncio.run(main())").error == "RuntimeError"
        done(kernel, "import repid_nb")
        assert done(kernel, "asyncio.run(main())").result == "'done'"


@pytest.mark.parametrize("work", ["await asyncio.sleep(60)", "while True:\n            pass"])
def test_an_interrupted_step_puts_the_message_back_and_the_next_cell_steps_it(kernel: Kernel, work: str):
    done(
        kernel,
        f"""
import asyncio
from repid_nb import InMemoryServer, Repid, Router, Stepper

router = Router()
tries = []

@router.actor(channel="user_tasks")
async def email_worker(number: int) -> int:
    tries.append(number)
    if len(tries) == 2:
        display("in the middle of it")
        {work}
    return number

app = Repid()
app.servers.register_server("default", InMemoryServer(), is_default=True)
app.include_router(router)
stepper = Stepper(app)
for number in (1, 2, 3):
    await stepper.send("user_tasks", {{"number": number}}, topic="email_worker")
await stepper.step()
""",
    )
    stopped = kernel.execute("await stepper.step()", interrupt_at="in the middle of it")
    assert stopped.error == "KeyboardInterrupt"
    assert value(kernel, "[m.id for m in stepper.queues['user_tasks'].ready]") == ["m2", "m3"]
    assert value(kernel, "len(stepper.queues['user_tasks'].in_work)") == 0
    step = done(kernel, "await stepper.step()")
    assert step.result.startswith("Step 2 · m2 went to email_worker")
    assert "✓ acked" in step.result


def test_an_interrupted_run_keeps_what_it_did_and_goes_on_in_the_next_cell(kernel: Kernel):
    done(
        kernel,
        """
import asyncio
from repid_nb import InMemoryServer, Repid, Router, Stepper

router = Router()
tries = []

@router.actor(channel="user_tasks")
async def email_worker() -> None:
    tries.append(1)
    if len(tries) == 3:
        display("in the middle of it")
        await asyncio.sleep(60)

app = Repid()
app.servers.register_server("default", InMemoryServer(), is_default=True)
app.include_router(router)
stepper = Stepper(app)
for _ in range(5):
    await stepper.send("user_tasks", topic="email_worker")
""",
    )
    stopped = kernel.execute("await stepper.run()", interrupt_at="in the middle of it")
    assert stopped.error == "KeyboardInterrupt"
    assert value(kernel, "[step.number for step in stepper.history]") == [1, 2]
    went_on = value(kernel, "[(step.number, step.message.id) for step in await stepper.run()]")
    assert went_on == [(3, "m3"), (4, "m4"), (5, "m5")]


def test_what_an_interrupted_actor_printed_is_shown(kernel: Kernel):
    done(
        kernel,
        """
import asyncio
from repid_nb import InMemoryServer, Repid, Stepper, catch_all_routing_strategy

app = Repid()
app.servers.register_server("default", InMemoryServer(), is_default=True)

@app.router.actor(channel="user_tasks", routing_strategy=catch_all_routing_strategy)
async def talks() -> None:
    print("as far as it got")
    display("in the middle of it")
    await asyncio.sleep(60)

stepper = Stepper(app)
await stepper.send("user_tasks")
""",
    )
    stopped = kernel.execute("await stepper.step()", interrupt_at="in the middle of it")
    assert stopped.stdout == "as far as it got\n'in the middle of it'\n"
    done(kernel, "await stepper.close()")


def test_what_an_actor_prints_in_a_cell_is_in_its_step_and_not_in_the_cell(kernel: Kernel):
    cell = done(
        kernel,
        """
from repid_nb import InMemoryServer, Repid, Stepper, catch_all_routing_strategy

app = Repid()
app.servers.register_server("default", InMemoryServer(), is_default=True)

@app.router.actor(channel="user_tasks", routing_strategy=catch_all_routing_strategy)
def fails() -> None:
    print("from a thread")
    raise ValueError("in a cell")

stepper = Stepper(app)
await stepper.send("user_tasks")
print("in the cell")
await stepper.step()
""",
    )
    assert cell.stdout == "in the cell\n"
    assert "  printed  from a thread\n" in cell.result
    assert "  raised  ValueError: in a cell\n          line 9, in fails\n              raise ValueError" in cell.result
