"""Write down in a middleware what every actor did, and change nothing."""

import inspect
from dataclasses import dataclass
from typing import Any

from repid_nb.classroom.answers import Function, Refused, described
from repid_nb.classroom.exercise import Case, Exercise, Send, Trial
from repid_nb.classroom.records import Finding
from repid_nb.classroom.wants import Settles, WantOfMessage
from repid_nb.core.routing.router import Router
from repid_nb.core.routing.strategies import catch_all_routing_strategy
from repid_nb.printable import short
from repid_nb.stepping.record import Step

__all__ = ["EXERCISE", "Booked", "GivesOn", "LetsOut", "RunsOnce", "bake", "failed"]


LARGEST = 100


@dataclass(frozen=True, init=False)
class Booked:
    """The book holds these lines."""

    lines: tuple[str, ...]

    def __init__(self, *lines: str) -> None:
        object.__setattr__(self, "lines", lines)

    def judge(self, trial: Trial) -> Finding | None:
        """Return the last step after which the book holds other lines, or None."""
        book = trial.notes["book"]
        if book == list(self.lines):
            return None
        happened = f"Afterwards the book said {short(book)}." if book else "Afterwards the book was empty."
        return Finding(happened=happened, wanted=f"It should say {short(list(self.lines))}.", shown=trial.steps[-1])


@dataclass(frozen=True)
class RunsOnce:
    """The one message of the case runs its actor once."""

    def judge(self, trial: Trial) -> Finding | None:
        """Return the step in which the actor did not run exactly once, or None."""
        step, runs = trial.steps[-1], len(trial.notes["runs"])
        if runs == 1:
            return None
        happened = f"{step.winner} ran {runs} times." if runs else f"{step.winner} never ran."
        if inspect.iscoroutine(step.result):
            step.result.close()
            happened += " What came out is a coroutine: is `await` missing before `call_next`?"
        return Finding(happened=happened, wanted="It should run once.", shown=step)


@dataclass(frozen=True)
class GivesOn(WantOfMessage):
    """The middleware returns what the actor returned."""

    value: Any

    @property
    def wanted(self) -> str:
        return f"The actor returned {short(self.value)}, and that should come out of the middleware."

    def differs(self, step: Step) -> str | None:
        return None if step.exception is None and step.result == self.value else f"{_came_out(step)}."


@dataclass(frozen=True)
class LetsOut(WantOfMessage):
    """The middleware raises what was raised inside it."""

    type: str

    @property
    def wanted(self) -> str:
        return f"{self.type} was raised inside, and that should come out of the middleware."

    def differs(self, step: Step) -> str | None:
        return None if step.exception is not None and step.exception.type == self.type else f"{_came_out(step)}."


def _came_out(step: Step) -> str:
    if step.exception is not None:
        return f"What came out was {step.exception.type}"
    return f"What came out was {short(step.result)}"


def bake(loaves: Any) -> Send:
    """Return a message for the baker."""
    return Send({"loaves": loaves}, topic="bake")


async def arrange(trial: Trial) -> None:
    """Put the middleware that the answer makes around all actors of the bakery."""
    book: list[str] = []
    runs: list[str] = []
    trial.notes.update(book=book, runs=runs)
    middleware = await trial.call(book)
    if not callable(middleware):
        missing = " Is its `return` missing?" if middleware is None else ""
        raise Refused(f"Your function returned {described(middleware)}, not a middleware.{missing}")
    router = Router(channel="bakery", middlewares=[middleware])

    @router.actor
    async def bake(loaves: int) -> str:
        runs.append("bake")
        if loaves < 1:
            raise ValueError("that is no bread")
        if loaves > LARGEST:
            raise OSError("the oven is too small")
        return f"{loaves} loaves"

    @router.actor(confirmation_mode="always_ack")
    async def greet(to: str) -> None:  # noqa: ARG001
        runs.append("greet")
        raise OSError("nobody hears it")

    @router.actor(name="sweep", routing_strategy=catch_all_routing_strategy)
    async def sweep_the_floor() -> None:
        runs.append("sweep")

    trial.include(router)


def failed(send: Send, error: str) -> Case:
    """Return a case in which the baker fails."""
    return Case(send, RunsOnce(), LetsOut(error), Settles("nacked"), Booked("bake: failed"))


EXERCISE = Exercise(
    name="middleware-1",
    level=2,
    chapter=9,
    title="Keep a book and stay out of the way",
    asks="Pass a function that takes a list, the book, and returns an actor middleware.",
    answer=Function("def make_middleware(book)"),
    channel="bakery",
    arrange=arrange,
    cases=(
        Case(bake(3), RunsOnce(), GivesOn("3 loaves"), Settles("acked"), Booked("bake: done")),
        Case(
            Send({"room": "shop"}, topic="tidy up"),
            RunsOnce(),
            GivesOn(None),
            Booked("sweep: done"),
            because="The actor is called `sweep`, takes every message that is left, and has nothing to return.",
        ),
        failed(bake(0), "ValueError"),
        failed(bake(500), "OSError"),
        Case(
            bake("many"),
            LetsOut("ValidationError"),
            Booked("bake: failed"),
            because="A message that cannot be read has failed too.",
        ),
        Case(
            Send({"to": "everybody in the street"}, topic="greet"),
            RunsOnce(),
            LetsOut("OSError"),
            Settles("acked"),
            Booked("greet: failed"),
            because="Its message is acked in any case (`always_ack`); something was raised all the same.",
        ),
        Case(bake(2), bake(0), Send(), Booked("bake: done", "bake: failed", "sweep: done")),
    ),
    hints=(
        "Look at the Step: did the actor run, how often, and is what it returned or raised still there?",
        "What `call_next` gives belongs to those outside: wait for it, and hand it on.",
        (
            "An exception has to be noticed and still go on. In an `except`, what does a `raise` do that has nothing "
            "after it?"
        ),
    ),
)
