"""The score of a learner who predicts which actor gets the next message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from repid_nb.core.memory.snapshot import MessageSnapshot
from repid_nb.core.message import MessageAction
from repid_nb.display.sentences import PREDICTED_NOBODY, who
from repid_nb.stepping.record import Step

__all__ = ["PredictionScore", "right_pick"]

BACK, TRAY = "back", "tray"


def right_pick(step: Step) -> str:
    """Return the right prediction of a step: the position of the winner, `back`, or `tray`."""
    won = next((str(one.position) for one in step.verdicts if one.role == "winner"), None)
    return (TRAY if step.settlement.action is MessageAction.nacked else BACK) if won is None else won


@dataclass(slots=True)
class PredictionScore:
    """Marks predictions and counts the right ones.

    Attributes:
        on: Whether the page asks for a prediction before each step.
        right: How many predictions were right.
        asked: How many predictions there were.
        last: Whether the newest prediction was right, and what happened.
    """

    on: bool = False
    right: int = 0
    asked: int = 0
    last: dict[str, Any] | None = None

    def mark(self, pick: str, step: Step, asked: MessageSnapshot | None) -> None:
        """Compare a prediction with what happened.

        Args:
            pick: The prediction: the position of an actor, `back`, or `tray`.
            step: The step that happened.
            asked: The message that was predicted; when another one was pulled, the prediction does not count.
        """
        if asked is None or asked.id != step.message.id:
            self.last = {"right": None, "answer": "Another message came first: this guess does not count."}
            return
        right = right_pick(step)
        is_right = pick == right
        self.asked += 1
        self.right += is_right
        answer = who(step.winner, step.verdicts)
        if right in PREDICTED_NOBODY and pick in PREDICTED_NOBODY:
            answer += " It becomes a dead letter." if right == TRAY else " It goes back to the tail."
        self.last = {"right": is_right, "answer": answer}

    def clear(self) -> None:
        """Set the score to zero."""
        self.right = self.asked = 0
        self.last = None
