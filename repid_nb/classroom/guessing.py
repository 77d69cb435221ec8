"""Guessing by a click before the answer is seen, and the questions that close a chapter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from repid_nb.classroom.answers import called_as, described
from repid_nb.classroom.asked import NEXT_CELL, NEXT_STEP, Asked, AskedOfTheCourse
from repid_nb.classroom.progress import CLOSING, chapter_of, keep_answer, progress
from repid_nb.classroom.question import find_question, questions_of
from repid_nb.classroom.question_views import as_page, as_saved
from repid_nb.core.checks import check_address
from repid_nb.core.errors import DeclarationError, UnknownNameError
from repid_nb.core.memory.snapshot import MessageSnapshot
from repid_nb.core.naming import nearest_name
from repid_nb.display.sentences import NOBODY, who
from repid_nb.display.words import message_name
from repid_nb.notebook.cells import CellRun, hear_cells_end, this_cell, this_notebook
from repid_nb.printable import one_line
from repid_nb.stepping.record import Step
from repid_nb.stepping.stepper import Stepper

if TYPE_CHECKING:
    from repid_nb.widgets.question_card import QuestionCard

__all__ = ["guess", "questions"]

NAME = 60

FIRST = "It is the first one that says yes."


@called_as('guess("messages-1")')
def guess(about: Stepper | str, channel: str | None = None) -> QuestionCard:
    """Ask for a guess, with a button for each choice; the verdict comes once the answer is seen.

    A guess about a Stepper is answered by the step that pulls the message. A question of the course is answered by the
    end of the next cell that asks nothing. A click after that is marked, and does not count in the score. Running the
    cell again keeps a guess whose answer is not out yet. Where it is out, it asks anew, because a learner who runs the
    cell again wants to try again; the newest guess counts.

    Args:
        about: A Stepper, to ask who gets its next message; or a question of the course, such as `"priority-1"`.
        channel: With a Stepper, the channel whose next message is meant; None for the one that the next step pulls.

    Returns:
        The question as a widget: the value of its cell shows it.

    Raises:
        UnknownNameError: There is no such question, or no actor listens on the channel.
        DeclarationError: It is neither a Stepper nor a text.
    """
    if isinstance(about, str):
        question = find_question(about)
        chapter, _, number = about.rpartition("-")
        can_wait = not question.at_once and _hear_cells()
        asked = AskedOfTheCourse(f"guess {number}", question, NEXT_CELL if can_wait else "")
        return _Sheet(chapter, [asked], "Your guess").card
    stepper = getattr(about, "stepper", about)
    if not isinstance(stepper, Stepper):
        raise DeclarationError(
            f'guess() takes a Stepper, or a question of the course in quotation marks, such as guess("messages-1"), '
            f"not {described(about)}."
        )
    return _about_next_message(stepper, channel)


@called_as('questions("priority")')
def questions(chapter: str) -> QuestionCard:
    """Ask the questions that close a chapter. A click is answered at once, and they can be taken again.

    Args:
        chapter: The name of its notebook without the number, such as `"priority"`.

    Returns:
        The questions as a widget: the value of its cell shows them.

    Raises:
        UnknownNameError: There is no such chapter; the message gives the nearest one.
    """
    closing = enumerate(questions_of(chapter).at_the_end, start=1)
    asked = [AskedOfTheCourse(f"{CLOSING}{number}", question, "") for number, question in closing]
    return _Sheet(chapter, asked, "Three questions", closes=True).card


class _Sheet:
    """Questions on one card: takes the clicks, and keeps the score.

    Args:
        chapter: The chapter that the answers are kept for; empty where it is not known.
        asked: The questions.
        name: What a screen reader calls the card.
        closes: Whether they close a chapter: then they have a score of their own, and can be taken again.
    """

    def __init__(self, chapter: str, asked: Sequence[Asked], name: str, *, closes: bool = False) -> None:
        # It loads anywidget, which marking exercises does not need.
        from repid_nb.widgets.question_card import QuestionCard  # noqa: PLC0415

        self.chapter = chapter
        self.asked = asked
        self.cell = this_cell()
        self._name = name
        self._closes = closes
        for earlier in _take_place_of_earlier(self.cell):
            # A click makes its cell the one that Shift+Enter runs, so a guess has to outlive that.
            for one, before in zip(self.asked, earlier.asked, strict=False):
                one.keep(before)
        _desk.open.append(self)
        _desk.cell_asks = True
        self.card = QuestionCard(self._to_page, self._saved, self._pick, self._begin_again)

    def tell(self, asked: Asked, right: int | None, why: str) -> None:
        """Let the answer of a question be out, and show the verdict."""
        asked.tell(right, why)
        self._note(asked)
        self.card.refresh()

    def cell_ends(self) -> None:
        """Let the answers be out that the end of a cell tells."""
        for asked in self.asked:
            if isinstance(asked, AskedOfTheCourse) and asked.teller and not asked.is_told:
                asked.tell_answer()
                self._note(asked)
                self.card.refresh()

    def _pick(self, place: int, choice: int) -> None:
        if not 0 <= place < len(self.asked) or not self.asked[place].pick(choice):
            return
        asked = self.asked[place]
        if isinstance(asked, AskedOfTheCourse) and not asked.teller:
            asked.tell_answer()
            self._note(asked)
        self.card.refresh()

    def _begin_again(self) -> None:
        for asked in self.asked:
            asked.begin_again()
        self.card.refresh()

    def _note(self, asked: Asked) -> None:
        if asked.counts:
            if not self._closes:
                _desk.guessed[self.chapter, asked.name] = asked.is_right
            keep_answer(self.chapter, asked.name, is_right=asked.is_right)

    def _score(self) -> str:
        if self._closes:
            answered = [asked.is_right for asked in self.asked if asked.is_told]
            return f"{sum(answered)} of {len(self.asked)} right." if len(answered) == len(self.asked) else ""
        if not any(asked.counts for asked in self.asked):
            return ""
        # Those of an earlier session, too.
        kept = progress().answers.get(self.chapter, {}) if self.chapter else {}
        earlier = {(self.chapter, name): one for name, one in kept.items() if not name.startswith(CLOSING)}
        guessed = {**earlier, **_desk.guessed}
        return f"Guesses in this notebook: {sum(guessed.values())} of {len(guessed)} right."

    def _to_page(self) -> dict[str, Any]:
        is_done = all(asked.is_told for asked in self.asked)
        return as_page(self.asked, self._name, self._score(), again=self._closes and is_done)

    def _saved(self) -> tuple[str, str]:
        return as_saved(self.asked, self._score())


class _Desk:
    """What was asked in this notebook.

    Attributes:
        open: The newest sheet of each cell.
        guessed: Whether each guess that counts was right.
        cell_asks: Whether the cell that runs has asked something: then its end answers nothing.
        hears: Whether the ends of cells are heard; None before the first question.
    """

    def __init__(self) -> None:
        self.open: list[_Sheet] = []
        self.guessed: dict[tuple[str, str], bool] = {}
        self.cell_asks = False
        self.hears: bool | None = None

    def cell_ends(self) -> None:
        """Let the answers be out that the end of this cell tells."""
        if not self.cell_asks:
            for sheet in self.open:
                sheet.cell_ends()
        self.cell_asks = False


_desk = _Desk()


def _hear_cells() -> bool:
    if _desk.hears is None:
        _desk.hears = hear_cells_end(_desk.cell_ends)
    return _desk.hears


def _take_place_of_earlier(cell: CellRun | None) -> list[_Sheet]:
    """Take off the page what an earlier run of the cell asked, and return it."""
    earlier = [one for one in _desk.open if cell is not None and one.cell is not None and cell.follows(one.cell)]
    for sheet in earlier:
        _desk.open.remove(sheet)
        sheet.card.close()
    return earlier


def _about_next_message(stepper: Stepper, channel: str | None) -> QuestionCard:
    listeners = stepper.listeners
    if channel is not None:
        check_address(channel)
        if channel not in listeners:
            raise UnknownNameError(f"No actor listens on channel {channel!r}.{nearest_name(channel, listeners)}")
    from_channel = stepper.next_channel if channel is None else channel
    queue = None if from_channel is None else stepper.snapshot().get(from_channel)
    message = queue.ready[0] if queue is not None and queue.ready else None
    if from_channel is None or message is None:
        nothing = "Nothing waits, so there is nothing to guess. Send a message, and run this cell again."
        return _Sheet("", [Asked("nothing", nothing, [], "")], "Your guess").card
    actors = [name for name, _ in listeners[from_channel]]
    text = _who_gets(message, from_channel if len(listeners) > 1 else "")
    cell = this_cell()
    name = f"step {message.name if cell is None else cell.cell}"
    asked = Asked(name, text, [*_told_apart(actors), NOBODY], NEXT_STEP)
    sheet = _Sheet(chapter_of(this_notebook()), [asked], "Your guess")
    _tell_with_the_step(stepper, sheet, asked, message)
    return sheet.card


def _tell_with_the_step(stepper: Stepper, sheet: _Sheet, asked: Asked, message: MessageSnapshot) -> None:
    def heard(step: Step) -> None:
        if step.message.channel != message.channel:
            return
        end()
        if step.message.id != message.id or step.message.name != message.name:
            sheet.tell(asked, None, "")
            return
        won = next((one.position for one in step.verdicts if one.role == "winner"), None)
        right = len(asked.choices) - 1 if won is None else won - 1
        if right < len(asked.choices):
            sheet.tell(asked, right, who(None, step.verdicts) if won is None else FIRST)

    end: Callable[[], None] = stepper.on_step(heard)


def _who_gets(message: MessageSnapshot, channel: str) -> str:
    topic = (message.headers or {}).get("topic")
    said = "without a topic" if topic is None else f"with the topic `{_plain(topic)}`"
    place = f", which waits on `{_plain(channel)}`" if channel else ""
    return f"Who gets the next message, `{_plain(message_name(message))}` {said}{place}?"


def _plain(text: str) -> str:
    return one_line(text, NAME).replace("`", "'")


def _told_apart(actors: Sequence[str]) -> list[str]:
    """Return the names of actors, each that is there twice with its place."""
    named = [_plain(one) for one in actors]
    return [f"`{one}`" if named.count(one) == 1 else f"`{one}`, actor {place}" for place, one in enumerate(named, 1)]
