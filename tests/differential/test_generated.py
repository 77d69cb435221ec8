"""Generated scenarios: random routers, options, strategies, modes, payloads, headers and failures.

A plan is plain data. It is built and run with each library, one message after the other by one worker, and what
happened is compared. A plan never leaves a message open for another worker, and its strategies do not raise: those
are differences, with tests of their own.
"""

import asyncio
import json
import os
import signal
from typing import Annotated, Any

from differential.harness import Bench, compare
from hypothesis import HealthCheck
from support.generated import given, settings, st

CHANNELS = ("a", "b")
NAMES = ("x", "y")


def kind_strategy(*, actor_name, **_):
    """Takes messages whose header `kind` is the actor's name."""
    return lambda message: (message.headers or {}).get("kind") == actor_name


def size_strategy(*, actor_name, **_):
    """Takes messages of an even number of bytes."""
    return lambda message: len(message.payload) % 2 == 0


def strategies_of(lib):
    return {
        "topic": lib.topic_based_routing_strategy,
        "catch all": lib.catch_all_routing_strategy,
        "kind": kind_strategy,
        "size": size_strategy,
    }


def function_for(lib, log, plan):  # noqa: C901  (one short function a signature)
    """Make the function of one planned actor. What it does, it does at the first message; later it returns."""
    runs = []

    async def act(message, **arguments):
        runs.append(message)
        log("ran", plan["name"], arguments)
        if len(runs) > plan["calm_after"]:
            return "ack"
        for word in plan["does"]:
            if word == "raise":
                raise LookupError(plan["name"])
            if word == "reply":
                await message.reply(payload=b"answer", channel="answers")
            elif word == "send":
                await message.send_message_json(channel="sent", payload=arguments)
            elif word in ("ack", "nack"):
                await getattr(message, word)()
        return plan["returns"]

    async def depended(n: int = 0, user: Annotated[str, lib.Header()] = "nobody"):
        return (n, user)

    async def only_message(message: lib.Message):
        return await act(message)

    async def typed(message: lib.Message, n: int, s: str = "default"):
        return await act(message, n=n, s=s)

    async def loose(message: lib.Message, n: Any = None):
        return await act(message, n=n)

    async def with_header(
        message: lib.Message, user: Annotated[str, lib.Header()], tries: Annotated[int, lib.Header()] = 3
    ):
        return await act(message, user=user, tries=tries)

    async def with_dependency(message: lib.Message, d: Annotated[tuple, lib.Depends(depended)]):
        return await act(message, d=d)

    functions = {one.__name__: one for one in (only_message, typed, loose, with_header, with_dependency)}
    return functions[plan["signature"]]


def middleware(log, name, does):
    async def run(call_next, message, actor):
        log("in", name, message.action)
        if does == "stop" and not message.is_acted_on:
            await message.ack()
            return "stopped"
        try:
            result = await call_next(message, actor)
        except LookupError as error:
            log("out", name, error, message.action)
            if does == "swallow":
                return "swallowed"
            raise
        log("out", name, result, message.action)
        return result

    return run


def build_router(lib, log, plan, path="r"):
    options = {name: value for name, value in plan["options"].items() if value is not None}
    if "converter" in options:
        options["converter"] = getattr(lib, options["converter"])
    if plan["middleware"]:
        options["middlewares"] = [middleware(log, path, plan["middleware"])]
    router = lib.Router(**options)
    for index, entry in enumerate(plan["entries"]):
        if "entries" in entry:
            router.include_router(build_router(lib, log, entry, f"{path}.{index}"))
            continue
        given_options = {name: value for name, value in entry["options"].items() if value is not None}
        if "converter" in given_options:
            given_options["converter"] = getattr(lib, given_options["converter"])
        if entry["middleware"]:
            given_options["middlewares"] = [middleware(log, f"{path}.{index}", entry["middleware"])]
        router.actor(
            name=entry["name"],
            confirmation_mode=entry["mode"],
            routing_strategy=strategies_of(lib)[entry["strategy"]],
            **given_options,
        )(function_for(lib, log, entry))
    return router


class Turns:
    """Says when a message has come to its end."""

    def __init__(self, log):
        self._log = log
        self._ended = asyncio.Event()
        log.listeners.append(self._hear)

    def _hear(self, event):
        # A message that nobody wants ends with a nack and is never seen by middleware.
        if event[0] == "settled" and event[3] == "nacked":
            self._ended.set()

    async def middleware(self, call_next, message, actor):
        try:
            return await call_next(message, actor)
        except Exception as error:
            self._log("failed", actor.name, error)
            raise
        finally:
            self._log("ended", actor.name, message.action)
            self._ended.set()

    async def pass_by(self):
        await asyncio.wait_for(self._ended.wait(), 60)
        self._ended.clear()


async def play(lib, log, plan):
    """Build the planned app and send it the planned messages, one after the other."""
    turns = Turns(log)
    ending = lib.Router(channel="the end")

    @ending.actor(routing_strategy=lib.catch_all_routing_strategy)
    async def end():
        os.kill(os.getpid(), signal.SIGUSR1)

    router = build_router(lib, log, plan["router"])
    log("channels", [channel.address for channel in router.channels])
    log("actors", [(actor.name, actor.channel_address, actor.timeout) for actor in router.actors])
    listening = [channel.address for channel in router.channels]
    bench = Bench(lib, log, router, ending, bare=True, actor_middlewares=[turns.middleware])
    async with bench:
        working = asyncio.ensure_future(bench.work(float("inf"), register_signals=[signal.SIGUSR1]))
        for message in plan["messages"]:
            await bench.send(**message)
            if message["channel"] in listening:
                await turns.pass_by()
                log("next")
        await bench.send(b"", channel="the end")
        await working
        await bench.left("answers", "sent", *(channel for channel in CHANNELS if channel not in listening))


def optional(strategy):
    return st.none() | strategy


converters = st.sampled_from(["PydanticConverter", "BasicConverter", "DefaultConverter"])
timeouts = st.sampled_from([0, 7, 7.5, float("inf")])


@st.composite
def actors(draw):
    mode = draw(st.sampled_from(["auto", "auto", "always_ack", "ack_first", "manual", "manual_explicit"]))
    on_errors = {"auto": ["ack", "nack"], "manual": ["ack", "nack", "no_action"]}
    on_errors["manual_explicit"] = on_errors["manual"]
    return {
        "name": draw(st.sampled_from(NAMES)),
        "mode": mode,
        "strategy": draw(st.sampled_from(["topic", "topic", "topic", "catch all", "kind", "size"])),
        "signature": draw(st.sampled_from(["only_message", "typed", "loose", "with_header", "with_dependency"])),
        "does": draw(st.lists(st.sampled_from(["raise", "reply", "send", "ack", "nack"]), max_size=3)),
        "returns": draw(st.sampled_from([None, "ack", "nack", "no_action", "other", 5])),
        "calm_after": draw(st.sampled_from([1, 2, 3, 0])),
        "middleware": draw(st.sampled_from([None, None, "watch", "swallow", "stop"])),
        "options": {
            "channel": draw(optional(st.sampled_from(CHANNELS))),
            "timeout": draw(optional(timeouts)),
            "converter": draw(optional(converters)),
            "on_error": draw(optional(st.sampled_from(on_errors[mode]))) if mode in on_errors else None,
        },
    }


def routers(entries):
    return st.fixed_dictionaries(
        {
            "options": st.fixed_dictionaries(
                {
                    "channel": optional(st.sampled_from(CHANNELS)),
                    "timeout": optional(timeouts),
                    "converter": optional(converters),
                    "keep_alive": optional(st.sampled_from([True, False, 30.0])),
                }
            ),
            "middleware": st.sampled_from([None, None, "watch", "swallow"]),
            "entries": st.lists(entries, min_size=1, max_size=5),
        }
    )


payloads = st.one_of(
    *2 * [st.builds(lambda n, s: json.dumps({"n": n, "s": s}).encode(), st.integers(-3, 3), st.text(max_size=3))],
    st.builds(
        lambda fields: json.dumps(fields).encode(),
        st.fixed_dictionaries(
            {},
            optional={
                "n": st.one_of(st.integers(-3, 3), st.sampled_from(["1", "x", None, 1.5, [1], True])),
                "s": st.one_of(st.text(max_size=3), st.none(), st.integers(0, 1)),
                "more": st.booleans(),
            },
        ),
    ),
    st.sampled_from([b"", b"[]", b"7", b"{", b"null", b"\xff", b'{"n": 1}', b' {"n":1}']),
)
headers = st.fixed_dictionaries(
    {},
    optional={
        "topic": st.sampled_from(NAMES),
        "kind": st.sampled_from(NAMES),
        "user": st.sampled_from(["ada", ""]),
        "tries": st.sampled_from(["1", "many"]),
    },
)
messages = st.fixed_dictionaries(
    {
        "channel": st.sampled_from(CHANNELS),
        "payload": payloads,
        "headers": st.one_of(
            st.sampled_from([None, {}]),
            *2 * [headers],
            *3 * [st.fixed_dictionaries({"topic": st.sampled_from(NAMES), "user": st.just("ada")})],
        ),
        "content_type": st.sampled_from([None, None, "application/json", "application/json", "", "text/plain"]),
    }
)
plans = st.fixed_dictionaries(
    {
        "router": routers(st.one_of(actors(), actors(), routers(st.one_of(actors(), routers(actors()))))),
        "messages": st.lists(messages, min_size=3, max_size=8),
    }
)


@settings(max_examples=100, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(plan=plans)
def test_a_generated_app_does_the_same_with_generated_messages(plan):
    compare(play, plan=plan)
