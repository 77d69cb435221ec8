"""What a record has to be in each of its forms: printable, escaped, and the same again when it is read back."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from soak.hostile import MARK

from repid_nb import Step, Workbench

__all__ = ["faults_of_record", "faults_of_step", "faults_of_workbench"]

LONGEST = 200_000
VOID = {"br", "hr", "img", "input", "meta", "link", "col", "wbr"}
NEVER_IN_A_VIEW = {"script", "iframe", "object", "embed", MARK}
# What a cell may call.
CALLED = {"InMemoryServer", "Stepper", "copy", "register_server", "include_router", "send", "step", "rewind", "resend"}


class _Markup(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in NEVER_IN_A_VIEW:
            self.faults.append(f"the view has an element {tag}")
        if any(MARK in name or name.startswith("on") for name, _ in attrs):
            self.faults.append(f"the view has the attributes {attrs}")
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"</{tag}> closes what is not open")

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"the view has a comment: {data[:40]!r}")

    def close(self) -> None:
        super().close()
        if self._open:
            self.faults.append(f"the view leaves {self._open} open")


def is_printable(text: str) -> bool:
    """Whether all of a text can be seen; the joiners of emoji are seen as what they join."""
    return text.replace("\n", "").replace("\u200d", "").isprintable()


def faults_of_record(record: Any) -> Iterator[str]:
    """Yield what is wrong with the text and the HTML of a record."""
    text, html = repr(record), record._repr_html_()
    if not is_printable(text):
        yield f"the text of {type(record).__name__} has what cannot be printed"
    if len(text) > LONGEST or len(html) > LONGEST:
        yield f"{type(record).__name__} takes {len(text)} characters as text, {len(html)} as HTML"
    yield from faults_of_html(html)


def faults_of_html(html: str) -> Iterator[str]:
    """Yield what is wrong with the HTML of a view."""
    markup = _Markup()
    markup.feed(html)
    markup.close()
    yield from markup.faults
    html.encode()


def faults_of_step(step: Step) -> Iterator[str]:
    """Yield what is wrong with a Step in any of its forms."""
    yield from faults_of_record(step)
    back = Step.from_dict(json.loads(json.dumps(step.to_dict())))
    if back.to_dict() != step.to_dict():
        yield f"step {step.number} does not come back from its JSON"
    if repr(back) != repr(step) or back._repr_html_() != step._repr_html_():
        yield f"step {step.number} looks different when it comes back from its JSON"


def faults_of_workbench(workbench: Workbench) -> Iterator[str]:
    """Yield what is wrong with what a workbench shows and hands out."""
    steps = list(workbench.stepper.history)
    lines = workbench.to_json_lines().splitlines()
    if [Step.from_dict(json.loads(line)).to_dict() for line in lines] != [step.to_dict() for step in steps]:
        yield f"the JSON Lines of {len(steps)} steps are {len(lines)} lines, or other steps"
    called = [node.func for node in ast.walk(ast.parse(workbench.to_cell())) if isinstance(node, ast.Call)]
    names = {one.attr if isinstance(one, ast.Attribute) else getattr(one, "id", "?") for one in called}
    if not names <= CALLED | {"range"}:
        yield f"the cell calls {sorted(names - CALLED)}"
    mermaid = workbench.to_mermaid()
    if not is_printable(mermaid):
        yield "the Mermaid diagram has what cannot be printed"
    yield from faults_of_html(workbench.snapshot().html)
    json.dumps(workbench.get_state(["lanes", "tray", "actors", "step", "history", "status"]))
