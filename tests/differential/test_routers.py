"""Routers: what included ones inherit, what their actors end up with, and what is refused."""

import functools
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Annotated

import pytest
import repid
from differential.harness import Bench, attempt, declared, same


def described(actor):
    """What can be compared of an actor."""
    return (
        actor.name,
        actor.channel_address,
        actor.confirmation_mode,
        actor.on_error,
        actor.timeout,
        actor.keep_alive,
        actor.title,
        actor.summary,
        actor.description,
        actor.deprecated,
        actor.fn.__name__,
    )


def note_router(lib, log, word, router):
    log(word, [described(actor) for actor in router.actors])
    log(f"{word} channels", [(channel.address, channel.title, channel.description) for channel in router.channels])


async def job():
    """Do it."""


ROUTER_OPTIONS = {
    "channel": {"channel": "own"},
    "channel object": {"channel": ("own", "Own")},
    "timeout": {"timeout": 7},
    "no timeout": {"timeout": 0},
    "keep alive": {"keep_alive": 2.5},
    "no keep alive": {"keep_alive": False},
    "keep alive unset": {"keep_alive": None},
    "nothing": {},
}


def options_for(lib, name):
    options = dict(ROUTER_OPTIONS[name])
    if isinstance(options.get("channel"), tuple):
        address, title = options["channel"]
        options["channel"] = lib.Channel(address=address, title=title)
    return options


@same
@pytest.mark.parametrize("name", ROUTER_OPTIONS)
@pytest.mark.parametrize("place", ["outermost", "middle", "innermost", "actor"])
async def test_an_option_is_handed_down_until_somebody_has_their_own(lib, log, name, place):
    given = {
        one: options_for(lib, name) if one == place else {} for one in ("outermost", "middle", "innermost", "actor")
    }
    outermost, middle, innermost = (lib.Router(**given[one]) for one in ("outermost", "middle", "innermost"))
    outermost.actor(name="before")(job)
    innermost.actor(**given["actor"])(job)
    middle.include_router(innermost)
    outermost.include_router(middle)
    outermost.actor(name="after")(job)
    for word, router in (("innermost", innermost), ("middle", middle), ("outermost", outermost)):
        note_router(lib, log, word, router)


@same
async def test_the_nearest_option_wins(lib, log):
    outer = lib.Router(channel="outer", timeout=1, keep_alive=1)
    inner = lib.Router(channel="inner", timeout=2, keep_alive=2)
    inner.actor(job)
    inner.actor(name="own", channel="own", timeout=3, keep_alive=3)(job)
    outer.include_router(inner)
    note_router(lib, log, "outer", outer)


@same
async def test_a_router_changed_after_it_was_included_counts_as_it_is(lib, log):
    outer, inner = lib.Router(), lib.Router()
    outer.include_router(inner)
    inner.actor(job)
    inner.channel = "late"
    outer.timeout = 9
    note_router(lib, log, "outer", outer)


@same
async def test_one_router_may_be_included_in_two(lib, log):
    shared = lib.Router()
    shared.actor(job)
    first, second = lib.Router(channel="first"), lib.Router(channel="second")
    first.include_router(shared)
    second.include_router(shared)
    whole = lib.Router()
    whole.include_router(first)
    whole.include_router(second)
    note_router(lib, log, "whole", whole)


@same
async def test_the_same_router_twice_adds_nothing(lib, log):
    outer, inner = lib.Router(), lib.Router()
    inner.actor(job)
    outer.include_router(inner)
    outer.include_router(inner)
    app = lib.Repid()
    app.include_router(outer)
    app.include_router(outer)
    note_router(lib, log, "outer", outer)
    log("operations", list(app.generate_asyncapi_schema()["operations"]))


@same
async def test_an_actor_declared_twice_is_there_twice(lib, log):
    router = lib.Router()
    router.actor(job)
    router.actor(job)
    note_router(lib, log, "router", router)


@same
@pytest.mark.parametrize("length", [1, 2, 4])
async def test_a_cycle_is_refused(lib, log, length):
    routers = [lib.Router() for _ in range(length)]
    for outer, inner in pairwise(routers):
        outer.include_router(inner)
    declared(log, "cycle", lambda: routers[-1].include_router(routers[0]))
    declared(log, "no cycle", lambda: lib.Router().include_router(routers[0]))


@same
async def test_a_channel_described_once_is_described(lib, log):
    router = lib.Router()
    router.actor(channel="a")(job)
    router.actor(channel=lib.Channel(address="a", title="First"))(job)
    router.actor(channel=lib.Channel(address="a", title="Second"))(job)
    router.actor(channel=lib.Channel(address="b", description="B"))(job)
    router.actor(channel="b")(job)
    note_router(lib, log, "router", router)


@same
async def test_the_decorator_returns_the_function(lib, log):
    router = lib.Router()
    log("bare", router.actor(job) is job)
    log("called", router.actor()(job) is job)
    log("with options", router.actor(name="x", timeout=1)(job) is job)


def declaration_cases(lib):
    def decorate(**options):
        return lambda: lib.Router().actor(**options)(job)

    def positional_dependency(message: lib.Message, /):
        pass

    def basic_full_payload(a: Annotated[int, lib.FullPayload()]):
        pass

    cases = {
        "both pools": decorate(run_in_process=True, pool_executor=object()),
        "a pool and no process": decorate(run_in_process=False, pool_executor=ThreadPoolExecutor()),
        "unknown option": decorate(topic="x"),
        "name by position": lambda: lib.Router().actor(None, "x")(job),
        "router channel by position": lambda: lib.Router("x"),
        "unknown router option": lambda: lib.Router(name="x"),
        "a message example of nothing": lib.MessageExample,
        "channels compared": lambda: lib.Channel(address="a") == "a",
        "channel hashed": lambda: hash(lib.Channel(address="a")),
        "channel without address": lib.Channel,
        "message data by position": lambda: lib.MessageData(b""),
        "message data changed": lambda: setattr(lib.MessageData(payload=b""), "payload", b"x"),
        "unresolved annotation": lambda: lib.Router().actor(unresolved),
        "unknown default server": lambda: lib.Repid().servers.set_default_server("x"),
        "no default server": lambda: lib.Repid().servers.default,
        "no server of that name": lambda: lib.Repid().servers["x"],
        "positional dependency": lambda: lib.PydanticConverter(positional_dependency, correlation_id=None),
        "positional dependency, basic": lambda: lib.BasicConverter(positional_dependency, correlation_id=None),
        "full payload, basic": lambda: lib.BasicConverter(basic_full_payload, correlation_id=None),
        "args": lambda: lib.PydanticConverter(several, correlation_id=None),
        "schema of the basic converter": lambda: lib.BasicConverter(job, correlation_id=None).get_input_schema(),
        "options by position": lambda: lib.Repid("title"),
    }
    for mode in ("auto", "always_ack", "ack_first", "manual", "manual_explicit"):
        for on_error in ("ack", "nack", "reject", None):
            cases[f"{mode} with {on_error}"] = decorate(confirmation_mode=mode, on_error=on_error)
        cases[f"{mode} with a function"] = decorate(confirmation_mode=mode, on_error=lambda error: "ack")
    for mode in ("manual", "manual_explicit"):
        cases[f"{mode} with no_action"] = decorate(confirmation_mode=mode, on_error="no_action")
    return cases


async def unresolved(a: "Nowhere"):  # noqa: F821
    pass


async def several(*args, **kwargs):
    pass


@same
@pytest.mark.parametrize("name", declaration_cases(repid))
async def test_a_declaration_is_accepted_or_refused(lib, log, name):
    declared(log, name, declaration_cases(lib)[name])


@same
async def test_annotations_may_name_what_is_local(lib, log):
    class Local:
        pass

    router = lib.Router(channel="tasks")

    @router.actor
    async def local(message: "lib.Message", n: "int | None" = None):
        log("ran", message.payload, n)

    async with Bench(lib, log, router) as bench:
        await bench.deliver(b'{"n": 1}', topic="local")


@same
async def test_the_name_of_an_actor_becomes_its_summary(lib, log):
    router = lib.Router()

    @router.actor
    async def send_welcome__email_2():
        pass

    note_router(lib, log, "router", router)


@same
async def test_a_wrapped_function_keeps_its_signature(lib, log):
    def decorator(fn):
        @functools.wraps(fn)
        async def inner(*args, **kwargs):
            log("wrapped", args, kwargs)
            return await fn(*args, **kwargs)

        return inner

    router = lib.Router(channel="tasks")

    @router.actor
    @decorator
    async def job(n: int):
        log("ran", n)

    async with Bench(lib, log, router) as bench:
        await bench.deliver(b'{"n": "1"}', topic="job")


@same
async def test_servers_are_registered_by_name(lib, log):
    servers = lib.Repid().servers
    one, two, three = (lib.InMemoryServer() for _ in range(3))
    log("empty", servers.list_servers(), servers.get_default_server(), servers.get_server("a"), servers.get_server())
    servers.register_server("a", one)
    servers.register_server("b", two)
    log("first is default", servers.default is one, servers.get_server() is one, servers["b"] is two)
    servers.register_server("c", three, is_default=True)
    log("new default", servers.default is three, list(servers.list_servers()))
    servers.set_default_server("a")
    log("set default", servers.get_default_server() is one)
    servers.register_server("a", two)
    log("replaced", servers.default is two)
    declared(log, "unknown", lambda: servers.set_default_server("z"))
    declared(log, "unknown item", lambda: servers["z"])
    servers.list_servers().clear()
    log("a copy", len(servers.list_servers()))


@same
async def test_operations_are_registered_by_id(lib, log):
    messages = lib.Repid().messages
    schema = lib.MessageSchema(name="m", payload={"type": "string"})
    messages.register_operation(operation_id="a", channel="x")
    messages.register_operation(
        operation_id="b", channel=lib.Channel(address="y", title="Y"), messages=[schema], tags=[]
    )
    for name in ("a", "b", "z"):
        found = messages.get_operation(name)
        if found is None:
            log("nothing", name)
        else:
            log("found", found.channel.address, found.channel.title, [m.name for m in found.messages], found.tags)
    messages.register_operation(operation_id="a", channel="new")
    log("replaced", messages.get_operation("a").channel.address)


@same
async def test_the_server_says_what_it_is(lib, log):
    server = lib.InMemoryServer()
    log(
        "server",
        [server.host, server.protocol, server.pathname, server.protocol_version, server.variables, server.security],
        [server.title, server.tags, server.external_docs, server.bindings, server.capabilities, server.is_connected],
    )
    own = lib.InMemoryServer(title="T", summary="S", description="D", tags=[lib.Tag(name="t")])
    log("own", own.title, own.summary, own.description, [tag.name for tag in own.tags])


@same
async def test_a_subscription_pauses_resumes_and_closes(lib, log):
    bench = Bench(lib, log)

    async def take(message):
        log("took", message.payload, message.channel, message.headers, message.keep_alive_interval)
        await message.keep_alive()
        await message.ack()

    async with bench:
        subscriber = await bench.server.subscribe(channels_to_callbacks={"tasks": take, "more": take})
        await bench.send(b"one")
        await bench.send(b"two", channel="more")
        await log.until(2, "settled")
        await subscriber.pause()
        log("active", subscriber.is_active, subscriber.task.done())
        await subscriber.resume()
        await bench.send(b"three")
        await log.until(3, "settled")
        await subscriber.close()
        log("active", subscriber.is_active)
        await bench.send(b"four")
        await bench.left("tasks", "more")
    await attempt(log, "subscribed", bench.server.subscribe(channels_to_callbacks={}))


@same
async def test_a_callback_that_raises_does_not_end_its_subscription(lib, log):
    async def take(message):
        await message.ack()
        log("took", message.payload)
        raise ValueError("no")

    async with Bench(lib, log) as bench:
        subscriber = await bench.server.subscribe(channels_to_callbacks={"tasks": take}, concurrency_limit=1)
        await bench.send(b"one")
        await bench.send(b"two")
        await log.until(2, "settled")
        await subscriber.close()
