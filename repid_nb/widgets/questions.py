"""What the page asks and gets an answer to: who would get this, what can be edited or found, the trail of a message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from repid_nb.core.errors import InvalidMessageError, UnknownNameError
from repid_nb.core.memory.queue import DEFAULT_PRIORITY
from repid_nb.core.memory.snapshot import MessageSnapshot
from repid_nb.display.sentences import trail_rows
from repid_nb.printable import cut_to_bytes, first_within
from repid_nb.stepping.trail import Trail
from repid_nb.widgets.form import JSON, Form, typed_bytes
from repid_nb.widgets.marks import TONES
from repid_nb.widgets.view import View
from repid_nb.widgets.wire import explanation_fields, key_of

__all__ = ["explanation", "form_of", "found", "trail", "trail_fields"]

ROWS_BYTES = 4_000
MOST_ROWS = 1_000


def explanation(view: View, form: Form) -> dict[str, Any]:
    """Answer who would get a message."""
    explained = view.stepper.explain(form.channel, form.headers or None, form.payload, topic=form.topic)
    return {"type": "explanation", **explanation_fields(explained)}


def form_of(view: View, command: Mapping[str, Any]) -> dict[str, Any]:
    """Answer how a message would be typed: one that waits, is in work, is dead, or was stepped.

    Raises:
        UnknownNameError: There is no such message.
    """
    message = _message(view, command)
    headers = dict(message.headers or {})
    form: dict[str, Any] = {"channel": key_of(message.channel), "topic": headers.pop("topic", "")}
    if message.content_type in (JSON, "", None):
        form |= typed_bytes(message.payload, None)
        if form.get("encoding") != "hex":
            form["content_type"] = ""
    else:
        form |= typed_bytes(message.payload, message.content_type)
    form["headers"] = [[name, value] for name, value in headers.items()]
    if message.priority != DEFAULT_PRIORITY:
        form["priority"] = str(message.priority)
    return {"type": "form", "form": form}


def trail(view: View, command: Mapping[str, Any]) -> dict[str, Any]:
    """Answer which way a message has gone, and what came of it."""
    name = _message(view, command).name
    rows = trail_fields(view.trail(name))
    shown = first_within(rows, ROWS_BYTES)
    return {"type": "trail", "name": cut_to_bytes(name, 60), "rows": shown, "more": len(rows) - len(shown)}


def trail_fields(way: Trail) -> list[dict[str, Any]]:
    """Return the rows of a trail as the page shows them."""
    return [
        {
            "name": cut_to_bytes(row.name, 60),
            "depth": row.depth,
            "step": row.step,
            "text": cut_to_bytes(row.text, 160),
            "tone": "open" if row.step is None else TONES[row.action],
        }
        for row in trail_rows(way)
    ]


def found(view: View, command: Mapping[str, Any]) -> dict[str, Any]:
    """Answer which actors, channels or predictions have a text in their name.

    Raises:
        InvalidMessageError: Nothing else can be searched.
    """
    what, text = str(command.get("what")), str(command.get("text") or "").casefold()
    if what == "channels":
        rows = [[key_of(name), cut_to_bytes(name, 60)] for name in {**view.routes.by_channel, **_all_channels(view)}]
    elif what in ("actors", "options"):
        upcoming = view.upcoming
        channel = view.channel_named(command.get("channel")) or (None if upcoming is None else upcoming.channel)
        rows = view.options(channel or next(iter(view.routes.by_channel), ""))
        rows = [row for row in rows if row[0].isdecimal()] if what == "actors" else rows
    else:
        raise InvalidMessageError(f"The workbench cannot look for {what!r}.")
    matching = [row for row in rows if text in row[1].casefold()][:MOST_ROWS]
    shown = first_within(matching, ROWS_BYTES)
    return {"type": "found", "what": what, "rows": shown, "more": len(matching) - len(shown)}


def _all_channels(view: View) -> dict[str, None]:
    operations = view.stepper.app.messages.list_operations().values()
    return dict.fromkeys([*view.stepper.queues, *(one.channel.address for one in operations)])


def _message(view: View, command: Mapping[str, Any]) -> MessageSnapshot:
    if command.get("step") is not None:
        return view.step_of(int(command["step"])).message
    wanted = str(command.get("message"))
    channel = view.channel_named(command.get("channel"))
    for message in _messages(view):
        if channel in (None, message.channel) and wanted in (message.name, key_of(message.id or "")):
            return message
    raise UnknownNameError(f"There is no message {wanted!r} any more.")


def _messages(view: View) -> Iterator[MessageSnapshot]:
    """Yield the messages on the queues that are shown, and those of the steps, the newest first."""
    for queue in view.queues.channels:
        yield from queue.ready
        yield from queue.in_work
        yield from (letter.message for letter in queue.dead_letters)
    yield from (step.message for step in reversed(view.steps))
