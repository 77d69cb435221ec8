"""Guessing who will get the next message, and a score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from repid_nb.core.memory.snapshot import MessageSnapshot
from repid_nb.core.message import MessageAction
from repid_nb.display.sentences import PREDICTED_NOBODY, who
from repid_nb.stepping.record import Step

__all__ = ["Predictions"]

BACK, TRAY = "back", "tray"


@dataclass(slots=True)
class Predictions:
    """The guesses of a session.

    Attributes:
        on: Whether the page asks before each step.
        right: How many guesses were right.
        asked: How many there were.
        last: What became of the newest guess.
    """

    on: bool = False
    right: int = 0
    asked: int = 0
    last: dict[str, Any] | None = None

    def mark(self, pick: str, step: Step, asked: MessageSnapshot | None) -> None:
        """Compare a guess with what happened.

        Args:
            pick: The position of an actor, `back`, or `tray`.
            step: What happened.
            asked: The message that the guess was about; when another came, the guess does not count.
        """
        if asked is None or asked.id != step.message.id:
            self.last = {"right": None, "answer": "Another message came first: this guess does not count."}
            return
        won = next((str(one.position) for one in step.verdicts if one.role == "winner"), None)
        gone = TRAY if step.settlement.action is MessageAction.nacked else BACK
        is_right = pick == (gone if won is None else won)
        self.asked += 1
        self.right += is_right
        told = who(step.winner, step.verdicts)
        if won is None and pick in PREDICTED_NOBODY:
            told += " It becomes a dead letter." if gone == TRAY else " It goes back to the tail."
        self.last = {"right": is_right, "answer": told}

    def clear(self) -> None:
        """Start again from nothing."""
        self.right = self.asked = 0
        self.last = None
