"""Questions with a button for each choice, as a widget that knows nothing of what is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import traitlets

from repid_nb.widgets.assets import read_script, read_style
from repid_nb.widgets.saved_output import SavedForm, SavedOutput
from repid_nb.widgets.updates import call_in_loop, running_loop

__all__ = ["QuestionCard"]


class QuestionCard(SavedForm):
    """Shows questions, and tells of clicks.

    Args:
        read: Returns what the page shows (`Card` in `question_card.mjs`).
        saved: Returns the same as HTML and as text, for pages without widgets.
        picked: Called with the place of a question and the place of the choice that was clicked.
        again: Called when the questions are to be taken again.
    """

    _esm = read_script(entry="question_card.mjs")
    _css = read_style(styles=("workbench", "tools", "choices", "question_card"), root=".repid-wb.wb-asking")
    AS_LEFT = "A question, as it was left:"

    card = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        read: Callable[[], dict[str, Any]],
        saved: Callable[[], tuple[str, str]],
        picked: Callable[[int, int], None],
        again: Callable[[], None],
    ) -> None:
        self._read = read
        self._left = saved
        self._picked = picked
        self._again = again
        self._saved = SavedOutput(saved)
        self._loop = running_loop()
        super().__init__(card=read())
        self.on_msg(self._on_message)

    def refresh(self) -> None:
        """Show what has changed, and keep it in the notebook."""
        self.card = self._read()
        self._saved.changed()
        self._saved.update()

    def _on_message(self, _widget: Any, content: Mapping[str, Any], _buffers: Any) -> None:
        call_in_loop(self._loop, self._handle, content)

    def _handle(self, content: Mapping[str, Any]) -> None:
        match content:
            case {"type": "pick", "question": int(question), "choice": int(choice)}:
                self._picked(question, choice)
            case {"type": "again"}:
                self._again()

    def _plain_form(self) -> dict[str, str]:
        html, text = self._left()
        return {"text/html": html, "text/plain": text}
