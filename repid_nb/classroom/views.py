"""Markings, hints and the list of exercises as text and HTML."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import indent
from xml.etree.ElementTree import Element

from repid_nb.classroom.progress import FILE
from repid_nb.classroom.records import Exercises, Finding, Hint, ListedExercise, Marking, StartedOver, Trouble
from repid_nb.core.record import Record
from repid_nb.display.html_parts import AMBER, GREEN, GREY, LINE, line, listing, shown, with_code
from repid_nb.display.html_view import as_html, step_as_html
from repid_nb.display.text_view import as_text
from repid_nb.html import AS_WRITTEN, Child, block, code, element, to_html
from repid_nb.printable import counted, safe
from repid_nb.stepping.record import Step

__all__: list[str] = []

LEVELS = {1: "●○○ level 1", 2: "●●○ level 2", 3: "●●● level 3"}

LINES = 10

PASSED = "Solved: the public checks pass."
EXPLAINED = "Now open The solution, explained, below, and compare it with yours."
ALL_SOLVED = "That was the last one: all exercises are solved."
KEPT = f"Ticks are kept in {FILE} beside the exercises, on this machine only. Delete the file to begin anew."
NOT_YET = "Not yet: this {} breaks it."
NOT_TRIED = "Not yet: the check stopped early."


@as_text.register
def _(marking: Marking) -> str:
    lines = [f"{'✓' if marking else '✗'} {marking.exercise} · {marking.title}", f"  {_verdict(marking)}"]
    if marking.finding is not None:
        lines.append(_indented(as_text(marking.finding)))
    if marking.trouble is not None:
        lines.append(_indented(as_text(marking.trouble)))
    lines += [f"  ⚠ {_cut(one)}" for one in marking.warned]
    if marking.printed:
        lines += ["  Your code printed:", _indented(_first_lines(marking.printed), "    ")]
    lines.append(f"  {_advice(marking)}")
    if marking:
        lines.append(f"  {_next_words(marking.next)}")
    return "\n".join(lines)


@as_text.register
def _(finding: Finding) -> str:
    lines = [f"What happened:   {_cut(finding.happened)}", f"What was wanted: {_cut(finding.wanted)}"]
    if finding.before is not None:
        lines += ["The queue before it:", _indented(as_text(finding.before))]
    return "\n".join([*lines, *([] if finding.shown is None else [_indented(as_text(finding.shown))])])


@as_text.register
def _(trouble: Trouble) -> str:
    lines = [_cut(trouble.sentence)]
    if trouble.where is not None and trouble.where.traceback:
        lines.append(_indented(_cut(trouble.where.traceback)))
    if trouble.where is not None and trouble.where.hint:
        lines.append(_indented(_cut(trouble.where.hint)))
    if trouble.shown is not None:
        lines += ["The message under way:", _indented(as_text(trouble.shown))]
    return "\n".join(lines)


@as_text.register
def _(hint: Hint) -> str:
    return f"{_hint_title(hint)}\n  {hint.text or _no_more(hint)}"


@as_text.register
def _(exercises: Exercises) -> str:
    width = max((len(one.name) for one in exercises), default=0)
    lines = [f"  {_tick(one)} {LEVELS[one.level]}  {one.name:{width}}  {one.title}" for one in exercises]
    return "\n".join([_how_many(exercises), *lines, *([KEPT] if _has_links(exercises) else [])])


@as_text.register
def _(started: StartedOver) -> str:
    return " ".join(_started(started))


@as_html.register
def _(started: StartedOver) -> str:
    return shown(line(with_code(" ".join(_started(started)))))


@as_html.register
def _(marking: Marking) -> str:
    head = element(
        "div",
        element("b", f"{'✓' if marking else '✗'} {_verdict(marking)}"),
        element("span", f" · {marking.exercise} · {marking.title}", style="opacity: 0.8"),
        style=f"padding: 0.4em 0.8em; background: {GREEN if marking else AMBER}",
    )
    body = as_html(marking.finding or marking.trouble) if not marking else ""
    foot = [line("⚠ ", with_code(one)) for one in marking.warned]
    if marking.printed:
        size = f"Your code printed {counted(len(marking.printed.splitlines()), 'line')}"
        foot.append(
            element(
                "details", element("summary", size, style="cursor: pointer"), block(marking.printed, "what was printed")
            )
        )
    foot.append(line(with_code(_advice(marking)), style="margin: 0.15em 0; opacity: 0.8" if not marking else ""))
    if marking:
        foot.append(line(*_next(marking.next)))
    return _frame(head, body, foot)


@as_html.register
def _(finding: Finding) -> str:
    return shown(
        line(element("b", "What happened: "), with_code(finding.happened)),
        line(element("b", "What was wanted: "), with_code(finding.wanted)),
        None if finding.before is None else line("The queue before it:"),
    ) + "".join(map(_quotation, (finding.before, finding.shown)))


@as_html.register
def _(trouble: Trouble) -> str:
    where, note = ("", "") if trouble.where is None else (trouble.where.traceback, trouble.where.hint)
    return shown(
        line(with_code(trouble.sentence)),
        block(where, "where it was raised") if where else None,
        line(note) if note else None,
        None if trouble.shown is None else line("The message under way:"),
    ) + _quotation(trouble.shown)


@as_html.register
def _(hint: Hint) -> str:
    head = element("div", element("b", _hint_title(hint)), style=f"padding: 0.4em 0.8em; background: {GREY}")
    return _frame(head, "", [line(with_code(hint.text or _no_more(hint)))])


@as_html.register
def _(exercises: Exercises) -> str:
    items: list[list[Child]] = [
        [f"{_tick(one)} {LEVELS[one.level]} ", _link(one, code(one.name)), " ", one.title] for one in exercises
    ]
    kept = line(KEPT, style="opacity: 0.8") if _has_links(exercises) else None
    return shown(line(element("b", _how_many(exercises))), listing(items), kept)


def _verdict(marking: Marking) -> str:
    if marking:
        return f"{PASSED} {counted(marking.tried, 'message')} tried; a teacher may try further ones."
    if marking.finding is None:
        return NOT_TRIED
    # Asked by its name: few exercises simulate, and all that mark would wait for the class.
    is_run = type(marking.finding.shown).__module__ == "repid_nb.simulation.run"
    return NOT_YET.format("run" if is_run else "message")


def _tick(exercise: ListedExercise) -> str:
    return "✓" if exercise.is_solved else "○"


def _how_many(exercises: Exercises) -> str:
    solved = sum(one.is_solved for one in exercises)
    return f"{counted(len(exercises), 'exercise')} in the order of the course, {solved or 'none'} solved"


def _has_links(exercises: Exercises) -> bool:
    """Return whether the exercises' notebooks are near the one that runs, and with them the ticks."""
    return any(one.link for one in exercises)


def _link(exercise: ListedExercise, said: Child) -> Child:
    return element("a", said, href=exercise.link) if exercise.link else said


def _next_words(exercise: ListedExercise | None) -> str:
    return ALL_SOLVED if exercise is None else f"Next: {exercise.name} · {exercise.title}."


def _next(exercise: ListedExercise | None) -> Iterable[Child]:
    if exercise is None:
        return [ALL_SOLVED]
    return ["Next: ", _link(exercise, code(exercise.name)), f" · {exercise.title}."]


def _advice(marking: Marking) -> str:
    if marking:
        return EXPLAINED
    return f'Stuck? `hint("{marking.exercise}")` gives one hint at a time.'


def _started(started: StartedOver) -> Iterable[str]:
    if not started.kept:
        yield f"{started.notebook} is as it was in the beginning."
        return
    yield f"{started.notebook} begins anew. What you had is kept beside it, as {started.kept}."
    yield f"If {started.notebook} is open, choose Reload Notebook from Disk in the menu File of its tab."


def _hint_title(hint: Hint) -> str:
    return f"Hint {hint.number} of {hint.of} · {hint.exercise}" if hint.text else f"No more hints · {hint.exercise}"


def _no_more(hint: Hint) -> str:
    return f'You have seen all {hint.of}. `hint("{hint.exercise}", first=True)` begins again.'


def _frame(head: Element, body: str, foot: Iterable[Element]) -> str:
    """Return a framed card; its body is HTML of other views."""
    inside = body + "".join(map(to_html, foot))
    padded = f'<div style="padding: 0.3em 0.8em">{inside}</div>' if inside else ""
    frame = f"border: {LINE}; border-radius: 6px; overflow: hidden; max-width: 76em"
    return (
        f'<div class="{AS_WRITTEN}" style="{frame}; line-height: 1.55; text-align: left">{to_html(head)}{padded}</div>'
    )


def _quotation(record: Record | None) -> str:
    """Return what shows a mistake; nothing in it is green."""
    if record is None:
        return ""
    # Shown as a quotation also where styles are removed, as on GitHub.
    inside = step_as_html(record, is_wrong=True) if isinstance(record, Step) else as_html(record)
    style = "border-left: 3px solid rgba(128, 128, 128, 0.5); margin: 0.6em 0; padding: 0 0 0 0.8em"
    return f'<blockquote style="{style}">{inside}</blockquote>'


def _first_lines(text: str) -> str:
    lines = _cut(text).split("\n")
    more = len(lines) - LINES
    return "\n".join([*lines[:LINES], *([f"... and {counted(more, 'more line')}"] if more > 0 else [])])


def _cut(text: str) -> str:
    return safe(text).rstrip("\n")


def _indented(text: str, by: str = "  ") -> str:
    return indent(text, by)
