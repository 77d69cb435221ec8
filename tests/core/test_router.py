"""Routers: in which order actors are asked, what is handed down to them, and what is refused at declaration."""

import functools
import inspect
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from typing import Annotated, get_overloads

import pytest
import repid

from repid_nb.app import Repid
from repid_nb.core.arguments.converter import BasicConverter, DefaultConverter, PydanticConverter
from repid_nb.core.arguments.dependencies import FullPayload
from repid_nb.core.description import ActorMessageMetadata, Channel, CorrelationId, ExternalDocs, Tag
from repid_nb.core.errors import DeclarationError
from repid_nb.core.limits import ActorLimits
from repid_nb.core.memory.server import InMemoryServer
from repid_nb.core.routing.reruns import as_run_of
from repid_nb.core.routing.router import Router
from repid_nb.core.routing.strategies import catch_all_routing_strategy


def declare(router: Router, name: str, **options: object) -> None:
    @router.actor(name=name, **options)
    async def actor() -> None:
        pass


def names(router: Router) -> list[str]:
    return [actor.name for actor in router.actors]


def only(router: Router):
    (actor,) = router.actors
    return actor


class Odd(BasicConverter):
    """A converter to be recognised by."""


def logged(fn):
    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        return fn(*args, **kwargs)

    return wrapper


async def asynchronous(*args): ...


def yielding(*args):
    yield args


async def streaming(*args):
    yield args


async def passing(call_next, message, actor):
    return await call_next(message, actor)


def test_actors_stand_in_order_of_registration():
    router = Router()
    for name in "cab":
        declare(router, name)
    assert names(router) == ["c", "a", "b"]


def test_an_included_routers_actors_stand_where_it_was_included_also_those_declared_later():
    outer, inner = Router(), Router()
    declare(outer, "first")
    outer.include_router(inner)
    declare(outer, "last")
    declare(inner, "middle")
    declare(inner, "middle too")
    assert names(outer) == ["first", "middle", "middle too", "last"]


def test_actors_are_grouped_by_channel_in_order_of_registration():
    router = Router(channel="a")
    declare(router, "1")
    declare(router, "2", channel="b")
    declare(router, "3")
    grouped = {channel: [one.name for one in actors] for channel, actors in router.routes().by_channel.items()}
    assert grouped == {"a": ["1", "3"], "b": ["2"]}


def test_the_bare_decorator_takes_the_functions_name_and_returns_the_function():
    router = Router()

    async def work():
        pass

    assert router.actor(work) is work
    assert names(router) == ["work"]


def test_the_called_decorator_returns_the_function_too():
    router = Router()

    async def work():
        pass

    assert router.actor(name="other")(work) is work
    assert router.actor()(work) is work
    assert names(router) == ["other", "work"]


def test_a_plain_function_is_returned_plain_and_awaited_as_an_actor():
    router = Router()

    @router.actor
    def work() -> int:
        return 1

    assert work() == 1
    assert inspect.iscoroutinefunction(only(router).fn)


def test_an_actor_without_options_has_repids_defaults():
    router = Router()

    @router.actor
    async def send_welcome_email() -> None:
        """Say hello."""

    actor = only(router)
    assert (actor.name, actor.channel_address, actor.confirmation_mode) == ("send_welcome_email", "default", "auto")
    assert (actor.on_error, actor.timeout, actor.keep_alive) == ("nack", 300.0, True)
    assert (actor.title, actor.summary, actor.description) == (None, "Send Welcome Email", "Say hello.")
    assert isinstance(actor.converter, DefaultConverter)


def test_an_actor_has_the_options_it_was_declared_with():
    router = Router()
    declare(
        router,
        "work",
        channel=Channel(address="there"),
        confirmation_mode="manual",
        timeout=5,
        keep_alive=False,
        title="t",
        summary="s",
        description="d",
        security=["key"],
        tags=[Tag(name="x")],
        external_docs=ExternalDocs(url="u"),
        bindings={"b": 1},
        deprecated=True,
        on_error="reject",
        converter=Odd,
    )
    actor = only(router)
    assert (actor.channel_address, actor.confirmation_mode, actor.timeout, actor.keep_alive) == (
        "there",
        "manual",
        5,
        False,
    )
    assert (actor.title, actor.summary, actor.description) == ("t", "s", "d")
    assert (actor.security, actor.tags, actor.external_docs) == (("key",), (Tag(name="x"),), ExternalDocs(url="u"))
    assert (actor.bindings, actor.deprecated, actor.on_error) == ({"b": 1}, True, "reject")
    assert isinstance(actor.converter, Odd)


def test_a_router_hands_its_options_down_through_every_level():
    top = Router(channel="top", timeout=1, keep_alive=7, converter=Odd)
    middle, bottom = Router(), Router()
    top.include_router(middle)
    middle.include_router(bottom)
    declare(bottom, "work")
    actor = only(top)
    assert (actor.channel_address, actor.timeout, actor.keep_alive) == ("top", 1, 7)
    assert isinstance(actor.converter, Odd)


def test_the_nearest_option_wins():
    top, bottom = Router(channel="top", timeout=1, keep_alive=True), Router(channel="bottom", timeout=2, keep_alive=3)
    top.include_router(bottom)
    declare(bottom, "inherits")
    declare(bottom, "decides", channel="own", timeout=9, keep_alive=False)
    inherits, decides = top.actors
    assert (inherits.channel_address, inherits.timeout, inherits.keep_alive) == ("bottom", 2, 3)
    assert (decides.channel_address, decides.timeout, decides.keep_alive) == ("own", 9, False)


async def test_middleware_of_all_levels_runs_from_the_outside_in():
    log = []

    def logging(name):
        async def middleware(call_next, message, actor):
            log.append(name)
            return await call_next(message, actor)

        return middleware

    top, bottom = Router(middlewares=[logging("top")]), Router(middlewares=[logging("bottom")])
    top.include_router(bottom)
    declare(bottom, "work", middlewares=[logging("own")])

    async def target(message, actor):
        log.append("target")

    actor = only(top)
    await actor.middleware_pipeline(target, None, actor)
    assert log == ["top", "bottom", "own", "target"]


async def test_a_pool_is_handed_down_and_used_for_plain_functions():
    with ThreadPoolExecutor(thread_name_prefix="given") as pool:
        top, bottom = Router(pool_executor=pool), Router()
        top.include_router(bottom)

        @bottom.actor
        def work() -> str:
            import threading  # noqa: PLC0415

            return threading.current_thread().name

        assert (await only(top).fn()).startswith("given")


def test_a_router_in_two_others_inherits_from_each():
    shared = Router()
    declare(shared, "work")
    one, other = Router(channel="text"), Router(channel=Channel(address="object"))
    one.include_router(shared)
    other.include_router(shared)
    top = Router()
    top.include_router(one)
    top.include_router(other)
    assert [actor.channel_address for actor in top.actors] == ["text", "object"]


def test_the_same_router_a_second_time_adds_nothing():
    outer, inner = Router(), Router()
    declare(inner, "work")
    outer.include_router(inner)
    outer.include_router(inner)
    assert names(outer) == ["work"]


def test_a_router_cannot_be_included_in_itself_at_any_depth():
    one, two, three = Router(), Router(), Router()
    one.include_router(two)
    two.include_router(three)
    for target, included in ((one, one), (three, one), (three, two)):
        with pytest.raises(DeclarationError, match="cycle"):
            target.include_router(included)
    declare(three, "work")
    assert names(one) == ["work"]


@pytest.mark.parametrize("thing", [None, "router", Repid])
def test_only_routers_can_be_included(thing):
    with pytest.raises(DeclarationError, match="takes a Router"):
        Router().include_router(thing)


def test_a_channel_is_listed_once_with_its_first_description():
    router = Router()
    declare(router, "1", channel="a")
    declare(router, "2", channel=Channel(address="a", title="The A"))
    declare(router, "3", channel=Channel(address="a", title="Another A"))
    declare(router, "4", channel="b")
    assert [(channel.address, channel.title) for channel in router.channels] == [("a", "The A"), ("b", None)]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"confirmation_mode": "sometimes"}, "confirmation_mode must be one of auto"),
        ({"confirmation_mode": "always_ack", "on_error": "nack"}, "on_error has no meaning"),
        ({"confirmation_mode": "ack_first", "on_error": "nack"}, "on_error has no meaning"),
        ({"on_error": "explode"}, "on_error must be one of ack"),
        ({"name": 5}, "name must be a str"),
        ({"channel": 5}, "channel must be a str or a Channel"),
        (
            {"middlewares": [5]},
            r"the middleware must be a list of functions of \(call_next, message, actor\), not \[5\]",
        ),
        ({"middlewares": print}, "the middleware must be a list"),
        ({"timeout": "5"}, "timeout must be a number of seconds, such as 5.0, not '5'"),
        ({"timeout": float("nan")}, "timeout must be a number of seconds, such as 5.0, not nan"),
        ({"timeout": 10**400}, "timeout must be a number of seconds"),
        ({"keep_alive": [1]}, "keep_alive must be a number of seconds"),
        ({"pool_executor": 5}, "pool_executor must be an Executor"),
        ({"run_in_process": True, "pool_executor": ThreadPoolExecutor()}, "not both"),
        ({"on_error": asynchronous}, "on_error is called and not awaited, so 'asynchronous' must be a plain function"),
        ({"on_error": logged(asynchronous)}, "on_error is called and not awaited"),
        ({"on_error": functools.partial(asynchronous)}, "on_error is called and not awaited"),
        ({"on_error": yielding}, "on_error is called and not awaited"),
        ({"middlewares": [yielding]}, "the middleware 'yielding' has a `yield`, so it would never run"),
        ({"middlewares": [streaming]}, "the middleware 'streaming' has a `yield`"),
    ],
)
def test_options_that_cannot_work_are_refused_at_declaration_and_name_the_actor(options, says):
    router = Router()

    async def work():
        pass

    with pytest.raises(DeclarationError, match=says) as caught:
        router.actor(**options)(work)
    assert isinstance(caught.value, ValueError)
    assert str(caught.value).startswith("Actor ")
    assert router.actors == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"channel": None}, "Router: the channel must be a str or a Channel, not None"),
        ({"channel": ["a"]}, r"Router: the channel must be a str or a Channel, not \['a'\]"),
        ({"timeout": "5"}, "Router: timeout must be a number of seconds"),
        ({"middlewares": [5]}, "Router: the middleware must be a list"),
    ],
)
def test_options_that_no_router_can_have_are_refused_where_it_is_made(options, says):
    with pytest.raises(DeclarationError, match=says):
        Router(**options)


def test_what_means_no_limit_and_numbers_of_every_kind_are_times():
    for timeout in (None, 0, 5, 2.5, True, float("inf"), Fraction(1, 2)):
        Router(timeout=timeout, keep_alive=timeout, middlewares=(), pool_executor=None)


@pytest.mark.parametrize("thing", ["name", 5, print, str, object()])
def test_only_functions_can_be_actors(thing):
    with pytest.raises(DeclarationError, match="decorates a function"):
        Router().actor(thing)


@pytest.mark.parametrize(
    ("mode", "on_error"),
    [
        ("auto", "nack"),
        ("manual", "no_action"),
        ("manual_explicit", "no_action"),
    ],
)
def test_what_becomes_of_an_error_by_default_depends_on_the_mode(mode, on_error):
    router = Router()
    declare(router, "work", confirmation_mode=mode)
    assert only(router).on_error == on_error


def test_an_annotation_that_cannot_be_resolved_is_refused_at_declaration_with_the_fix():
    router = Router()

    async def work(thing: "Nowhere") -> None:  # noqa: F821
        pass

    with pytest.raises(NameError, match="Nowhere") as caught:
        router.actor(work)
    assert isinstance(caught.value, DeclarationError)


def test_an_annotation_may_name_what_is_local_to_the_declaring_function():
    class Local:
        pass

    router = Router()

    @router.actor(converter=BasicConverter)
    async def work(thing: "Local") -> None:
        pass

    assert names(router) == ["work"]


def test_routes_are_kept_from_before_while_nothing_about_them_changes():
    router = Router(channel="a")
    declare(router, "work")
    before = router.routes()
    declare(router, "more")
    after = router.routes(known=before)
    assert after.actors[0] is before.actors[0]
    router.channel = Channel(address="b")
    moved = router.routes(known=after)
    assert [actor.channel_address for actor in moved.actors] == ["b", "b"]
    assert moved.actors[0].routing_strategy is before.actors[0].routing_strategy


def test_routes_are_the_known_ones_where_nothing_has_changed():
    router, inner = Router(), Router()
    router.include_router(inner)
    declare(inner, "work")
    before = router.routes()
    assert router.routes(known=before) is before
    inner.timeout = 7
    later = router.routes(known=before)
    assert later.actors[0].timeout == 7


def test_middleware_that_is_added_to_the_list_of_an_included_router_runs_around_its_actors():
    inner = Router(middlewares=[])
    router = Router()
    router.include_router(inner)
    declare(inner, "work")
    before = router.routes()
    assert inner.middlewares is not None
    inner.middlewares.append(passing)
    after = router.routes(known=before)
    assert after.actors[0].middleware_pipeline is not before.actors[0].middleware_pipeline


def test_routes_with_a_router_of_repid_are_built_anew_because_its_actors_may_have_changed():
    outer, foreign = Router(), repid.Router()
    outer.include_router(foreign)
    before = outer.routes()
    foreign.actor(passing)
    assert len(outer.routes(known=before).actors) == 1


@pytest.mark.parametrize("kind", [Router, repid.Router])
def test_an_actor_that_is_included_twice_stays_two_that_are_kept(kind: type):
    outer, inner = Router(), kind()
    for between in (Router(middlewares=[passing]), Router(middlewares=[passing])):
        outer.include_router(between)
        between.include_router(inner)
    inner.actor(passing)
    before = outer.routes()
    after = outer.routes(known=before)
    assert before.actors[0] is not before.actors[1]
    assert [id(actor) for actor in after.actors] == [id(actor) for actor in before.actors]


class Unreadable: ...


def declare_with(router: Router, annotation: object, **options: object) -> None:
    """Declare the same actor, as a cell does each time that it runs."""

    async def ship(order: annotation) -> None: ...

    with as_run_of("the cell"):
        router.actor(**options)(ship)


@pytest.mark.parametrize(
    ("annotation", "says"),
    [
        (
            Unreadable,
            r"^Actor 'ship': The arguments cannot be read from JSON.*Unreadable.*such as dict\. In a notebook, mend it",
        ),
        (
            Annotated[int, FullPayload()],
            r"^Actor 'ship': FullPayload\(\) needs .* mend it and run its cell again",
        ),
    ],
)
def test_an_actor_whose_arguments_cannot_be_read_is_named_with_the_fix(annotation: object, says: str):
    router = Router()
    declare_with(router, annotation)
    with pytest.raises(DeclarationError, match=says):
        router.routes()


@pytest.mark.parametrize(
    ("parameter", "says"),
    [
        # The second is what pydantic 2.10 says.
        ("_id", "(Fields must not use names with leading|fields may not start with an) underscore.* In a notebook"),
        ("model_config", "'model_config' cannot be read by that name.*Field\\(alias='model_config'\\)"),
    ],
)
def test_a_parameter_that_pydantic_keeps_for_itself_is_refused_by_the_actors_name(parameter, says):
    async def ship(value: int) -> None: ...

    ship.__signature__ = inspect.Signature([inspect.Parameter(parameter, inspect.Parameter.KEYWORD_ONLY)])
    router = Router()
    router.actor(ship)
    with pytest.raises(DeclarationError, match=f"^Actor 'ship': {says}"):
        router.routes()


def test_an_annotation_that_cannot_be_found_names_the_actor_as_well_as_the_function():
    async def ship(order: "Nowhere") -> None: ...  # noqa: F821  (that is the point)

    with pytest.raises(DeclarationError, match=r"^Actor 'job': An annotation of 'ship' cannot be resolved"):
        Router().actor(name="job")(ship)


def test_whatever_a_converter_raises_names_the_actor():
    class Broken(BasicConverter):
        def __init__(self, fn, **options) -> None:
            raise LookupError("out of order.")

    with pytest.raises(DeclarationError, match=r"^Actor '1': out of order\. In a notebook") as caught:
        declare(Router(), "1", converter=Broken)
    assert isinstance(caught.value.__cause__, LookupError)


def test_an_actor_that_its_own_converter_cannot_read_is_not_registered():
    router = Router()
    with pytest.raises(DeclarationError, match="Actor 'ship': FullPayload"):
        declare_with(router, Annotated[int, FullPayload()], converter=BasicConverter)
    assert names(router) == []


def test_an_actor_that_could_not_be_read_gives_way_to_the_mended_one():
    router = Router()
    for annotation in (Unreadable, Unreadable, dict):
        declare_with(router, annotation)
    assert names(router) == ["ship"]


def test_an_actor_that_could_not_be_read_does_not_give_way_to_another_of_its_name():
    router = Router()
    declare_with(router, Unreadable)
    declare(router, "ship")
    with pytest.raises(DeclarationError):
        router.routes()


def test_a_superseded_declaration_is_gone_at_every_depth_and_the_newer_one_has_its_place():
    outer, inner = Router(), Router()
    outer.include_router(inner)
    for name in ("old", "between", "new"):
        declare(inner, name)
    old, _, new = (route.source for route in outer.routes().routes)
    outer.supersede(old, new)
    assert names(outer) == ["new", "between"]


def test_a_declaration_superseded_from_another_router_leaves_that_one_in_its_place():
    outer, first, second = Router(), Router(), Router()
    for router, name in ((first, "old"), (first, "other"), (second, "new")):
        declare(router, name)
    outer.include_router(first)
    outer.include_router(second)
    old, _, new = (route.source for route in outer.routes().routes)
    outer.supersede(old, new)
    assert names(outer) == ["other", "new"]


@pytest.mark.parametrize("fn", [yielding, streaming])
def test_an_actor_with_yield_is_refused_because_it_would_never_run(fn):
    with pytest.raises(DeclarationError, match=rf"^Actor '{fn.__name__}': a function with `yield` would never run"):
        Router().actor(fn)


@pytest.mark.parametrize(("router", "options"), [({}, {"run_in_process": True}), ({"run_in_process": True}, {})])
def test_an_actor_that_no_other_process_can_import_is_refused_where_it_is_declared(router, options):
    def ship(number: int) -> None: ...

    with pytest.raises(DeclarationError, match=r"^Actor 'job': 'ship' cannot run in another process.* \.py file"):
        Router(**router).actor(name="job", **options)(ship)
    included, including = Router(), Router(run_in_process=True)
    included.actor(name="job")(ship)
    including.include_router(included)
    with pytest.raises(DeclarationError, match=r"^Actor 'job': 'ship' cannot run in another process"):
        including.routes()


class OwnPolicy:
    async def reserve(self, message, actor, on_wait):
        raise NotImplementedError


def test_every_option_of_the_decorator_reaches_the_actor():
    docs, tags, executor = ExternalDocs(url="https://docs.test"), (Tag(name="mail"),), ThreadPoolExecutor()
    kept = {
        "name": "job",
        "confirmation_mode": "auto",
        "limit_policies": (OwnPolicy(),),
        "timeout": 1.5,
        "keep_alive": 2.5,
        "title": "t",
        "summary": "s",
        "description": "d",
        "security": ({"type": "plain"},),
        "tags": tags,
        "external_docs": docs,
        "bindings": {"amqp": {}},
        "deprecated": True,
        "on_error": "reject",
        "message_schema": ActorMessageMetadata(title="m"),
    }
    made_of = {
        "channel": "mails",
        "limits": ActorLimits(max_messages=4),
        "routing_strategy": catch_all_routing_strategy,
        "middlewares": [passing],
        "run_in_process": None,
        "pool_executor": executor,
        "converter": BasicConverter,
        "correlation_id": CorrelationId(location="$message.header#/id"),
    }
    assert set(inspect.signature(Router.actor).parameters) == {"self", "fn", *kept, *made_of}
    router = Router(channel="others", timeout=9, converter=PydanticConverter)

    @router.actor(**kept, **made_of)
    def job() -> None: ...

    (actor,) = router.actors
    assert {name: getattr(actor, name) for name in kept} == kept
    assert actor.channel_address == "mails"
    assert actor.limits == (made_of["limits"],)
    assert actor.routing_strategy == catch_all_routing_strategy(actor_name="job")
    assert type(actor.middleware_pipeline).__name__ == "Pipeline"
    assert type(actor.converter) is BasicConverter
    assert actor.converter.correlation_id is made_of["correlation_id"]


def test_type_checkers_and_editors_are_told_the_options_that_the_decorator_takes():
    told = inspect.signature(get_overloads(Router.actor)[-1]).parameters
    takes = inspect.signature(Router.actor).parameters
    assert {name: one for name, one in told.items() if name != "fn"} == {
        name: one for name, one in takes.items() if name != "fn"
    }


async def test_a_router_of_repid_runs_in_our_app_inside_our_middleware():
    theirs = repid.Router(channel="tasks", middlewares=[passing])
    log = []

    def doubled(n: int) -> int:
        return n * 2

    @theirs.actor
    async def work(
        n: int,
        message: repid.Message,
        user: Annotated[str, repid.Header()],
        double: Annotated[int, repid.Depends(doubled)],
    ) -> None:
        log.append((n, user, double, message.channel))

    async def around(call_next, message, actor):
        log.append(f"before {actor.name}")
        result = await call_next(message, actor)
        log.append(message.action.value)
        return result

    app = Repid(actor_middlewares=[around])
    server = InMemoryServer()
    app.servers.register_server("default", server)
    app.include_router(theirs)
    app.include_router(theirs)
    async with server.connection():
        await app.send_message_json(channel="tasks", payload={"n": 3}, headers={"topic": "work", "user": "ann"})
        assert (await app.run_worker(messages_limit=1, register_signals=[])).processed == 1
    assert log == ["before work", (3, "ann", 6, "tasks"), "acked"]


async def test_actors_of_repid_and_ours_on_one_channel_are_asked_in_order_of_registration():
    theirs, ours = repid.Router(channel="tasks"), Router(channel="tasks")
    ran = []

    @theirs.actor(name="work")
    async def first() -> None:
        ran.append("theirs")

    @ours.actor(name="work")
    async def second() -> None:
        ran.append("ours")

    for routers in ((theirs, ours), (ours, theirs)):
        app, server = Repid(), InMemoryServer()
        app.servers.register_server("default", server)
        for router in routers:
            app.include_router(router)
        async with server.connection():
            await app.send_message(channel="tasks", payload=b"", headers={"topic": "work"})
            await app.run_worker(messages_limit=1, register_signals=[])
    assert ran == ["theirs", "ours"]
