"""Marking an answer: every case on a fresh stage, the smallest first, until one is not as wanted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Any

from repid_nb.classroom.answers import Refused
from repid_nb.classroom.catalogue import find
from repid_nb.classroom.exercise import Case, Exercise, Stage
from repid_nb.classroom.records import Finding, Marking, Trouble
from repid_nb.classroom.sandbox import LIMIT, Ended, run_bounded
from repid_nb.core.errors import DeclarationError, RepidNbError
from repid_nb.core.record import Record
from repid_nb.core.routing.router import Router
from repid_nb.stepping.record import Raised

__all__ = ["check", "mark"]


def check(name: str, answer: Any, *, also: Iterable[Case] = ()) -> Marking:
    """Mark an answer to an exercise: run messages through what was built, and read the Steps.

    The answer runs apart from the notebook, in a thread with an event loop of its own, and for at most five seconds
    in all; the interrupt button works. In the browser, where no thread can start, it runs in place and without that
    limit.

    Args:
        name: The exercise, such as `"routing-1"`.
        answer: What the exercise asks for; mostly the function itself, without calling it.
        also: Further cases, tried like the exercise's own.

    Returns:
        The marking, which counts as true when everything holds, and otherwise shows the smallest message that breaks
        the answer. In a graded cell: `marking = check(...)` and then `assert marking, marking`.

    Raises:
        UnknownNameError: There is no such exercise.
        DeclarationError: `also` holds something that is no Case, or a Case in which nothing is wanted.
    """
    try:
        return mark(find(name), answer, also)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("stopped by the interrupt button") from None


def mark(exercise: Exercise, answer: Any, also: Iterable[Case] = (), *, limit: float = LIMIT) -> Marking:
    """Mark an answer, as `check` does.

    Args:
        exercise: The exercise.
        answer: What a learner passed to `check`.
        also: Further cases.
        limit: Seconds that it may take in all. A test of an answer that never ends gives less than `check` does.

    Returns:
        The marking.
    """
    further = tuple(also) if isinstance(also, Iterable) else ()
    if not isinstance(also, Iterable) or not all(isinstance(case, Case) for case in further):
        raise DeclarationError(f"`also` takes Cases, as in also=[Case(Send(...), Wins('a'))], not {also!r}.")
    for case in further:
        if not case.wants:
            raise DeclarationError(f"Nothing is wanted in this Case, so no answer can fail it: {case!r}.")
    _warm_up()
    attempt = _Attempt(exercise, answer, sorted([*exercise.cases, *further], key=lambda case: case.size))
    ended = run_bounded(attempt.run, limit)
    trouble = _trouble(ended, limit, attempt.under_way)
    return Marking(
        exercise=exercise.name,
        title=exercise.title,
        tried=attempt.tried,
        finding=None if trouble else ended.result,
        trouble=trouble,
        printed=ended.printed + "".join(attempt.printed),
        warned=tuple(map(_warning, ended.warned)),
    )


@cache
def _warm_up() -> None:
    """Load what the first actor loads (pydantic), so that this is no part of the answer's time."""
    router = Router()

    @router.actor
    async def first(number: int = 1) -> None: ...

    router.routes()


class _Attempt:
    """An answer's way through the cases; read from another thread when time is up."""

    def __init__(self, exercise: Exercise, answer: Any, cases: list[Case]) -> None:
        self._exercise = exercise
        self._answer = answer
        self._cases = cases
        self._stage: Stage | None = None
        self.tried = 0
        self.printed: list[str] = []

    async def run(self) -> Finding | None:
        self._exercise.answer.refuse(self._answer)
        for case in self._cases:
            self._stage = stage = Stage(self._answer, case, self._exercise.channel)
            await self._exercise.arrange(stage)
            await stage.send(*case.sends)
            await stage.run(self._exercise.max_steps)
            self.tried += len({step.message.id for step in stage.steps})
            self.printed += [step.printed for step in stage.stepper.history]
            for want in case.wants:
                finding = want.judge(stage)
                if finding is not None:
                    return replace(finding, wanted=" ".join(filter(None, [finding.wanted, case.because])))
            await stage.stepper.close()
        return None

    @property
    def under_way(self) -> Record | None:
        """The message that is being tried, where it is a single one."""
        stage = self._stage
        return stage.sent[0] if stage is not None and len(stage.sent) == 1 else None


def _warning(text: str) -> str:
    """Return a warning of Python's as a learner should read it."""
    never_awaited = re.fullmatch(r"coroutine '(?:.*\.)?(.+)' was never awaited", text)
    if never_awaited is None:
        return text
    return f"`{never_awaited[1]}` was called without `await` in front of it, so it did nothing."


def _trouble(ended: Ended, limit: float, under_way: Record | None) -> Trouble | None:
    if ended.is_time_up:
        where = " When time was up, it was here:" if ended.where else ""
        return Trouble(sentence=_time_up(limit, ended.still_runs) + where, where=ended.where, shown=under_way)
    if ended.error is None or ended.seen is None:
        return None
    if isinstance(ended.error, Refused):
        return Trouble(sentence=ended.seen.message)
    return Trouble(sentence=_raised(ended.error, ended.seen), where=ended.seen, shown=under_way)


def _time_up(limit: float, still_runs: bool) -> str:
    late = f"Your code did not come to an end within {limit:g} seconds"
    if not still_runs:
        return f"{late}, and was stopped."
    return f"{late}, and does not stop at once. If it still runs in a while, restart the kernel."


def _raised(error: BaseException, seen: Raised) -> str:
    match error:
        case SystemExit():
            return "Your code called exit(), which would end the whole kernel. Let the function return instead."
        case KeyboardInterrupt():
            return "Your code raised KeyboardInterrupt, as if somebody had pressed the interrupt button."
        case NotImplementedError() if not seen.message:
            return "There is nothing to try yet: your function still raises NotImplementedError."
        case RepidNbError():
            return seen.message
    return f"Your code raised {seen.type}" + (f": {seen.message}" if seen.message else "") + "."
