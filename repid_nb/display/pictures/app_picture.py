"""An app as a picture, drawn from its AsyncAPI document: its channels, and what it receives and sends there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from repid_nb.app import Repid
from repid_nb.asyncapi.pointers import follow, look_up
from repid_nb.display.colours import ACCENT, LINE, QUIET, SOFT, SURFACE, TEXT
from repid_nb.display.pictures.canvas import MARGIN, WIDTH, Canvas, fitted, text_width
from repid_nb.picture import Picture
from repid_nb.printable import counted, one_line

__all__ = ["picture_of_app"]

OPERATIONS = 24
FIELDS = 8
CHANNEL = 168.0
CARD = 246.0
LINE_HIGH = 20.0


@dataclass(frozen=True)
class _Field:
    name: str
    kind: str
    is_required: bool
    is_header: bool

    @property
    def note(self) -> str:
        """Its type, and whether it may be left out."""
        where = "header, " if self.is_header else ""
        return f"{where}{self.kind}{'' if self.is_required else ', optional'}"


@dataclass(frozen=True)
class _Operation:
    name: str
    is_received: bool
    fields: tuple[_Field, ...]

    @property
    def verb(self) -> str:
        return "receives" if self.is_received else "sends"


def picture_of_app(app: Repid) -> Picture:
    """Return the picture of what an app declares: for each channel what it receives there, and what it sends.

    Raises:
        DeclarationError: The app has no AsyncAPI document, as where an actor's arguments cannot be described.
    """
    document = app.generate_asyncapi_schema()
    info = document["info"]
    canvas = Canvas()
    canvas.text(MARGIN, 30, info["title"], size=17, bold=True, width=WIDTH - 2 * MARGIN - 70)
    canvas.text(WIDTH - MARGIN, 30, info["version"], size=13, colour=QUIET, anchor="end", width=64)
    found = _by_channel(document)
    y = 50.0
    if not found:
        canvas.text(MARGIN, y + 16, "No actor and no operation yet.", size=14, colour=QUIET)
        y += 34
    shown = 0
    for channel, operations in found.items():
        if shown == OPERATIONS:
            break
        y = _draw_channel(canvas, document["channels"][channel], channel, operations[: OPERATIONS - shown], y)
        shown += len(operations[: OPERATIONS - shown])
    more = sum(map(len, found.values())) - shown
    if more:
        canvas.text(MARGIN, y + 12, f"… and {counted(more, 'more operation')}", size=13, colour=QUIET)
        y += 26
    return canvas.finish(y + 4, f"What {one_line(info['title'], 60)} receives and sends", _told(found))


def _by_channel(document: dict[str, Any]) -> dict[str, list[_Operation]]:
    found: dict[str, list[_Operation]] = {}
    for id_, operation in document["operations"].items():
        channel = look_up(document, operation["channel"]["$ref"])[0][-1]
        is_received = operation["action"] == "receive"
        fields = (field for one in operation.get("messages", ()) for field in _fields(follow(document, one)[1]))
        name = id_.removeprefix("receive_") if is_received else id_
        found.setdefault(channel, []).append(_Operation(name, is_received, tuple(dict.fromkeys(fields))))
    return found


def _fields(message: Any) -> Iterator[_Field]:
    for place in ("payload", "headers"):
        schema = message.get(place) if isinstance(message, dict) else None
        if not isinstance(schema, dict):
            continue
        for name, one in schema.get("properties", {}).items():
            yield _Field(name, _kind(one), name in schema.get("required", ()), place == "headers")


def _kind(schema: Any) -> str:
    """Return the type of a field in a word or two."""
    if not isinstance(schema, dict):
        return "anything"
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(map(_kind, schema["anyOf"])))
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}" if "items" in schema else "list"
    return str(schema.get("format") or schema.get("type") or "anything")


def _draw_channel(canvas: Canvas, about: Any, channel: str, operations: list[_Operation], y: float) -> float:
    """Draw one channel with its operations; return where the next one begins."""
    high = [34 + LINE_HIGH * _lines(one) for one in operations]
    middle = y + (sum(high) + 8 * (len(high) - 1)) / 2
    title = about.get("title", "")
    canvas.rect(MARGIN, middle - 24, CHANNEL, 48, fill=SOFT, radius=12)
    canvas.path(f"M{MARGIN + 12:.1f} {middle - 24:.1f}H{MARGIN + CHANNEL - 12:.1f}", LINE)
    canvas.path(f"M{MARGIN + 12:.1f} {middle + 24:.1f}H{MARGIN + CHANNEL - 12:.1f}", LINE)
    base = middle - 2 if title else middle + 5
    canvas.text(MARGIN + 14, base, channel, size=14, mono=True, bold=True, width=CHANNEL - 24)
    if title:
        canvas.text(MARGIN + 14, middle + 16, title, size=12.5, colour=QUIET, width=CHANNEL - 24)
    for operation, tall in zip(operations, high, strict=True):
        _draw_operation(canvas, operation, y, tall, middle)
        y += tall + 8
    return y + 12


def _lines(operation: _Operation) -> int:
    return min(len(operation.fields), FIELDS) + (len(operation.fields) > FIELDS)


def _draw_operation(canvas: Canvas, operation: _Operation, y: float, tall: float, middle: float) -> None:
    start, end, at = MARGIN + CHANNEL + 4, CARD - 4, y + 17
    bend = (start + end) / 2
    colour = ACCENT if operation.is_received else TEXT
    canvas.path(f"M{start:.1f} {middle:.1f}C{bend:.1f} {middle:.1f} {bend:.1f} {at:.1f} {end:.1f} {at:.1f}", colour)
    if operation.is_received:
        canvas.arrow(end + 3, at, colour)
    else:
        canvas.arrow(start - 2, middle, colour, towards="left")
    wide = WIDTH - MARGIN - CARD
    canvas.rect(CARD, y, wide, tall, fill=SURFACE, stroke=LINE, radius=8)
    left = CARD + 12 + canvas.text(CARD + 12, y + 22, operation.verb, size=13, colour=colour, bold=True) + 6
    canvas.text(left, y + 22, operation.name, size=14, mono=True, bold=True, width=CARD + wide - left - 10)
    y += 42
    for field in operation.fields[:FIELDS]:
        # The note is short; a long name gives way.
        note = fitted(field.note, wide * 0.62, 12.5)
        room = wide - 36 - text_width(note, 12.5)
        at = CARD + 20 + canvas.text(CARD + 20, y, field.name, size=13, mono=True, width=room)
        canvas.text(at + 8, y, note, size=12.5, colour=QUIET)
        y += LINE_HIGH
    if len(operation.fields) > FIELDS:
        more = counted(len(operation.fields) - FIELDS, "more field")
        canvas.text(CARD + 20, y, f"… and {more}", size=12.5, colour=QUIET)


def _told(found: dict[str, list[_Operation]]) -> Iterator[str]:
    if not found:
        yield "No actor and no operation yet."
    for channel, operations in list(found.items())[:OPERATIONS]:
        for one in operations[:OPERATIONS]:
            where = "from" if one.is_received else "to"
            fields = ", ".join(f"{one_line(field.name, 60)} ({field.note})" for field in one.fields[:FIELDS])
            said = f"It {one.verb} {one_line(one.name, 60)} {where} {one_line(channel, 60)}"
            yield f"{said}: {fields}." if fields else f"{said}."
