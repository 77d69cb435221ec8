"""A session as data that the page plays without Python: the state of each moment, each part once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repid_nb.core.errors import InvalidMessageError
from repid_nb.core.memory.snapshot import ChannelSnapshot, MessageSnapshot, QueuesSnapshot
from repid_nb.core.message import MessageAction
from repid_nb.core.routing.routes import Routes
from repid_nb.display.river import river_of_steps
from repid_nb.display.sentences import PREDICTED_NOBODY, step_sentence
from repid_nb.printable import bounded, cut_to_bytes, first_within
from repid_nb.stepping.record import Step
from repid_nb.stepping.recorder import Phase
from repid_nb.stepping.trail import Ways
from repid_nb.widgets.actors import ActorFields, add_code
from repid_nb.widgets.export.texts import message_text, step_text
from repid_nb.widgets.marks import summary_fields
from repid_nb.widgets.predictions import PredictionScore, right_pick
from repid_nb.widgets.questions import trail_fields
from repid_nb.widgets.river import river_fields
from repid_nb.widgets.view import View
from repid_nb.widgets.wire import key_of, lane_fields, step_fields, ticket_fields, tray_fields
from repid_nb.widgets.workers import past_workers

__all__ = ["MOST_STEPS", "Cast", "lesson_of"]

MOST_STEPS = 500
# In characters: of one text that the page shows in part, and of all together.
LONGEST_TEXT = 20_000
ALL_TEXTS = 1_000_000
OPTIONS_BYTES = 900
TRAIL_ROWS = 100


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays in a lesson.

    Attributes:
        routes: The actors of each worker, by its name; that of one that is alone is empty.
        listening: How many actors listen on each channel, of all workers together.
        max_unrouted_retries: At which sighting without a match a message is a dead letter.
    """

    routes: Mapping[str, Routes]
    listening: Mapping[str, int]
    max_unrouted_retries: int

    @classmethod
    def on_stage(cls, view: View) -> Cast:
        """Return the cast of a workbench."""
        routes = {view.worker_name(stepper): view.routes_of(stepper) for stepper in view.steppers}
        return cls(routes, view.listening(), view.stepper.max_unrouted_retries)

    def routes_of(self, worker: str) -> Routes:
        """Return the actors of a worker; of the first one where there is none of that name."""
        return self.routes.get(worker) or next(iter(self.routes.values()))

    def workers(self, whose: str) -> dict[str, Any]:
        """Return the workers, if there are several, with the one that took a step."""
        return {"workers": past_workers(list(self.routes), whose)}


def lesson_of(
    cast: Cast,
    steps: Sequence[Step],
    notes: Mapping[int, str] | None = None,
    *,
    river: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the lesson of some steps as plain data.

    Args:
        cast: Who plays in it.
        steps: The steps, oldest first.
        notes: What to say at a moment, by the number of its step; 0 is the moment before the first.
        river: The fields of its river; None for that of the steps.

    Raises:
        InvalidMessageError: There is no step, or there are too many.
    """
    if not steps:
        raise InvalidMessageError("There is nothing to play yet: take a step first.")
    if len(steps) > MOST_STEPS:
        raise InvalidMessageError(
            f"A lesson has at most {MOST_STEPS:,} steps, and these are {len(steps):,}. Choose some of them: "
            f"first={steps[-MOST_STEPS].number}."
        )
    first = steps[0].number - 1
    parts = _Parts()
    actors = ActorFields()
    moments = [
        _moment(cast, actors, parts, step, following)
        for step, following in zip((None, *steps), (*steps, None), strict=True)
    ]
    return {
        "first": first,
        "traits": parts.values,
        "moments": moments,
        "summaries": [summary_fields(step) for step in steps],
        "counts": list(_counts(steps)),
        "guesses": [_guess(step) for step in steps],
        "stories": [_stories(step) for step in steps],
        "river": river or river_fields(river_of_steps(steps, says_what=False)),
        "texts": _texts(steps),
        "trails": _trails(steps),
        "notes": {
            str(number): bounded(text, LONGEST_TEXT)
            for number, text in (notes or {}).items()
            if first <= number <= steps[-1].number
        },
    }


class _Parts:
    """Values by trait, each kept once."""

    def __init__(self) -> None:
        self.values: dict[str, list[Any]] = {name: [] for name in ("lanes", "tray", "actors", "step", "workers")}
        self._places: dict[tuple[str, str], int] = {}

    def place_of(self, trait: str, value: Any) -> int:
        key = trait, json.dumps(value, sort_keys=True)
        if key not in self._places:
            self._places[key] = len(self.values[trait])
            self.values[trait].append(value)
        return self._places[key]


def _moment(cast: Cast, actors: ActorFields, parts: _Parts, step: Step | None, following: Step | None) -> list[int]:
    """Return the places of what the page shows after a step; what was sent until the next one waits already."""
    told = following or step
    assert told is not None  # noqa: S101  (a lesson has a step)
    queues = told.after if following is None else told.before
    channel = None if following is None else following.channel
    lanes = {
        "lanes": lane_fields(queues, cast.listening, cast.max_unrouted_retries, channel),
        "pull_from": None,
    }
    # The actors are those of the worker that took the step.
    whose = step or told
    routes = cast.routes_of(whose.worker)
    fields: dict[str, Any] = {}
    if step is not None:
        fields = step_fields(step)
        add_code(fields, step.channel, routes)
    return [
        parts.place_of("lanes", lanes),
        parts.place_of("tray", tray_fields(queues)),
        parts.place_of("actors", actors.fields(routes, whose.channel)),
        parts.place_of("step", fields),
        parts.place_of("workers", cast.workers("" if step is None else step.worker)),
    ]


def _counts(steps: Sequence[Step]) -> Iterator[tuple[int, int]]:
    """Yield how many messages are done, and how many steps sent one back, at each moment."""
    done = back = 0
    yield done, back
    for step in steps:
        done += step.settlement.action in (MessageAction.acked, MessageAction.replied)
        back += step.settlement.action is MessageAction.rejected
        yield done, back


def _guess(step: Step) -> dict[str, Any]:
    pick = right_pick(step)
    score = PredictionScore()
    score.mark(pick, step, step.message)
    assert score.last is not None  # noqa: S101  (it was marked in the line above)
    actors = [[str(one.position), cut_to_bytes(one.actor, 60)] for one in step.verdicts]
    shown = first_within(actors, OPTIONS_BYTES) if actors else []
    if pick.isdigit() and pick not in (value for value, _ in shown):
        shown[-1] = next(one for one in actors if one[0] == pick)
    return {
        "message": ticket_fields(step.message)["name"],
        "options": [*shown, *([value, text] for value, text in PREDICTED_NOBODY.items())],
        "pick": pick,
        "answer": score.last["answer"],
    }


def _stories(step: Step) -> dict[str, str]:
    """Return what is said of a step at each phase that it is held at."""
    phases: list[Phase] = ["pulled", "decided"]
    if step.winner is not None:
        phases += ["about to run", "ran"]
    return {phase: step_sentence(step, phase) for phase in phases}


def _trails(steps: Sequence[Step]) -> dict[str, list[dict[str, Any]]]:
    """Return the whole way of each message, with all that came of it, by the name of the first."""
    ways = Ways(steps, steps[-1].after)
    pulled = {step.message.name for step in steps}
    trails = (ways.trail(name) for name in ways.roots)
    return {
        cut_to_bytes(one.message.name, 60): trail_fields(one)[:TRAIL_ROWS]
        for one in trails
        if pulled.intersection(part.message.name for _, part in one.walk())
    }


def _texts(steps: Sequence[Step]) -> dict[str, str]:
    """Return the texts that the page may ask for, by its question, until there are too many."""
    texts: dict[str, str] = {}
    room = ALL_TEXTS
    for key, text in _askable(steps):
        if key in texts:
            continue
        shown = bounded(text, LONGEST_TEXT)
        room -= len(shown)
        if room < 0:
            break
        texts[key] = shown
    return texts


def _askable(steps: Sequence[Step]) -> Iterator[tuple[str, str]]:
    for step in steps:
        parts = {"message": True, "printed": bool(step.printed), "result": step.result is not None}
        for what, is_there in {**parts, "raised": step.exception is not None}.items():
            if is_there:
                yield f"{step.number}/{what}", step_text(step, what)
    seen: dict[str, None] = {}
    for queues in (queues for step in steps for queues in (step.before, step.after)):
        for channel, message in _messages(queues):
            key = f"waiting/{key_of(channel)}/{key_of(message.id or '')}"
            if key not in seen:
                seen[key] = None
                yield key, message_text(message)


def _messages(queues: QueuesSnapshot) -> Iterator[tuple[str, MessageSnapshot]]:
    queue: ChannelSnapshot
    for queue in queues.channels:
        for message in (*queue.ready, *queue.in_work, *(letter.message for letter in queue.dead_letters)):
            yield queue.channel, message
