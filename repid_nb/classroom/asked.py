"""A question that was asked: what was chosen, whether the answer is out, and what is said of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from repid_nb.classroom.question import Question

__all__ = ["NEXT_CELL", "NEXT_STEP", "Asked", "AskedOfTheCourse"]

NEXT_CELL = "The next cell"
NEXT_STEP = "The next step"

KEPT = "Your guess is kept; you may still change it. {teller} tells."
RIGHT = "✓ Right."
WRONG = "✗ Not this time. The answer: {right}."
TOO_LATE = "The answer was out already, so this does not count."
OTHER_CAME = "Another message came first, so this guess does not count."


class Asked:
    """One question, from the asking to the verdict.

    Args:
        name: What it is called in the score.
        text: The question; what stands between backticks is code.
        choices: The choices, in the order in which they are shown.
        teller: What tells the answer: `NEXT_CELL`, `NEXT_STEP`; empty where a click is answered at once.

    Attributes:
        picked: The place of the choice that was clicked; None for none.
        right: The place of the right choice, once the answer is out.
        is_told: Whether the answer is out.
        counts: Whether the choice counts in the score: it was made before the answer was out.
    """

    def __init__(self, name: str, text: str, choices: Sequence[str], teller: str) -> None:
        self.name = name
        self.text = text
        self.choices = tuple(choices)
        self.teller = teller
        self.picked: int | None = None
        self.right: int | None = None
        self.is_told = False
        self.counts = False
        self._why = ""

    @property
    def is_open(self) -> bool:
        """Whether a click is taken: until the answer is out, and once after it."""
        return not self.is_told or (self.picked is None and self.right is not None)

    @property
    def is_right(self) -> bool:
        """Whether the answer is out, and the choice is the right one."""
        return self.right is not None and self.picked == self.right

    def pick(self, choice: int) -> bool:
        """Take a click; return whether it changes something."""
        if not self.is_open or not 0 <= choice < len(self.choices) or choice == self.picked:
            return False
        self.picked = choice
        return True

    def keep(self, before: Asked) -> None:
        """Take over what was chosen when the same was asked before, where the answer is not out yet."""
        if not before.is_told and (before.text, before.choices) == (self.text, self.choices):
            self.picked = before.picked

    def tell(self, right: int | None, why: str = "") -> None:
        """Let the answer be out; only a choice that was made before counts.

        Args:
            right: The place of the right choice; None where no choice can be right or wrong.
            why: Why it is right.
        """
        self.right, self._why, self.is_told = right, why, True
        self.counts = self.picked is not None and right is not None

    def begin_again(self) -> None:
        """Forget the choice, and take the answer back."""
        self.picked, self.right, self.is_told, self.counts = None, None, False, False

    @property
    def said(self) -> str:
        """The sentence below the choices; empty where there is nothing to say."""
        if self.picked is None:
            return ""
        if not self.is_told:
            return KEPT.format(teller=self.teller)
        if self.right is None:
            return OTHER_CAME
        verdict = RIGHT if self.is_right else WRONG.format(right=self.choices[self.right])
        return " ".join(filter(None, [verdict, self._why, "" if self.counts else TOO_LATE]))

    def to_page(self) -> dict[str, Any]:
        """Return what the page shows. Before the answer is out, it is not among it."""
        return {
            "text": self.text,
            "choices": list(self.choices),
            "picked": self.picked,
            "right": self.right,
            "said": self.said,
            "open": self.is_open,
        }


class AskedOfTheCourse(Asked):
    """A question of the course, whose answer stands in the package.

    Args:
        name: As for `Asked`.
        question: The question.
        teller: As for `Asked`.
    """

    def __init__(self, name: str, question: Question, teller: str) -> None:
        super().__init__(name, question.asks, question.choices, teller)
        self._question = question

    def tell_answer(self) -> None:
        """Let the answer be out."""
        self.tell(self.choices.index(self._question.right), self._question.why)
