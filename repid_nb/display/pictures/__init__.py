"""Records as pictures: SVG drawn from what happened, so that no picture disagrees with the code beside it."""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from typing import Any

from repid_nb.core.errors import UnknownNameError
from repid_nb.core.memory.snapshot import ChannelSnapshot, QueuesSnapshot
from repid_nb.core.naming import nearest_name
from repid_nb.display.pictures.inside_pictures import picture_of_middleware, picture_of_settling
from repid_nb.display.pictures.rows_picture import picture_of_steps
from repid_nb.display.pictures.step_picture import picture_of_explanation, picture_of_step
from repid_nb.display.pictures.system_picture import picture_of_queues
from repid_nb.picture import Picture
from repid_nb.printable import counted
from repid_nb.stepping.record import Explanation, History, Step, Steps
from repid_nb.stepping.stepper import Stepper

__all__ = ["as_picture"]

OF_A_STEP: dict[str, Callable[[Step], Picture]] = {
    "step": picture_of_step,
    "middleware": picture_of_middleware,
    "settling": picture_of_settling,
}


def as_picture(record: Any, of: str | None = None) -> Picture:
    """Return a record as a picture: SVG with the same in words.

    Args:
        record: A Step, an Explanation, Steps, a History, queues, one channel's queue, or a Stepper.
        of: For a Step what to draw: `step` for its whole way, `middleware` for the layers around the actor, `settling`
            for the moment of the settlement and what a crash before or after it loses; None for `step`.

    Raises:
        TypeError: There is no picture of such a thing.
        UnknownNameError: There is no such picture of it.
        DeclarationError: `middleware` and `settling` are of a step in which an actor ran.
    """
    if of is None:
        return _picture_of(record)
    kinds = OF_A_STEP if isinstance(record, Step) else {}
    if of not in kinds:
        hint = nearest_name(of, kinds) if kinds else " It has one picture only: leave it out."
        raise UnknownNameError(f"There is no picture {of!r} of a {type(record).__name__}.{hint}")
    return kinds[of](record)


@singledispatch
def _picture_of(record: Any) -> Picture:
    raise TypeError(f"There is no picture of a {type(record).__name__}.")


_picture_of.register(Step)(picture_of_step)
_picture_of.register(Explanation)(picture_of_explanation)
_picture_of.register(QueuesSnapshot)(picture_of_queues)


@_picture_of.register
def _(steps: Steps) -> Picture:
    return picture_of_steps(steps.steps)


@_picture_of.register
def _(history: History) -> Picture:
    return picture_of_steps(history.steps, title=f"History · {counted(len(history), 'step')}", dropped=history.dropped)


@_picture_of.register
def _(queue: ChannelSnapshot) -> Picture:
    return picture_of_queues(QueuesSnapshot((queue,)))


@_picture_of.register
def _(stepper: Stepper) -> Picture:
    return picture_of_queues(stepper.queues, stepper.listeners, next_channel=stepper.next_channel)
