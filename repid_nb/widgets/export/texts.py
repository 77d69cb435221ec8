"""Serving long texts to the page in pieces: payloads, output, exports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from repid_nb.core.errors import InvalidMessageError, RepidNbError, UnknownNameError
from repid_nb.core.memory.snapshot import MessageSnapshot, QueuesSnapshot
from repid_nb.display import as_text, words
from repid_nb.printable import cut_to_bytes, whole
from repid_nb.stepping.record import Step
from repid_nb.widgets.export import formats
from repid_nb.widgets.export.replay import CallLog
from repid_nb.widgets.export.still import picture_of
from repid_nb.widgets.view import View
from repid_nb.widgets.wire import key_of

__all__ = ["Texts"]

# In characters; the page asks for the next piece when it is wanted.
PIECE = 4_000
LARGE_PIECE = 200_000


class Texts:
    """Answers the page's questions for texts.

    Args:
        view: The view, with the steps and queues that are shown.
        calls: The log of calls, for the export as a cell.
    """

    def __init__(self, view: View, calls: CallLog) -> None:
        self._view = view
        self._calls = calls
        self._exported: dict[str, str] = {}

    def read_piece(self, command: Mapping[str, Any]) -> dict[str, Any]:
        """Return a piece of a message or of a part of a step; where that is gone, a text that says so."""
        what = command.get("what")
        try:
            if what == "waiting":
                channel = self._view.channel_named(command.get("channel")) or ""
                text = message_text(waiting_message(self._view.queues, channel, str(command.get("message"))))
            else:
                text = step_text(self._view.step_of(int(command["step"])), str(what))
        except RepidNbError as error:
            text = str(error)
        return piece_of(text, int(command.get("from") or 0))

    def export_piece(self, command: Mapping[str, Any]) -> dict[str, Any]:
        """Return a piece of the session in one of its formats; asking for the first piece exports it anew."""
        form, start = str(command.get("form")), int(command.get("from") or 0)
        if start == 0 or form not in self._exported:
            self._exported[form] = self.export(form)
        return piece_of(self._exported[form], start, LARGE_PIECE)

    def export(self, form: str) -> str:
        """Return the session in one of the formats `cell`, `json_lines`, `mermaid` and `html`.

        Raises:
            InvalidMessageError: There is no such format.
        """
        match form:
            case "cell":
                return self._calls.as_cell()
            case "json_lines":
                return formats.as_json_lines(self._view.steps)
            case "mermaid":
                return formats.as_mermaid(self._view.steps)
            case "html":
                return picture_of(self._view).html
        raise InvalidMessageError(f"There is no form {form!r}: cell, json_lines, mermaid or html.")


def message_text(message: MessageSnapshot) -> str:
    """Return a whole message: one line per header, and the payload."""
    lines = [f"{name}: {value}" for name, value in (message.headers or {}).items()]
    if message.content_type:
        lines.append(f"content type: {message.content_type}")
    if lines:
        lines.append("")
    return "\n".join([*lines, words.payload_text(message.payload)])


def step_text(step: Step, what: str) -> str:
    """Return the whole of one part of a step.

    Args:
        step: The step to read.
        what: `message`, `printed`, `result` or `raised`.

    Raises:
        UnknownNameError: A step has no such part.
    """
    match what:
        case "message":
            return message_text(step.message)
        case "printed":
            return step.printed
        case "result":
            return whole(step.result)
        case "raised" if step.exception is not None:
            return as_text(step.exception)
    raise UnknownNameError(f"Step {step.number} has no {what!r} to open.")


def waiting_message(queues: QueuesSnapshot, channel: str, key: str) -> MessageSnapshot:
    """Return a message that waits, is in work, or is dead, by the page's key for it.

    Raises:
        UnknownNameError: It is not on the queue any more.
    """
    queue = queues.get(channel)
    kept: Iterable[Any] = () if queue is None else (*queue.ready, *queue.in_work)
    dead = () if queue is None else (letter.message for letter in queue.dead_letters)
    for message in (*kept, *dead):
        if key_of(message.id or "") == key:
            found: MessageSnapshot = message
            return found
    raise UnknownNameError(f"Message {cut_to_bytes(key, 20)!r} is not on {channel!r} any more.")


def piece_of(text: str, start: int, size: int = PIECE) -> dict[str, Any]:
    """Return a piece of a text, with its start, the start of the next piece and the length of the whole.

    They are counted in characters, and only here: JavaScript counts an emoji as two.
    """
    start = max(0, start)
    piece = text[start : start + size]
    return {
        "from": start,
        "next": start + len(piece),
        "total": len(text),
        "text": piece.encode("utf-8", "replace").decode(),
    }
