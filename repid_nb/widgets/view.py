"""The moment of a session that the page shows: now, an earlier step, or loaded steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from repid_nb.core.errors import UnknownNameError
from repid_nb.core.memory.snapshot import MessageSnapshot, QueuesSnapshot
from repid_nb.core.routing.routes import Route, Routes
from repid_nb.display.sentences import PREDICTED_NOBODY
from repid_nb.printable import cut_to_bytes, first_within
from repid_nb.stepping.record import Step
from repid_nb.stepping.recorder import Phase
from repid_nb.stepping.stale_actors import CALM, stale_notes
from repid_nb.stepping.stepper import Stepper
from repid_nb.stepping.verdicts import strategy_of
from repid_nb.widgets.form import choices
from repid_nb.widgets.predictions import PredictionScore
from repid_nb.widgets.river import window_of
from repid_nb.widgets.wire import (
    channel_fields,
    history_fields,
    lane_fields,
    named,
    step_fields,
    tray_fields,
)

__all__ = ["View"]

ACTORS_BYTES = 900
CHOICES_BYTES = 1_500


class View:
    """Knows which moment of the session the page shows, and reads its data from the Stepper.

    Args:
        stepper: The Stepper, which holds all data.

    Attributes:
        pull_from: The channel that the page's steps pull from; None for each channel in turn.
    """

    def __init__(self, stepper: Stepper) -> None:
        self.stepper = stepper
        self.pull_from: str | None = None
        self._at: int | None = None
        self._loaded: tuple[Step, ...] | None = None
        self._under_way: tuple[Phase, Callable[[], Step]] | None = None
        self._routes = Routes()

    @property
    def steps(self) -> Sequence[Step]:
        """The steps of the history, or the loaded ones."""
        return self.stepper.history.steps if self._loaded is None else self._loaded

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
        """Whether a step has begun and has not ended."""
        return self._under_way is not None

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
        """The actors that are registered now."""
        self._routes = self.stepper.app.router.routes(known=self._routes)
        return self._routes

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

    def set_under_way(self, phase: Phase | None, so_far: Callable[[], Step] | None) -> None:
        """Set the phase of the step under way, and the function that builds it so far; None and None when it ends."""
        self._under_way = None if phase is None or so_far is None else (phase, so_far)

    def step_of(self, number: int) -> Step:
        """Return a step by its number, also the one under way.

        Raises:
            UnknownNameError: It is not kept any more.
        """
        if self._under_way is not None and (so_far := self._under_way[1]()).number == number:
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

    def state(self, score: PredictionScore) -> dict[str, dict[str, Any]]:
        """Return what the page shows, as plain fields by trait."""
        routes, queues, steps = self.routes, self.queues, self.steps
        first, newest = (steps[0].number - 1, steps[-1].number) if steps else (0, 0)
        at = newest if self._at is None else self._at
        next_channel = self.next_channel if self.is_live else None
        phase: Phase | None = None
        if self._under_way is not None and self.is_live:
            phase, so_far = self._under_way
            step: Step | None = so_far()
        else:
            step = next((one for one in reversed(steps) if one.number == at), None)
        counts = {channel: len(actors) for channel, actors in routes.by_channel.items()}
        focus = step.channel if step is not None else next_channel or next(iter(counts), None)
        return {
            "lanes": {
                "lanes": lane_fields(queues, counts, self.stepper.max_unrouted_retries, next_channel),
                "pull_from": channel_fields(self.pull_from) if self.pull_from else None,
            },
            "tray": tray_fields(queues),
            "actors": self._actors(routes, focus),
            "step": {} if step is None else step_fields(step, phase),
            "history": {
                **history_fields(steps, at, first=first, newest=newest),
                "replay": self.is_replay,
                "live": self.is_live,
                "done": sum(_is_done(one) for one in steps if one.number <= at),
            },
            "choices": _bounded(choices(self.stepper.app, routes.routes, queues)),
            "prediction": self._prediction(score, routes.routes),
            "river": window_of(steps, at, queues),
        }

    def _actors(self, routes: Routes, channel: str | None) -> dict[str, Any]:
        listening = [route for route in routes.routes if route.actor.channel_address == channel]
        notes = stale_notes(routes, channel or "")
        actors = (
            {
                "position": position,
                "actor": cut_to_bytes(route.actor.name, 60),
                "strategy": cut_to_bytes(strategy_of(route), 40),
                **({"note": cut_to_bytes(notes[position], 160)} if position in notes else {}),
            }
            for position, route in enumerate(listening, start=1)
        )
        shown = first_within(actors, ACTORS_BYTES)
        return {
            "channel": cut_to_bytes(channel or "", 60),
            "actors": shown,
            "more": len(listening) - len(shown),
            "stale": any(not note.startswith(CALM) for note in notes.values()),
        }

    def _prediction(self, score: PredictionScore, routes: Sequence[Route]) -> dict[str, Any]:
        fields = {
            "on": score.on,
            "right": score.right,
            "asked": score.asked,
            "last": score.last,
        }
        message = self.upcoming if score.on else None
        if message is None:
            return fields
        listening = [route.actor.name for route in routes if route.actor.channel_address == message.channel]
        options = ([str(place), cut_to_bytes(name, 60)] for place, name in enumerate(listening, start=1))
        nobody = [[value, text] for value, text in PREDICTED_NOBODY.items()]
        return {
            **fields,
            "message": cut_to_bytes(message.id or "", 60),
            "options": [*first_within(options, ACTORS_BYTES), *nobody],
        }


def _is_done(step: Step) -> bool:
    return step.settlement.action is not None and step.settlement.action.value in ("acked", "replied")


def _bounded(offered: dict[str, Any]) -> dict[str, Any]:
    return {name: first_within(values, CHOICES_BYTES) if values else [] for name, values in offered.items()}
