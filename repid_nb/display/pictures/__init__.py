"""Records as pictures: SVG drawn from what happened, so that no picture disagrees with the code beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from repid_nb.app import Repid
from repid_nb.core.errors import UnknownNameError
from repid_nb.core.memory.snapshot import ChannelSnapshot, QueuesSnapshot
from repid_nb.core.naming import nearest_name
from repid_nb.display.pictures.app_picture import picture_of_app
from repid_nb.display.pictures.arguments_picture import picture_of_arguments
from repid_nb.display.pictures.crash_picture import picture_of_crash
from repid_nb.display.pictures.film import film_of
from repid_nb.display.pictures.inside_pictures import picture_of_middleware, picture_of_settling
from repid_nb.display.pictures.priorities_picture import picture_of_priorities
from repid_nb.display.pictures.river_picture import picture_of_river
from repid_nb.display.pictures.rows_picture import picture_of_steps
from repid_nb.display.pictures.step_picture import picture_of_explanation, picture_of_step
from repid_nb.display.pictures.system_picture import picture_of_idle, picture_of_queues
from repid_nb.display.pictures.trail_picture import picture_of_trail
from repid_nb.display.river import River, river_of_steps
from repid_nb.picture import Picture
from repid_nb.printable import counted
from repid_nb.stepping.merged import MergedHistory
from repid_nb.stepping.record import Explanation, History, Idle, Step, Steps
from repid_nb.stepping.stepper import Stepper
from repid_nb.stepping.trail import Trail

__all__ = ["as_picture"]


def as_picture(record: Any, of: str | None = None, **more: Any) -> Picture:
    """Return a record as a picture: SVG with the same in words.

    Args:
        record: A Step or an Idle, an Explanation, Steps, a History, a Trail, queues, one channel's queue, a Stepper, a
            Run, or an app, which is drawn from its AsyncAPI document.
        of: What to draw of it; None for the first of these. Of a Step: `step`, its whole way; `arguments`, what was
            sent and what the actor got; `middleware`, the layers around the actor; `settling`, the moment of the
            settlement and what a crash before or after it loses. Of Steps and a History: `rows`, a row for each
            message; `river`, a lane for each channel and worker; `crash`, what a worker that dies in the middle of each
            run would lose; `film`. Of queues: `queues`; `priorities`, a row for each priority. Of a Stepper: `system`,
            its channels and actors; `priorities`; `rows`; `river`, with all Steppers of its server; `film`. Of a Run:
            `river`; `waits`, how long each priority waited.
        more: For a film, its `notes` by the number of a step, and its `title`. For the river of a Run, its seconds,
            from `since` to `until`; for its `waits`, what a second is called, as `unit`.

    Raises:
        TypeError: There is no picture of such a thing.
        UnknownNameError: There is no such picture of it.
        DeclarationError: `arguments`, `middleware` and `settling` are of a step that an actor got.
    """
    # Few programs simulate: a run's views are loaded with the first run.
    if type(record).__module__ == "repid_nb.simulation.run":
        import_module("repid_nb.display.pictures.run_picture")
    kinds = next((found for kind, found in KINDS.items() if isinstance(record, kind)), None)
    if kinds is None:
        raise TypeError(f"There is no picture of a {type(record).__name__}.")
    wanted = next(iter(kinds)) if of is None else of
    if not isinstance(wanted, str) or wanted not in kinds:
        raise UnknownNameError(f"There is no picture {of!r} of a {type(record).__name__}.{nearest_name(of, kinds)}")
    return kinds[wanted](record, **more)


def _rows(steps: Steps | History) -> Picture:
    if isinstance(steps, Steps):
        return picture_of_steps(steps.steps)
    return picture_of_steps(steps.steps, title=f"History · {counted(len(steps), 'step')}", dropped=steps.dropped)


def _river(steps: Steps | History) -> Picture:
    return picture_of_river(river_of_steps(steps.steps))


def _film(steps: Steps | History, notes: Mapping[int, str] | None = None, title: str = "") -> Picture:
    return film_of(steps.steps, notes, title=title)


def _system(stepper: Stepper) -> Picture:
    # Where there is a way back in time, the queues are in this process.
    broker = "" if stepper.knows.rewind else stepper.knows.broker
    return picture_of_queues(stepper.queues, stepper.listeners, next_channel=stepper.next_channel, broker=broker)


_OF_STEPS: Mapping[str, Callable[..., Picture]] = {
    "rows": _rows,
    "river": _river,
    "crash": lambda steps: picture_of_crash(steps.steps),
    "film": _film,
}

_OF_A_STEP: Mapping[str, Callable[..., Picture]] = {
    "step": picture_of_step,
    "arguments": picture_of_arguments,
    "middleware": picture_of_middleware,
    "settling": picture_of_settling,
}

KINDS: dict[type, Mapping[str, Callable[..., Picture]]] = {
    Step: _OF_A_STEP,
    # What takes a step and draws it may find nothing, as a cell that runs twice.
    Idle: dict.fromkeys(_OF_A_STEP, picture_of_idle),
    Explanation: {"actors": picture_of_explanation},
    Steps: _OF_STEPS,
    History: _OF_STEPS,
    River: {"river": picture_of_river},
    QueuesSnapshot: {"queues": picture_of_queues, "priorities": picture_of_priorities},
    ChannelSnapshot: {
        "queue": lambda queue: picture_of_queues(QueuesSnapshot((queue,))),
        "priorities": lambda queue: picture_of_priorities(QueuesSnapshot((queue,))),
    },
    Trail: {"trail": picture_of_trail},
    Repid: {"app": picture_of_app},
    Stepper: {
        "system": _system,
        "priorities": lambda stepper: picture_of_priorities(stepper.queues),
        "rows": lambda stepper: _rows(stepper.history),
        "river": lambda stepper: picture_of_river(
            river_of_steps(MergedHistory(stepper.workers).steps, stepper.snapshot())
        ),
        "film": lambda stepper, **more: _film(stepper.history, **more),
    },
}
