"""Marking an answer: each case in a trial of its own, the smallest first, until a requirement does not hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

from repid_nb.classroom.answers import Refused, called_as, not_for_answers
from repid_nb.classroom.catalogue import find, next_to_solve, what_is_asked
from repid_nb.classroom.exercise import Case, Exercise, Send, Trial
from repid_nb.classroom.progress import keep_solved
from repid_nb.classroom.records import Finding, Marking, Trouble
from repid_nb.classroom.sandbox import Outcome, run_in_sandbox
from repid_nb.core.errors import DeclarationError, RepidNbError
from repid_nb.core.record import Record
from repid_nb.core.routing.router import Router
from repid_nb.core.tasks import in_own_task
from repid_nb.core.text import plain_text
from repid_nb.printable import bounded, short, whole
from repid_nb.stepping.captured_output import LIMIT as MOST_PRINTED
from repid_nb.stepping.copies import Opaque
from repid_nb.stepping.record import Raised, Sent, Step

__all__ = ["check", "mark"]

# Types of results that hold no object of the learner's.
PLAIN = (type(None), bool, int, float, str, bytes)

# How much of an exception's text a sentence has; the record below it has more.
LONGEST_TEXT = 1_000


@not_for_answers
@called_as('check("routing-1", answer)', about=what_is_asked)
def check(name: str, answer: Any, *, also: Iterable[Case] = ()) -> Marking:
    """Mark an answer to an exercise: run messages through it, and read the Steps.

    The answer runs apart from the notebook, in a thread with an event loop of its own, and for at most five seconds
    in all, or twenty where the exercise plays many messages on a clock; the interrupt button works. In the browser,
    where no thread can start, it runs in place; the limit holds there too, but for one call into C that never ends.

    Args:
        name: The exercise, such as `"routing-1"`.
        answer: The object that the exercise asks for; mostly the function itself, without calling it.
        also: Further cases, tried like the exercise's own.

    Returns:
        The marking, which counts as true when all requirements hold, and otherwise shows the smallest message that
        breaks the answer. A cell that is marked for points uses `repid_nb.classroom.grading.grade` instead.

    Raises:
        UnknownNameError: There is no such exercise.
        DeclarationError: The answer is missing, or an item of `also` is not a Case, or a Case without requirements.
    """
    try:
        marking = mark(find(name), answer, also)
        if not marking:
            return marking
        keep_solved([name])
        return replace(marking, next=next_to_solve(name))
    except KeyboardInterrupt:
        raise KeyboardInterrupt("stopped by the interrupt button") from None


def mark(exercise: Exercise, answer: Any, also: Iterable[Case] = (), *, limit: float | None = None) -> Marking:
    """Mark an answer, as `check` does.

    Args:
        exercise: The exercise, with its cases.
        answer: The object that the learner passed to `check`.
        also: Further cases.
        limit: Seconds that it may take in all; None for the exercise's own. A test of an answer that never ends gives
            less.
    """
    limit = exercise.limit if limit is None else limit
    further = tuple(also) if isinstance(also, Iterable) else ()
    if not isinstance(also, Iterable) or not all(isinstance(case, Case) for case in further):
        raise DeclarationError(f"`also` takes Cases, as in also=[Case(Send(...), Wins('a'))], not {also!r}.")
    for case in further:
        if not case.wants:
            raise DeclarationError(f"Nothing is wanted in this Case, so no answer can fail it: {case!r}.")
    _warm_up()
    cases = sorted([*exercise.cases, *further], key=lambda case: case.size)
    progress = _Progress()
    outcome = run_in_sandbox(partial(_try_all, exercise, answer, cases, progress), limit)
    trouble = _trouble(outcome, limit, progress.under_way)
    return Marking(
        exercise=exercise.name,
        title=exercise.title,
        tried=progress.tried,
        finding=None if trouble else outcome.result,
        trouble=trouble,
        printed=outcome.printed + progress.printed,
        warned=tuple(map(_warning, outcome.warned)),
    )


@cache
def _warm_up() -> None:
    """Load pydantic, which the first actor loads, so that the import does not count as the answer's time."""
    router = Router()

    @router.actor
    async def first(number: int = 1) -> None: ...

    router.routes()


class _Progress:
    """The progress of an answer through the cases; read from another thread when time is up."""

    def __init__(self) -> None:
        self.tried = 0
        self.printed = ""
        self._sent: Sequence[Sent] = ()

    def begin(self, trial: Trial) -> None:
        """Note the messages of a trial that begins."""
        self._sent = trial.sent

    def end(self, trial: Trial) -> None:
        """Count the messages of a trial, and keep what was printed, up to a limit."""
        self.tried += trial.played + len({step.message.id for step in trial.steps})
        for step in trial.stepper.history:
            self.printed += step.printed[: MOST_PRINTED - len(self.printed)]

    @property
    def under_way(self) -> Record | None:
        """The message that is being tried; None where there are several."""
        return self._sent[0] if len(self._sent) == 1 else None


async def _try_all(exercise: Exercise, answer: Any, cases: Iterable[Case], progress: _Progress) -> Finding | None:
    """Try one case after another; return the finding of the first requirement that does not hold."""
    exercise.answer.refuse(answer)
    for case in cases:
        trial = Trial(answer, case.given, exercise.channel)
        progress.begin(trial)
        # In a task of its own, so that an answer that looks at its callers does not find the requirements.
        await in_own_task(_play(exercise, trial, case.sends))
        progress.end(trial)
        for judge in (_changed_message, *(want.judge for want in case.wants)):
            finding = judge(trial)
            if finding is not None:
                wanted = " ".join(filter(None, [finding.wanted, case.because]))
                return replace(finding, wanted=wanted, shown=_as_data(finding.shown))
        await trial.stepper.close()
    return None


def _changed_message(trial: Trial) -> Finding | None:
    """Return the first message that no actor took and that is another one since: a strategy has written into it."""
    for step in trial.steps:
        queue = step.after.get(step.channel) if step.winner is None else None
        same = next((one for one in queue.ready if one.id == step.message.id), None) if queue is not None else None
        if same is not None and same.headers != step.message.headers:
            return Finding(
                happened=f"Your code changed the headers of the message to {short(same.headers)}.",
                wanted="A strategy only reads. The next actor is asked about the same message.",
                shown=step,
            )
    return None


async def _play(exercise: Exercise, trial: Trial, sends: Sequence[Send]) -> None:
    await exercise.arrange(trial)
    await trial.send(*sends)
    await trial.run(exercise.max_steps)


def _as_data(shown: Record | None) -> Record | None:
    """Return a record without objects of the learner's: it is shown when the answer's time is over."""
    if isinstance(shown, Step) and type(shown.result) not in PLAIN:
        return replace(shown, result=Opaque(plain_text(whole(shown.result))))
    return shown


def _warning(text: str) -> str:
    """Return the text of a warning in words for a learner."""
    beginning, end = "coroutine '", "' was never awaited"
    if not (text.startswith(beginning) and text.endswith(end)):
        return text
    name = text.removeprefix(beginning).removesuffix(end).rpartition(".")[2]
    return f"`{name}` was called without `await` in front of it, so it did nothing."


def _trouble(outcome: Outcome, limit: float, under_way: Record | None) -> Trouble | None:
    if outcome.is_time_up:
        where = " When time was up, it was here:" if outcome.where else ""
        return Trouble(sentence=_time_up(limit, outcome.still_runs) + where, where=outcome.where, shown=under_way)
    if outcome.error is None or outcome.seen is None:
        return None
    if issubclass(outcome.error, Refused):
        return Trouble(sentence=outcome.seen.message)
    return Trouble(sentence=_raised(outcome.error, outcome.seen), where=outcome.seen, shown=under_way)


def _time_up(limit: float, still_runs: bool) -> str:
    late = f"Your code did not finish within {limit:g} seconds"
    if not still_runs:
        return f"{late}, and was stopped."
    return f"{late}, and does not stop at once. If it still runs in a while, restart the kernel."


def _raised(error: type[BaseException], seen: Raised) -> str:
    if issubclass(error, SystemExit):
        return "Your code called exit(), which would end the whole kernel. Let the function return instead."
    if issubclass(error, KeyboardInterrupt):
        return "Your code raised KeyboardInterrupt, as if somebody had pressed the interrupt button."
    if issubclass(error, NotImplementedError) and not seen.message:
        return "There is nothing to try yet: your function still raises NotImplementedError."
    if issubclass(error, RepidNbError):
        return bounded(seen.message, LONGEST_TEXT)
    return f"Your code raised {seen.type}" + (f": {bounded(seen.message, LONGEST_TEXT)}" if seen.message else "") + "."
