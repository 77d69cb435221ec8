"""Dependencies: headers, functions, the message, and what they may ask for in their turn."""

import asyncio
import contextvars
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

import pytest
from differential.harness import Bench, declared, same
from pydantic import Field

HEADERS = {
    "given": {"user": "ada", "retries": "3"},
    "coerced": {"user": "ada", "retries": "03"},
    "missing": {"retries": "3"},
    "default": {"user": "ada"},
    "bad": {"user": "ada", "retries": "many"},
    "out of bounds": {"user": "ada", "retries": "-1"},
    "both bad": {"retries": "many"},
    "by another case": {"User": "ada"},
    "none": None,
    "empty": {},
}


@same
@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("converter", ["PydanticConverter", "BasicConverter"])
async def test_headers_are_read_into_arguments(lib, log, name, converter):
    router = lib.Router(channel="tasks")

    @router.actor(converter=getattr(lib, converter), routing_strategy=lib.catch_all_routing_strategy)
    async def job(
        user: Annotated[str, lib.Header()],
        retries: Annotated[Annotated[int, Field(ge=0)], lib.Header()] = 1,
    ):
        log("ran", user, retries)

    async with Bench(lib, log, router) as bench:
        await bench.deliver(headers=HEADERS[name])


@same
@pytest.mark.parametrize("headers", [{"x-user-id": "7"}, {"user_id": "7"}, {}])
async def test_a_header_may_have_another_name_than_its_parameter(lib, log, headers):
    router = lib.Router(channel="tasks")

    @router.actor
    async def job(user_id: Annotated[int, lib.Header(name="x-user-id")]):
        log("ran", user_id)

    async with Bench(lib, log, router) as bench:
        await bench.deliver(topic="job", headers=headers)


@same
async def test_the_topic_is_a_header_like_any_other(lib, log):
    router = lib.Router(channel="tasks")

    @router.actor
    async def job(topic: Annotated[str, lib.Header()], n: int = 0):
        log("ran", topic, n)

    async with Bench(lib, log, router) as bench:
        await bench.deliver(b'{"n": 2}', topic="job")


@same
async def test_one_header_may_be_asked_for_twice(lib, log):
    user = Annotated[str, lib.Header(name="user")]

    async def upper(user: user):
        return user.upper()

    router = lib.Router(channel="tasks")

    @router.actor
    async def job(a: user, b: Annotated[str, lib.Depends(upper)]):
        log("ran", a, b)

    async with Bench(lib, log, router) as bench:
        await bench.deliver(topic="job", headers={"user": "ada"})


@same
async def test_one_header_asked_for_by_two_markers_is_a_conflict(lib, log):
    router = lib.Router(channel="tasks")

    @router.actor
    async def job(a: Annotated[str, lib.Header(name="user")], b: Annotated[str, lib.Header(name="user")]):
        log("ran", a, b)

    declared(log, "actors", lambda: len(router.actors))


@same
@pytest.mark.parametrize("payload", [b'{"n": 2}', b'{"n": "x"}', b"{}"])
@pytest.mark.parametrize("converter", ["PydanticConverter", "BasicConverter"])
async def test_a_dependency_reads_its_own_fields_of_the_payload(lib, log, payload, converter):
    def double(n: int):
        log("depended", n)
        return n * 2

    router = lib.Router(channel="tasks", converter=getattr(lib, converter))

    @router.actor
    async def job(twice: Annotated[int, lib.Depends(double)]):
        log("ran", twice)

    async with Bench(lib, log, router) as bench:
        await bench.deliver(payload, topic="job")


@same
async def test_a_field_may_be_shared_with_the_actor(lib, log):
    async def double(n: int, step: int = 2):
        return n * step

    router = lib.Router(channel="tasks")

    @router.actor
    async def job(n: int, twice: Annotated[int, lib.Depends(double)]):
        log("ran", n, twice)

    async with Bench(lib, log, router) as bench:
        await bench.deliver(b'{"n": 2}', topic="job")
        await bench.deliver(b'{"n": 2, "step": 5}', topic="job")


@same
async def test_dependencies_nest(lib, log):
    def settings(name: str = "dev"):
        return {"name": name}

    async def database(config: Annotated[dict, lib.Depends(settings)], tenant: Annotated[str, lib.Header()] = "all"):
        return (config["name"], tenant)

    async def repository(db: Annotated[tuple, lib.Depends(database)], message: lib.Message):
        return (*db, message.channel)

    router = lib.Router(channel="tasks")

    @router.actor
    async def job(repo: Annotated[tuple, lib.Depends(repository)], n: int):
        log("ran", repo, n)

    async with Bench(lib, log, router) as bench:
        await bench.deliver(b'{"n": 1}', topic="job")
        await bench.deliver(b'{"n": 1, "name": "prod"}', topic="job", headers={"tenant": "acme"})


@same
@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_dependency_that_fails_fails_the_run(lib, log, asynchronous):
    def broken():
        raise ConnectionError("down")

    async def broken_too():
        raise ConnectionError("down")

    router = lib.Router(channel="tasks")

    @router.actor(on_error=lambda error: log("asked", error) or "ack")
    async def job(a: Annotated[int, lib.Depends(broken_too if asynchronous else broken)]):
        log("ran", a)

    async with Bench(lib, log, router) as bench:
        await bench.deliver(topic="job")


@same
async def test_dependencies_are_made_anew_for_each_message_and_each_use(lib, log):
    made = []

    async def make():
        made.append(len(made))
        return len(made)

    router = lib.Router(channel="tasks")
    marker = lib.Depends(make)

    @router.actor
    async def job(a: Annotated[int, marker], b: Annotated[int, marker]):
        log("ran", a, b)

    async with Bench(lib, log, router) as bench:
        await bench.deliver(topic="job")
        await bench.deliver(topic="job")


@same
async def test_dependencies_are_made_side_by_side(lib, log):
    met = asyncio.Event()

    async def first():
        await asyncio.wait_for(met.wait(), 60)
        return "first"

    async def second():
        met.set()
        return "second"

    router = lib.Router(channel="tasks")

    @router.actor
    async def job(a: Annotated[str, lib.Depends(first)], b: Annotated[str, lib.Depends(second)]):
        log("ran", a, b)

    async with Bench(lib, log, router) as bench:
        await bench.deliver(topic="job")


@same
async def test_a_dependency_can_be_overridden_and_put_back(lib, log):
    async def real(n: int):
        return ("real", n)

    async def fake():
        return "fake"

    async def fake_with_field(n: int, other: str = "its default"):
        return ("fake", n, other)

    marker = lib.Depends(real)
    router = lib.Router(channel="tasks")

    @router.actor
    async def job(a: Annotated[object, marker]):
        log("ran", a)

    async with Bench(lib, log, router) as bench:
        for function in (real, fake, fake_with_field, lambda: "plain", real):
            marker.override(function)
            await bench.deliver(b'{"n": 1, "other": "sent"}', topic="job")


@same
async def test_an_override_may_bring_dependencies_of_its_own(lib, log):
    async def real():
        return "real"

    async def fake(message: lib.Message, inner: Annotated[str, lib.Depends(lambda: "inner")]):
        return ("fake", message.payload, inner)

    marker = lib.Depends(real)
    router = lib.Router(channel="tasks")

    @router.actor
    async def job(a: Annotated[object, marker]):
        log("ran", a)

    async with Bench(lib, log, router) as bench:
        marker.override(fake)
        await bench.deliver(b"{}", topic="job")


@same
async def test_a_dependency_of_ones_own_kind_is_resolved(lib, log):
    class Channel:
        async def resolve(self, *, context):
            log(
                "resolving",
                context.message.channel,
                context.actor.name,
                context.parsed_args,
                context.parsed_kwargs,
                context.parsed_headers,
            )
            return context.actor.channel_address

    router = lib.Router(channel="tasks")

    @router.actor
    async def job(n: int, /, m: int, where: Annotated[str, Channel()], user: Annotated[str, lib.Header()] = "nobody"):
        log("ran", n, m, where, user)

    async with Bench(lib, log, router) as bench:
        await bench.deliver(b'{"n": 1, "m": 2}', topic="job")


@same
async def test_the_message_can_be_asked_for_in_both_ways(lib, log):
    router = lib.Router(channel="tasks")

    @router.actor
    async def job(a: lib.Message, b: Annotated[object, lib.MessageDependency()]):
        log("ran", a.payload, b.payload, a.message_id == b.message_id, a.reply_to, a.headers, a.content_type)

    async with Bench(lib, log, router) as bench:
        await bench.deliver(topic="job", reply_to="back", content_type="x/y")


@same
async def test_plain_dependencies_and_actors_run_in_threads(lib, log):
    def where():
        return threading.current_thread() is threading.main_thread()

    async def here():
        return threading.current_thread() is threading.main_thread()

    router = lib.Router(channel="tasks")

    @router.actor
    def job(a: Annotated[bool, lib.Depends(where)], b: Annotated[bool, lib.Depends(here)]):
        log("ran", a, b, threading.current_thread() is threading.main_thread())

    async with Bench(lib, log, router) as bench:
        await bench.deliver(topic="job")


@same
@pytest.mark.parametrize("place", ["actor", "router", "dependency"])
async def test_a_pool_of_ones_own_is_used(lib, log, place):
    def where():
        return threading.current_thread().name.split("_")[0]

    with ThreadPoolExecutor(1, thread_name_prefix="mine") as pool:
        given = {"pool_executor": pool}
        router = lib.Router(channel="tasks", **(given if place == "router" else {}))
        marker = lib.Depends(where, **(given if place == "dependency" else {}))

        @router.actor(**(given if place == "actor" else {}))
        def job(a: Annotated[str, marker]):
            log("ran", a == "mine", where() == "mine")

        async with Bench(lib, log, router) as bench:
            await bench.deliver(topic="job")


@same
async def test_a_context_variable_set_by_middleware_reaches_the_actor(lib, log):
    user = contextvars.ContextVar("user", default="nobody")

    async def setting(call_next, message, actor):
        user.set("ada")
        return await call_next(message, actor)

    async def depended():
        return user.get()

    router = lib.Router(channel="tasks")

    @router.actor
    async def job(a: Annotated[str, lib.Depends(depended)]):
        log("ran", user.get(), a)

    async with Bench(lib, log, router, actor_middlewares=[setting]) as bench:
        await bench.deliver(topic="job")


@same
async def test_what_an_actor_sets_does_not_reach_the_next_message(lib, log):
    seen = contextvars.ContextVar("seen", default=0)
    router = lib.Router(channel="tasks")

    @router.actor
    async def job():
        log("ran", seen.get())
        seen.set(seen.get() + 1)

    async with Bench(lib, log, router) as bench:
        await bench.send(topic="job")
        await bench.send(topic="job")
        await bench.work(2)
    log.keep("ran")


def wrong_dependencies(lib):
    def positional(n, /):
        return n

    def conflicting(n: str):
        return n

    async def takes_header(user: Annotated[int, lib.Header()]):
        return user

    pool = object()
    return {
        "both pools": lambda: lib.Depends(lambda: 1, run_in_process=True, pool_executor=pool),
        "positional": lambda: lib.Depends(positional),
        "override with both pools": lambda: lib.Depends(lambda: 1).override(
            lambda: 2, run_in_process=True, pool_executor=pool
        ),
        "override with positional": lambda: lib.Depends(lambda: 1).override(positional),
        "header by position": lambda: lib.Header("name"),
        "header alias": lambda: lib.Header(alias="name"),
        "conflicting field": lambda: lib.PydanticConverter(
            _with(lib, n=int, d=Annotated[str, lib.Depends(conflicting)]), correlation_id=None
        ),
        "conflicting header": lambda: lib.PydanticConverter(
            _with(lib, user=Annotated[str, lib.Header()], d=Annotated[int, lib.Depends(takes_header)]),
            correlation_id=None,
        ),
        "same header in two types": lambda: lib.PydanticConverter(
            _with(lib, a=Annotated[str, lib.Header(name="h")], b=Annotated[int, lib.Header(name="h")]),
            correlation_id=None,
        ),
    }


def _with(lib, **annotations):
    names = ", ".join(annotations)
    namespace = {}
    exec(f"async def fn({names}): pass", namespace)  # noqa: S102  (the text is written above)
    namespace["fn"].__annotations__ = annotations
    return namespace["fn"]


@same
@pytest.mark.parametrize("name", wrong_dependencies(__import__("repid")))
async def test_a_wrong_dependency_is_refused(lib, log, name):
    declared(log, name, wrong_dependencies(lib)[name])


@same
@pytest.mark.parametrize("marker", ["Header", "MessageDependency"])
async def test_a_marker_without_parentheses_warns_and_counts_as_payload(lib, log, marker):
    router = lib.Router(channel="tasks")

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")

        @router.actor
        async def job(user: Annotated[str, getattr(lib, marker)]):
            log("ran", user)

    log("warned", [one.category for one in caught])
    async with Bench(lib, log, router) as bench:
        await bench.deliver(b'{"user": "from the payload"}', topic="job", headers={"user": "from the headers"})
