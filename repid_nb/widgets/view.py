"""The moment of a session that the page shows: now, an earlier step, or loaded steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from repid_nb.core.errors import UnknownNameError
from repid_nb.core.memory.snapshot import MessageSnapshot, QueuesSnapshot
from repid_nb.core.message import MessageAction
from repid_nb.core.routing.routes import Routes
from repid_nb.display import words
from repid_nb.display.sentences import PREDICTED_NOBODY
from repid_nb.printable import cut_to_bytes, first_within
from repid_nb.stepping.merged import MergedHistory
from repid_nb.stepping.names import names_of
from repid_nb.stepping.record import Rewound, Step
from repid_nb.stepping.recorder import Phase
from repid_nb.stepping.stepper import Stepper
from repid_nb.stepping.trail import TRAIL_WINDOW, Trail, trail_of
from repid_nb.widgets.actors import ActorFields, add_code
from repid_nb.widgets.form import choices
from repid_nb.widgets.marks import history_fields
from repid_nb.widgets.others import OtherWorkers
from repid_nb.widgets.predictions import PredictionScore
from repid_nb.widgets.river import window_of
from repid_nb.widgets.room import ROOMY, STATE_BYTES, TIGHT, Room, size_of
from repid_nb.widgets.samples import Prepared, prepared_messages
from repid_nb.widgets.wire import channel_fields, lane_fields, named, step_fields, tray_fields
from repid_nb.widgets.workers import past_workers, worker_fields

__all__ = ["View"]

CHOICES_BYTES = 1_500

ShownPhase: TypeAlias = Phase | Literal["running"]
"""The phases of a step, and between "about to run" and "ran" that its actor runs."""


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A step that has begun: its phase, a function that builds it so far, and since when it is there, in seconds."""

    phase: ShownPhase
    so_far: Callable[[], Step]
    since: float


class View:
    """Knows which moment of the session the page shows, and reads its data from the Steppers.

    Args:
        stepper: The Stepper, which holds all data.
        others: Further Steppers on the same queues: each is a worker on the stage, and they have one history.

    Attributes:
        stepper: The worker that the page shows, and that its next step belongs to.
        steppers: All workers.
        pull_from: The channel that the page's steps pull from; None for each channel in turn.
        prepared: The messages that a teacher has prepared.
        other_workers: What workers that are not on the stage hold.
    """

    def __init__(self, stepper: Stepper, *others: Stepper) -> None:
        self.stepper = stepper
        self.steppers = (stepper, *others)
        self.pull_from: str | None = None
        self.prepared: Prepared = []
        self.other_workers = OtherWorkers(
            names_of(stepper.server), lambda owner: any(one.holds(owner) for one in self.steppers)
        )
        self._merged = MergedHistory(self.steppers)
        self._at: int | None = None
        self._loaded: tuple[Step, ...] | None = None
        self._under_way: dict[Stepper, UnderWay] = {}
        self._routes: dict[Stepper, Routes] = {}
        self._actors = ActorFields()

    @property
    def steps(self) -> Sequence[Step]:
        """The steps of the history, or the loaded ones."""
        return self._merged.steps if self._loaded is None else self._loaded

    @property
    def is_replay(self) -> bool:
        """Whether loaded steps are shown."""
        return self._loaded is not None

    @property
    def is_live(self) -> bool:
        """Whether the page shows the Stepper as it is now."""
        return self._at is None and self._loaded is None

    @property
    def under_way(self) -> bool:
        """Whether a step of the worker that is shown has begun and has not ended."""
        return self._step_under_way(self.stepper) is not None

    @property
    def was_cut(self) -> bool:
        """Whether the last step of the worker that is shown began, and ended before its message was settled."""
        return self.stepper in self._under_way and not self.stepper.is_stepping

    @property
    def message_under_way(self) -> MessageSnapshot | None:
        """The message of that step, or None."""
        under_way = self._step_under_way(self.stepper)
        return None if under_way is None else under_way.so_far().message

    @property
    def first(self) -> int:
        """The number of the earliest moment that can be shown; 0 for the moment before the first step."""
        steps = self.steps
        return steps[0].number - 1 if steps else 0

    @property
    def newest(self) -> int:
        """The number of the newest step; 0 for none."""
        steps = self.steps
        return steps[-1].number if steps else 0

    @property
    def at(self) -> int:
        """The number of the step that is shown."""
        return self.newest if self._at is None else self._at

    @property
    def routes(self) -> Routes:
        """The actors of the worker that is shown, as they are registered now."""
        return self.routes_of(self.stepper)

    @property
    def queues(self) -> QueuesSnapshot:
        """The queues that are shown."""
        if self.is_live:
            return self.stepper.snapshot()
        steps = self.steps
        shown = next((step for step in steps if step.number == self.at), None)
        if shown is not None:
            return shown.after
        return steps[0].before if steps else QueuesSnapshot()

    def show_now(self) -> None:
        """Show the queues as they are now."""
        self._at = None

    def show(self, number: int) -> None:
        """Show the moment right after a step; the newest is now."""
        self._at = None if number >= self.newest else max(self.first, number)

    def load(self, steps: tuple[Step, ...] | None) -> None:
        """Show loaded steps, from the beginning; None for the Stepper's own again."""
        self._loaded = steps
        self._at = None if steps is None else self.first

    def prepare(self, messages: Iterable[Mapping[str, Any]]) -> None:
        """Offer prepared messages; see `prepared_messages`."""
        self.prepared = prepared_messages(messages, list(self.routes.by_channel))

    def set_under_way(self, stepper: Stepper, phase: ShownPhase | None, so_far: Callable[[], Step] | None) -> None:
        """Set the phase of the step under way, and the function that builds it so far; None and None when it ends."""
        if phase is None or so_far is None:
            self._under_way.pop(stepper, None)
        else:
            self._under_way[stepper] = UnderWay(phase, so_far, time.monotonic())

    def _step_under_way(self, stepper: Stepper) -> UnderWay | None:
        # The step of a cell that was interrupted, or that found no room, reaches no further phase.
        return self._under_way.get(stepper) if stepper.is_stepping else None

    def rewind(self, to: int) -> Rewound:
        """Put the queues back as they were right after a step of the history, whichever worker took it."""
        return self._merged.rewind(to)

    def restart(self) -> Rewound:
        """Go back to the moment before the first step, with everything that was sent since."""
        return self._merged.first_stepper.restart()

    def trail(self, name: str) -> Trail:
        """Return the trail of a message, through the steps that are shown."""
        return trail_of(name, self.steps, self.stepper.snapshot(TRAIL_WINDOW) if self.is_live else self.queues)

    def worker_name(self, stepper: Stepper) -> str:
        """Return what the page calls a worker; empty where there is only one."""
        return self._merged.name_of(stepper)

    def step_of(self, number: int) -> Step:
        """Return a step by its number, also the one under way.

        Raises:
            UnknownNameError: It is not kept any more.
        """
        for under_way in map(self._step_under_way, self.steppers):
            if under_way and (so_far := self._merged.numbered(under_way.so_far())).number == number:
                return so_far
        for step in self.steps:
            if step.number == number:
                return step
        raise UnknownNameError(f"Step {number} is not kept any more.")

    def channel_named(self, name: object) -> str | None:
        """Return the channel for a key of the page or for a name that was typed."""
        if not name:
            return None
        operations = self.stepper.app.messages.list_operations().values()
        return named(name, [*self.routes.by_channel, *self.queues, *(one.channel.address for one in operations)])

    @property
    def next_channel(self) -> str | None:
        """The channel that the page's next step will pull from; None when nothing waits there."""
        if self.pull_from is None:
            return self.stepper.next_channel
        queue = self.stepper.snapshot(0).get(self.pull_from)
        return self.pull_from if queue is not None and queue.waiting else None

    @property
    def upcoming(self) -> MessageSnapshot | None:
        """The message that the page's next step will pull, or None."""
        channel = self.next_channel
        ready = () if channel is None else self.stepper.snapshot(1)[channel].ready
        return ready[0] if ready else None

    def state(self, score: PredictionScore, *, river: bool = True) -> dict[str, dict[str, Any]]:
        """Return what the page shows, as plain fields by trait.

        Args:
            score: The score of the predictions.
            river: Whether the river is among it; it costs more than all the rest.
        """
        room = ROOMY
        state = self._state(score, room)
        # The choices are sent once.
        if size_of(state) - size_of(state["choices"]) > STATE_BYTES:
            room = TIGHT
            state = self._state(score, room)
        # It changes when a step has ended; a step that is under way sends its own parts only.
        if river and not (self.is_live and self.under_way):
            state["river"] = window_of(self.steps, self.at, self.queues, room.river)
        return state

    def _state(self, score: PredictionScore, room: Room) -> dict[str, dict[str, Any]]:
        routes, queues, steps = self.routes, self.queues, self.steps
        first, newest = (steps[0].number - 1, steps[-1].number) if steps else (0, 0)
        done = 0 if self.is_replay else self._merged.dropped_done
        at = newest if self._at is None else self._at
        next_channel = self.next_channel if self.is_live else None
        under_way = self._step_under_way(self.stepper) if self.is_live else None
        if under_way is not None:
            step: Step | None = self._merged.numbered(under_way.so_far())
        else:
            step = next((one for one in reversed(steps) if one.number == at), None)
        counts = self.listening()
        focus = step.channel if step is not None else next_channel or next(iter(counts), None)
        return {
            "lanes": {
                "lanes": lane_fields(
                    queues,
                    counts,
                    self.stepper.max_unrouted_retries,
                    next_channel,
                    waits=self.stepper.waits if self.is_live else (),
                    room=room,
                ),
                "pull_from": channel_fields(self.pull_from) if self.pull_from else None,
            },
            "tray": tray_fields(queues, room),
            "actors": self._actors.fields(routes, focus, room),
            "step": {} if step is None else self._step_fields(step, under_way, room),
            "history": {
                **history_fields(steps, at, first=first, newest=newest, room=room),
                "replay": self.is_replay,
                "live": self.is_live,
                "done": done + sum(one.is_done for one in steps if one.number <= at),
                "back": sum(one.settlement.action is MessageAction.rejected for one in steps if one.number <= at),
                "no_way_back": self.stepper.knows.no_way_back,
            },
            "choices": {
                **_bounded(choices(self.stepper.app, routes.routes, queues)),
                "prepared": self.prepared,
            },
            "prediction": self._prediction(score, room),
            "workers": {"workers": self._workers(step)},
        }

    def options(self, channel: str) -> list[list[str]]:
        """Return all predictions of who gets a message of a channel: the value of each, and its text."""
        listening = [route for route in self.routes.routes if route.actor.channel_address == channel]
        actors = [[str(place), cut_to_bytes(one.actor.name, 60)] for place, one in enumerate(listening, start=1)]
        return [*actors, *([value, text] for value, text in PREDICTED_NOBODY.items())]

    def _step_fields(self, step: Step, under_way: UnderWay | None, room: Room) -> dict[str, Any]:
        fields = step_fields(step, None if under_way is None else under_way.phase, room)
        add_code(fields, step.channel, self.routes)
        if under_way is not None and under_way.phase == "running":
            fields["elapsed"] = round(time.monotonic() - under_way.since, 2)
        return fields

    def _workers(self, step: Step | None) -> list[dict[str, Any]]:
        """Return the workers, if there are several: as they are now, or with the one that took an earlier step."""
        if self.is_live:
            return [*self._own_workers(), *self.other_workers.fields()]
        whose = "" if step is None else step.worker
        return past_workers([self.worker_name(one) for one in self.steppers], whose)

    def _own_workers(self) -> Iterator[dict[str, Any]]:
        if len(self.steppers) == 1:
            return
        for place, stepper in enumerate(self.steppers):
            under_way, name = self._under_way.get(stepper), self.worker_name(stepper)
            step, phase = (None, None) if under_way is None else (under_way.so_far(), under_way.phase)
            yield worker_fields(place, name, is_chosen=stepper is self.stepper, step=step, phase=phase)

    def routes_of(self, stepper: Stepper) -> Routes:
        """Return the actors of a worker."""
        routes = self._routes[stepper] = stepper.app.router.routes(known=self._routes.get(stepper))
        return routes

    def listening(self) -> dict[str, int]:
        """Return how many actors listen on each channel, of all workers together."""
        counts: dict[str, int] = {}
        apps = {id(stepper.app): stepper for stepper in reversed(self.steppers)}
        for stepper in reversed(apps.values()):
            for channel, actors in self.routes_of(stepper).by_channel.items():
                counts[channel] = counts.get(channel, 0) + len(actors)
        return counts

    def _prediction(self, score: PredictionScore, room: Room) -> dict[str, Any]:
        fields = {
            "on": score.on,
            "right": score.right,
            "asked": score.asked,
            "last": score.last,
        }
        message = self.upcoming if score.on else None
        if message is None:
            return fields
        options, nobody = self.options(message.channel), len(PREDICTED_NOBODY)
        shown = first_within(options[:-nobody], room.actors)
        return {
            **fields,
            "message": cut_to_bytes(words.message_name(message), 60),
            "options": [*shown, *options[-nobody:]],
            "more": len(options) - nobody - len(shown),
        }


def _bounded(offered: dict[str, Any]) -> dict[str, Any]:
    return {name: first_within(values, CHOICES_BYTES) if values else [] for name, values in offered.items()}
