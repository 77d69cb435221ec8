"""Actors whose cell ran twice, and actors that come later."""

import functools
import warnings

import pytest
from stepping.bench import CATCH_ALL, app_of, router_of

from repid_nb import Router, StaleActorWarning, Stepper, catch_all_routing_strategy
from repid_nb.core.errors import DeclarationError
from repid_nb.core.routing.reruns import as_run_of


def run_cell(router: Router, answer: str, **options) -> None:
    """Declare the same actor, as a cell does each time that it runs."""
    with as_run_of("the cell"):
        declare(router, answer, **options)


def declare(router: Router, answer: str, **options) -> None:
    @router.actor(channel="tasks", **options)
    async def greet():
        return answer


def run_source(source: str, router: Router, cell: str) -> None:
    """Run a cell with this source, which is compiled anew each time."""
    names = {
        "router": router,
        "functools": functools,
        "wrapped": wrapped,
        "add": add,
        "Traced": Traced,
        "__name__": "__main__",
    }
    with as_run_of(cell):
        exec(compile(source, cell, "exec"), names)  # noqa: S102  (as a notebook does)


async def notes_of(router: Router) -> dict[str, int]:
    """Return what the Stepper forgets when it is asked to, and what it said before, by actor."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StaleActorWarning)
        stepper = Stepper(app_of(router))
        verdicts = stepper.explain("tasks").verdicts
        return {"noted": sum(bool(one.note) for one in verdicts), "forgotten": stepper.keep_newest_actors()}


NOTHING_STALE = {"noted": 0, "forgotten": 0}

GREET = """
@router.actor(channel="tasks")
async def greet(): ...
"""


def counting(*, actor_name):
    asked = 0

    def answer(message):
        nonlocal asked
        asked += 1
        return asked % 3 == 0

    return answer


async def test_where_a_cell_ran_again_the_newest_function_gets_the_messages():
    router = Router()
    run_cell(router, "old")
    async with Stepper(app_of(router)) as stepper:
        for answer in ("new", "newest"):
            run_cell(router, answer)
            await stepper.send("tasks", topic="greet")
            step = await stepper.step()
            assert step.result == answer
            assert [verdict.note for verdict in step.verdicts] == [
                "↻ its cell ran again: this is the newest function, in the place of the older one"
            ]


async def test_that_a_cell_ran_again_is_said_once():
    router = Router()
    for answer in ("old", "new"):
        run_cell(router, answer)
    async with Stepper(app_of(router)) as stepper:
        for _ in range(3):
            await stepper.send("tasks", topic="greet")
        steps = await stepper.run()
        assert [bool(step.verdicts[0].note) for step in steps] == [True, False, False]
        assert stepper.explain("tasks", topic="greet").verdicts[0].note


async def test_a_worker_runs_the_newest_function_too():
    router = Router()
    for answer in ("old", "new"):
        run_cell(router, answer)
    app = app_of(router)
    (actor,) = app.router.actors
    assert await actor.fn() == "new"


async def test_the_newest_actor_takes_the_place_of_the_oldest_before_a_catch_all():
    router = Router()
    run_cell(router, "old")

    @router.actor(channel="tasks", routing_strategy=catch_all_routing_strategy)
    async def everything(): ...

    for answer in ("newer", "newest"):
        run_cell(router, answer)
    async with Stepper(app_of(router)) as stepper:
        for forget in (False, True):
            assert not forget or stepper.keep_newest_actors() == 2
            await stepper.send("tasks", topic="greet")
            step = await stepper.step()
            assert [verdict.actor for verdict in step.verdicts] == ["greet", "everything"]
            assert step.result == "newest"
    assert not any(verdict.note for verdict in step.verdicts)


async def test_an_actor_that_moves_to_another_router_has_its_place_there():
    first, second = Router(), Router()
    run_cell(first, "old")
    second.actor(channel="tasks", name="other")(lambda: None)
    run_cell(second, "new")
    app = app_of(first, second)
    assert [actor.name for actor in app.router.actors] == ["other", "greet"]


async def test_keeping_the_newest_actors_knows_of_a_cell_that_has_just_run():
    router = Router()
    run_cell(router, "old")
    async with Stepper(app_of(router)) as stepper:
        await stepper.step()
        run_cell(router, "new")
        assert stepper.keep_newest_actors() == 1
        await stepper.send("tasks", topic="greet")
        assert (await stepper.step()).result == "new"


async def test_keeping_the_newest_actors_changes_nothing_where_nothing_is_stale():
    router = Router()
    run_cell(router, "only")
    assert Stepper(app_of(router)).keep_newest_actors() == 0


async def test_a_broken_actor_is_mended_by_running_its_cell_again():
    class Unreadable: ...

    def cell(annotation):
        with as_run_of("the cell"):

            @router.actor(channel="tasks")
            async def greet(name: annotation):
                return name

    router = Router()
    cell(Unreadable)
    with pytest.raises(DeclarationError, match="Actor 'greet'"):
        Stepper(app_of(router))
    cell(str)
    async with Stepper(app_of(router)) as stepper:
        await stepper.send("tasks", {"name": "Ann"}, topic="greet")
        assert (await stepper.step()).result == "Ann"
        cell(Unreadable)
        with pytest.raises(DeclarationError, match="Actor 'greet'"):
            await stepper.step()
        cell(dict)
        await stepper.send("tasks", {"name": {"first": "Ann"}}, topic="greet")
        assert (await stepper.step()).result == {"first": "Ann"}


async def test_a_router_that_was_made_again_and_included_again_replaces_the_older_one():
    app = app_of()
    for answer in ("old", "new"):
        router = Router()
        run_cell(router, answer)
        app.include_router(router)
    async with Stepper(app) as stepper:
        await stepper.send("tasks", topic="greet")
        assert (await stepper.step()).result == "new"


async def test_two_actors_that_only_share_a_name_are_not_the_same_actor():
    router = Router()
    run_cell(router, "one")

    with as_run_of("another cell"):

        @router.actor(channel="tasks", name="greet")
        async def somebody_else(): ...

    stepper = Stepper(app_of(router))
    assert [verdict.note for verdict in stepper.explain("tasks").verdicts] == ["", ""]
    assert stepper.keep_newest_actors() == 0


async def test_the_same_cell_on_two_channels_is_no_second_run():
    router = Router()

    async def greet(): ...

    with as_run_of("the cell"):
        for channel in ("tasks", "mails"):
            router.actor(channel=channel)(greet)
    async with Stepper(app_of(router)) as stepper:
        await stepper.step()
        assert stepper.keep_newest_actors() == 0


async def test_actors_that_a_loop_declares_are_not_a_cell_that_ran_twice():
    router = Router()
    run_source(f"for _ in range(3):{GREET.replace(chr(10), chr(10) + '    ')}", router, "the cell")
    assert await notes_of(router) == NOTHING_STALE


async def test_actors_that_a_helper_declares_for_two_cells_are_two_actors():
    router = Router()
    for cell in ("one cell", "another cell"):
        with as_run_of(cell):
            declare(router, "both stay")
    assert await notes_of(router) == NOTHING_STALE


async def test_a_cell_that_calls_a_helper_again_replaces_only_its_own_actor():
    router = Router()
    for cell, answer in (("one cell", "old"), ("another cell", "another"), ("one cell", "new")):
        with as_run_of(cell):
            declare(router, answer, routing_strategy=catch_all_routing_strategy)
    app = app_of(router)
    assert [await actor.fn() for actor in app.router.actors] == ["new", "another"]


async def test_a_loop_that_ran_again_replaces_each_by_its_own_and_keeps_their_order():
    router = Router()
    with as_run_of("the loop"):
        for answer in ("old 1", "old 2", "old 3"):
            declare(router, answer)
    router.actor(channel="tasks", name="rest", routing_strategy=catch_all_routing_strategy)(lambda: "rest")
    with as_run_of("the loop"):
        for answer in ("new 1", "new 2"):
            declare(router, answer)
    app = app_of(router)
    assert [await actor.fn() for actor in app.router.actors] == ["new 1", "new 2", "rest"]


async def test_nothing_is_stale_in_a_script():
    router = Router()
    names = {"router": router, "__name__": "__main__"}
    for _ in range(2):
        exec(compile(GREET, "a script", "exec"), names)  # noqa: S102
        declare(router, "by a helper")
    assert await notes_of(router) == NOTHING_STALE


async def test_an_edited_cell_replaces_its_actor_where_the_front_end_names_no_cells():
    router = Router()
    run_source(GREET, router, "a cell that is known by its source")
    run_source(f"# edited\n{GREET}", router, "the same with a comment")
    assert await notes_of(router) == {"noted": 1, "forgotten": 1}


async def test_an_actor_that_its_cell_no_longer_declares_is_left_over():
    router = Router()
    run_source(GREET, router, "the cell")
    run_source(GREET.replace("greet", "welcome"), router, "the cell")
    async with Stepper(app_of(router)) as stepper:
        await stepper.send("tasks", topic="greet")
        with pytest.warns(
            StaleActorWarning, match="'greet' is still on channel 'tasks', but its cell ran again"
        ) as caught:
            step = await stepper.step()
        assert caught[0].filename == "the cell"
        assert [verdict.note for verdict in step.verdicts] == [
            "left over: its cell ran again without it; stepper.keep_newest_actors() forgets it",
            "",
        ]
        assert stepper.keep_newest_actors() == 1
        await stepper.send("tasks", topic="greet")
        assert (await stepper.step()).winner is None


async def test_a_broken_actor_that_its_cell_no_longer_declares_breaks_nothing():
    class Unreadable: ...

    router = Router()
    with as_run_of("the cell"):

        @router.actor(channel="tasks")
        async def greet(name: Unreadable): ...

    run_source(GREET.replace("greet", "welcome"), router, "the cell")
    assert await notes_of(router) == {"noted": 0, "forgotten": 1}


class Traced:
    """What a decorator may make of a function: it has what an actor must have, and no more."""

    __globals__ = globals()
    __name__ = "add"

    def __call__(self): ...


WRAPPED = {
    "a function that another cell has wrapped": "router.actor(name='add', channel='tasks')(wrapped(lambda: 1))",
    "a partial": "router.actor(name='add', channel='tasks')(wrapped(functools.partial(add, 1)))",
    "an object of a class": "router.actor(channel='tasks')(Traced())",
    "a bound method": "class Shop:\n    async def add(self): ...\nrouter.actor(channel='tasks')(Shop().add)",
}


def add(base, x):
    return base + x


def wrapped(fn):
    @functools.wraps(fn)
    async def wrapper(*args):
        return fn(*args)

    return wrapper


@pytest.mark.parametrize("source", WRAPPED.values(), ids=WRAPPED)
async def test_whatever_its_code_an_actor_is_known_by_the_run_that_declares_it(source):
    router = Router()
    for _ in range(2):
        run_source(source, router, "the cell")
    assert await notes_of(router) == {"noted": 1, "forgotten": 1}


@pytest.mark.parametrize("source", list(WRAPPED.values())[:2], ids=list(WRAPPED)[:2])
async def test_two_cells_that_wrap_something_alike_declare_two_actors(source):
    router = Router()
    for cell in ("one cell", "another cell"):
        run_source(source, router, cell)
    assert await notes_of(router) == NOTHING_STALE


async def test_a_router_that_is_included_twice_declares_nothing_twice():
    inner, one, two = Router(), Router(), Router()
    run_cell(inner, "once")
    for outer in (one, two):
        outer.include_router(inner)
    router = Router()
    router.include_router(one)
    router.include_router(two)
    assert await notes_of(router) == NOTHING_STALE
    run_cell(inner, "again")
    assert await notes_of(router) == {"noted": 2, "forgotten": 1}


async def test_an_actor_that_was_declared_later_is_seen():
    router = Router()
    async with Stepper(app_of(router)) as stepper:
        assert not await stepper.step()
        run_cell(router, "late")
        await stepper.send("tasks", topic="greet")
        assert (await stepper.step()).result == "late"


async def test_a_channel_that_comes_later_is_pulled_from():
    async def nothing(): ...

    router = router_of(nothing)
    async with Stepper(app_of(router)) as stepper:
        await stepper.step()
        router.actor(channel="new", **CATCH_ALL)(nothing)
        await stepper.send("new")
        assert (await stepper.step()).channel == "new"


async def test_earlier_strategies_keep_their_state_when_another_actor_comes():
    router = Router()
    run_cell(router, "third", routing_strategy=counting)
    app = app_of(router)
    async with Stepper(app) as stepper:
        for _ in range(3):
            await stepper.send("tasks")
        await stepper.step()
        router.actor(channel="tasks", name="rest", routing_strategy=catch_all_routing_strategy)(lambda: None)
        run = await stepper.run()
    assert [step.winner for step in run] == ["rest", "greet", "rest"]


async def test_middleware_that_a_router_is_given_later_is_taken_in():
    heard = []

    async def listen(call_next, message, actor):
        heard.append(actor.name)
        return await call_next(message, actor)

    router = Router()
    run_cell(router, "answer")
    async with Stepper(app_of(router)) as stepper:
        await stepper.step()
        router.middlewares = [listen]
        await stepper.send("tasks", topic="greet")
        await stepper.step()
    assert heard == ["greet"]
