"""Values of the wrong type: each public function refuses one in words, and none fails somewhere inside."""

import inspect
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from repid_nb import (
    BackpressurePolicy,
    InMemoryServer,
    Repid,
    Router,
    Run,
    Simulation,
    Stepper,
    TestClient,
    burst,
    constant,
    every,
    exponential,
    local_broker,
    lognormal,
    one_of,
    poisson,
    uniform,
)
from repid_nb.core.errors import (
    BrokerError,
    DeclarationError,
    InvalidMessageError,
    RepidNbError,
    SimulationError,
    UnknownNameError,
)


class Odd:
    """Something that nothing takes."""


WRONG = [None, 0, -1, 1.5, float("nan"), True, "", "nonsense", b"x", [], [1], {}, {"a": 1}, {1: 2}, Odd(), object()]


def an_app() -> Repid:
    async def work(number: int = 0) -> int:
        return number

    app = Repid()
    app.servers.register_server("default", InMemoryServer(), is_default=True)
    router = Router(channel="c")
    router.actor(work)
    app.include_router(router)
    return app


async def a_stepper() -> Stepper:
    stepper = Stepper(an_app())
    await stepper.send("c", {"number": 1}, topic="work")
    await stepper.step()
    return stepper


def a_run() -> Run:
    simulation = Simulation(an_app())
    simulation.produce("c", {"number": 1}, topic="work", arrivals=burst(3))
    return simulation.run(seconds=5)


# What the other arguments are while one of them is wrong.
RIGHT: dict[str, dict[str, Any]] = {
    "send": {"channel": "c"},
    "send_message": {"channel": "c", "payload": b""},
    "send_message_json": {"channel": "c", "payload": {}},
    "explain": {"channel": "c"},
    "delete": {"channel": "c", "message_id": "m1"},
    "settle": {"message_id": "m1", "action": "ack"},
    "produce": {"channel": "c", "arrivals": burst(2)},
    "takes": {"actor": "work", "duration": 1},
    "register_server": {"name": "other", "server": InMemoryServer()},
    "register_operation": {"operation_id": "other", "channel": "c"},
    "step": {"which": 0},
    "lognormal": {"mean": 1, "sigma": 1},
    "uniform": {"low": 1, "high": 2},
    "burst": {"count": 1},
    "poisson": {"per_second": 1},
    "every": {"seconds": 1},
    "resend": {"channel": "c"},
    "send_again": {"channel": "c"},
    "Stepper": {"app": an_app()},
    "Simulation": {"app": an_app()},
}
# Paths are Python's own to refuse, and what a caller tells the Stepper is called only later.
LEFT_OUT = {"path", "observer", "heard", "_fork", "share", "fn", "owner"}
NO_FUNCTIONS = {"from_dict", "plot", "plot_waiting", "plot_waiting_times", "to_frame"}


def methods(thing: object, *, but: frozenset[str] = frozenset()) -> list[Callable[..., Any]]:
    named = (name for name in dir(type(thing)) if not name.startswith("_") and name not in NO_FUNCTIONS | but)
    return [getattr(thing, name) for name in named if callable(getattr(type(thing), name))]


async def refusal(function: Callable[..., Any], given: dict[str, Any]) -> BaseException | None:
    positional = [
        name for name, one in inspect.signature(function).parameters.items() if one.kind is one.POSITIONAL_ONLY
    ]
    first = [given.pop(name) for name in positional if name in given]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answer = function(*first, **given)
            if inspect.isawaitable(answer):
                await answer
    except Exception as error:
        return error
    return None


async def assert_refused_in_words(functions: list[Callable[..., Any]]) -> None:
    for function in functions:
        name = function.__name__
        known = inspect.signature(function).parameters
        for parameter in known.values():
            if parameter.name in LEFT_OUT or parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
                continue
            for wrong in WRONG:
                right = {one: value for one, value in RIGHT.get(name, {}).items() if one in known}
                error = await refusal(function, {**right, parameter.name: wrong})
                said = f"{name}({parameter.name}={wrong!r}): {error!r}"
                assert error is None or isinstance(error, RepidNbError), said


async def test_a_stepper_refuses_wrong_values_in_words():
    await assert_refused_in_words(methods(await a_stepper(), but=frozenset({"close"})))
    await assert_refused_in_words([Stepper])


async def test_a_simulation_and_its_run_refuse_wrong_values_in_words():
    await assert_refused_in_words(methods(Simulation(an_app()), but=frozenset({"run"})))
    await assert_refused_in_words([*methods(a_run(), but=frozenset({"export"})), Simulation])
    await assert_refused_in_words([burst, constant, every, exponential, lognormal, one_of, poisson, uniform])


async def test_an_app_and_its_registries_refuse_wrong_values_in_words():
    app = an_app()
    async with app.servers.default.connection():
        await assert_refused_in_words([app.send_message, app.send_message_json, app.include_router])
    await assert_refused_in_words(
        [app.servers.register_server, app.servers.find, app.messages.find, BackpressurePolicy]
    )
    async with TestClient(an_app()) as client:
        await assert_refused_in_words([client.send_message, client.send_message_json])


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: Stepper(an_app(), history_limit="many"), DeclarationError, "history_limit must be a number of steps"),
        (lambda: Repid(default_serializer=5), DeclarationError, "a function of the payload that returns bytes, not 5"),
        (
            lambda: an_app().servers.register_server(5, None),
            DeclarationError,
            "name of a server must be a str",
        ),
        (lambda: a_run().steps(since="now"), SimulationError, "since must be a number, 0 or more, not 'now'"),
        (lambda: a_run().film(title=5), DeclarationError, "title must be a str, not an int"),
        (lambda: a_run().play(notes=["Why?"]), DeclarationError, r"notes must be a dict .* not \['Why\?'\]"),
        (lambda: Run.from_json_lines("run.jsonl"), SimulationError, r"Of a file, give Path\('run.jsonl'\)"),
        (lambda: one_of(3), SimulationError, "one_of takes a list of seconds"),
        (lambda: Simulation(an_app()).produce(5, arrivals=[1]), InvalidMessageError, "channel must be a str, not int"),
        (lambda: local_broker(["redis"]), BrokerError, "name 'redis' or 'nats'"),
        (lambda: local_broker("redis", share=5), BrokerError, "share must be True or an address of this machine"),
        (lambda: an_app().servers.find([1]), UnknownNameError, r"Server \[1\] not found"),
    ],
)
def test_the_refusal_names_the_argument_and_what_it_must_be(call: Callable[[], object], kind: type, words: str):
    with pytest.raises(kind, match=words):
        call()


async def test_a_stepper_names_what_is_wrong():
    stepper = await a_stepper()
    with pytest.raises(InvalidMessageError, match="max_steps must be at least 1, not 'all'"):
        await stepper.run("all")  # type: ignore[arg-type]
    with pytest.raises(InvalidMessageError, match="window must be a whole number of messages, 0 or more"):
        stepper.snapshot(-1)
    with pytest.raises(UnknownNameError, match=r"no way back to step \[0\]: give a number from 0 to 1"):
        stepper.rewind([0])  # type: ignore[arg-type]
    with pytest.raises(DeclarationError, match=r"order must be a list of str, such as .* not 'work'"):
        stepper.fork(order="work")
    with pytest.raises(InvalidMessageError, match="priority must be a dict"):
        stepper.fork(priority=9)  # type: ignore[arg-type]
    await stepper.close()
