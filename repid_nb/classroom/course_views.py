"""The map of the course as text and HTML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from repid_nb.classroom.progress import FILE
from repid_nb.classroom.records import Course, ListedChapter, ListedExercise, Score
from repid_nb.display.html_parts import DIM, line, listing, shown
from repid_nb.display.html_view import as_html
from repid_nb.display.text_view import as_text
from repid_nb.html import Child, element
from repid_nb.printable import counted

__all__: list[str] = []

KEPT = f"Kept in exercises/{FILE}, on this machine only. Delete the file to begin anew."


@as_text.register
def _(course: Course) -> str:
    lines = [f"  {_symbol(one)} {one.number:>2}  {' · '.join(_words(one))}" for one in course]
    return "\n".join([_summary(course), *lines, *_kept(course)])


@as_html.register
def _(course: Course) -> str:
    return shown(
        line(element("b", _summary(course))),
        listing([_item(one) for one in course]),
        [line(one, style=DIM) for one in _kept(course)],
    )


def _words(chapter: ListedChapter) -> Iterator[str]:
    yield chapter.title
    yield f"{chapter.minutes} minutes"
    yield from _scores(chapter)
    if chapter.exercises:
        yield f"exercises {', '.join(f'{_tick(one)} {one.name}' for one in chapter.exercises)}"


def _item(chapter: ListedChapter) -> Iterable[Child]:
    title = f"{chapter.number} · {chapter.title}" if chapter.number else chapter.title
    yield f"{_symbol(chapter)} "
    yield element("a", title, href=chapter.link) if chapter.link else element("b", title)
    yield element("span", "".join(f" · {one}" for one in (f"{chapter.minutes} minutes", *_scores(chapter))), style=DIM)
    for exercise in chapter.exercises:
        link: Child = element("a", exercise.name, href=exercise.link) if exercise.link else exercise.name
        yield " · "
        yield element("span", f"{_tick(exercise)} ", link, style="white-space: nowrap")


def _scores(chapter: ListedChapter) -> Iterator[str]:
    for what, score in (("guesses", chapter.guesses), ("questions", chapter.questions)):
        if score.of:
            yield f"{what} {_said(score)}"


def _said(score: Score) -> str:
    return f"{score.right} of {score.of} right"


def _symbol(chapter: ListedChapter) -> str:
    if chapter.is_done:
        return "✓"
    return "◐" if chapter.is_begun else "○"


def _tick(exercise: ListedExercise) -> str:
    return "✓" if exercise.is_solved else "○"


def _summary(course: Course) -> str:
    practice = [exercise for chapter in course for exercise in chapter.exercises]
    done, solved = sum(one.is_done for one in course), sum(one.is_solved for one in practice)
    parts = [
        f"The course: {done} of {counted(len(course), 'chapter')} done",
        f"{solved} of {counted(len(practice), 'exercise')} solved",
    ]
    guesses = Score(sum(one.guesses.right for one in course), sum(one.guesses.of for one in course))
    return ", ".join([*parts, *([f"{_said(guesses)} in guessing"] if guesses.of else [])])


def _kept(course: Course) -> Iterable[str]:
    is_begun = any(one.is_begun or any(exercise.is_solved for exercise in one.exercises) for one in course)
    return [KEPT] if is_begun else ["✓ its three closing questions are answered · ◐ begun · ○ not yet"]
