"""How much of a state is sent: roomy as long as texts are short, tight where they are long."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["ROOMY", "STATE_BYTES", "TIGHT", "Room", "size_of"]

STATE_BYTES = 6_000
"""What a state may have at most to be sent roomy: a step sends it once, and a part of it twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The bytes of UTF-8 that each part of a state may take; of a list as many entries are sent as there is room for.

    Attributes:
        text: A payload, a result, a printed text, all headers.
        reason: The reason of a verdict or of a dead letter.
        lanes: The lanes with their messages.
        tray: The dead letters.
        verdicts: The verdicts of a step.
        actors: The actors of a channel, and the predictions.
        arguments: The arguments of the actor.
        history: The marks of the steps.
        river: The visits of messages to lanes.
        children: How many of the messages that an actor sent are named.
    """

    text: int
    reason: int
    lanes: int
    tray: int
    verdicts: int
    actors: int
    arguments: int
    history: int
    river: int
    children: int


ROOMY = Room(
    text=300,
    reason=160,
    lanes=1_800,
    tray=700,
    verdicts=1_500,
    actors=1_500,
    arguments=500,
    history=1_100,
    river=420,
    children=4,
)
TIGHT = Room(
    text=80, reason=60, lanes=600, tray=200, verdicts=500, actors=300, arguments=200, history=400, river=300, children=2
)


def size_of(fields: Mapping[str, Any]) -> int:
    """Return how many bytes fields have as they are sent."""
    return len(json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace"))
