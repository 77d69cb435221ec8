"""The workbench: a Stepper as a widget."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import traitlets

from repid_nb.app import Repid
from repid_nb.core.errors import DeclarationError, InvalidMessageError
from repid_nb.core.naming import a_kind
from repid_nb.core.routing.router import Router
from repid_nb.notebook.cells import ipython_shell, this_cell
from repid_nb.picture import Picture as SvgPicture
from repid_nb.stepping.record import Steps
from repid_nb.stepping.stepper import Stepper
from repid_nb.widgets import beside
from repid_nb.widgets.assets import read_script, read_style
from repid_nb.widgets.export.page import TITLE, write_lesson
from repid_nb.widgets.export.saved import saved_html
from repid_nb.widgets.export.still import Picture, picture_of
from repid_nb.widgets.saved_output import HIDDEN_BESIDE_A_WIDGET, SavedForm, SavedOutput
from repid_nb.widgets.session import Session
from repid_nb.widgets.updates import Updates, call_in_loop, running_loop
from repid_nb.widgets.wire import split_steady

__all__ = ["Workbench"]

# Seconds without an update after which the output that is saved follows: it has the whole lesson.
AT_REST = 3.0

_open: list[Workbench] = []


class Workbench(SavedForm):
    """Shows the queue, the worker and the actors side by side, one pull at a time.

    It is a view on a Stepper: it shows steps that a cell takes, and the other way round. There is one open workbench
    per Stepper. When the cell that made it runs again, the new one takes its place, where the front end says which cell
    runs, as JupyterLab does, and goes on with the form, the pace and the settings of the page.

    With several Steppers on one server each is a worker on the stage, with one history: competing consumers.

    Args:
        stepper_or_app: A Stepper; or an app, for which a Stepper is made.
        others: Further Steppers on the same server.
        messages: Prepared messages, one click each: for each a dict with arguments of `Stepper.send`, and `label` for
            what its button says; without a channel the first one with actors is meant.
        projector: Whether to use large type, for a classroom; None for as before, or else small.

    Attributes:
        stepper: The Stepper; with several, the first one.

    Raises:
        DeclarationError: It is neither a Stepper nor an app, or the Steppers are on different servers.
        InvalidMessageError: A prepared message is not one.
    """

    # As texts: given a path, anywidget keeps each widget for ever, to update it when the file changes.
    _esm = read_script()
    _css = read_style() + HIDDEN_BESIDE_A_WIDGET
    AS_LEFT = "The workbench, as it was left:"

    lanes = traitlets.Dict().tag(sync=True)
    tray = traitlets.Dict().tag(sync=True)
    actors = traitlets.Dict().tag(sync=True)
    step = traitlets.Dict().tag(sync=True)
    pulled = traitlets.Dict().tag(sync=True)
    history = traitlets.Dict().tag(sync=True)
    choices = traitlets.Dict().tag(sync=True)
    prediction = traitlets.Dict().tag(sync=True)
    what_if = traitlets.Dict().tag(sync=True)
    workers = traitlets.Dict().tag(sync=True)
    status = traitlets.Dict().tag(sync=True)
    desk = traitlets.Dict().tag(sync=True)
    river = traitlets.Dict().tag(sync=True)
    projector = traitlets.Bool(default_value=False).tag(sync=True)
    # "offered" where there is a place beside the notebook; the page sets "wanted".
    beside = traitlets.Unicode().tag(sync=True)
    # What the page wants to have again when the cell is run again; only the page sets it.
    kept = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        stepper_or_app: Stepper | Repid,
        *others: Stepper,
        messages: Iterable[Mapping[str, Any]] = (),
        projector: bool | None = None,
    ) -> None:
        _check_workers(stepper_or_app, others)
        self._cell = this_cell()
        self._owns_stepper = isinstance(stepper_or_app, Repid)
        former = self._replaced(stepper_or_app, others)
        self.stepper = self._replace(former, stepper_or_app)
        self._updates = Updates(self._update)
        self._saved = SavedOutput(self._saved_form)
        self._saving: asyncio.TimerHandle | None = None
        self._session = Session((self.stepper, *others), self._changed, self.send)
        self._session.view.prepare(messages)
        self._notes: dict[int, str] = {}
        self._closing: asyncio.Task[None] | None = None
        self._shell = ipython_shell()
        self._beside = beside.Beside()
        kept: dict[str, Any] = {}
        for one in former:
            self._beside = one._beside  # noqa: SLF001
            projector, kept = one.projector if projector is None else projector, one.kept or kept
            self._session.go_on_from(one._session)  # noqa: SLF001
            if one.stepper is self.stepper:
                self._notes |= one._notes  # noqa: SLF001
        super().__init__(**self._shown(), projector=bool(projector), kept=kept)
        self.beside = "offered" if beside.is_there() else ""
        self.observe(self._on_wish, "beside")
        self._beside.show(self)
        self.on_msg(self._on_message)
        if self._shell is not None:
            # A cell may change the app or the Stepper: the page is updated when it is done.
            self._shell.events.register("post_run_cell", self._on_cell_done)
        _open.append(self)

    def snapshot(self) -> Picture:
        """Return a picture of the workbench now: plain HTML that needs neither Python nor a script."""
        return picture_of(self._session.view)

    def to_cell(self) -> str:
        """Return the session as a cell of Python that makes the same calls again; it needs your `app` with its actors.

        Comments in it say what the cell leaves out.
        """
        return self._session.texts.export("cell")

    def to_json_lines(self) -> str:
        """Return the steps as JSON Lines: each line is a `Step.to_dict()`."""
        return self._session.texts.export("json_lines")

    def to_mermaid(self) -> str:
        """Return the steps as a Mermaid sequence diagram."""
        return self._session.texts.export("mermaid")

    def note(self, text: str, step: int | None = None) -> None:
        """Say something at a moment: an exported lesson and a film show it there.

        Args:
            text: What to say; an empty text takes the note of the moment away.
            step: The number of the step after which it is said; 0 for before the first, None for the one that is shown.

        Raises:
            InvalidMessageError: There is no such step.
        """
        view = self._session.view
        number = view.at if step is None else step
        if not view.first <= number <= view.newest:
            raise InvalidMessageError(f"There is no step {number!r}: give a number from {view.first} to {view.newest}.")
        self._notes[number] = str(text)
        if not text:
            del self._notes[number]

    def film(self, *, title: str = "") -> SvgPicture:
        """Return the steps as a film with the notes: an SVG that moves, for a README; a still where nothing may move.

        Args:
            title: What it is called.
        """
        return Steps(tuple(self._session.view.steps), "idle").film(self._notes, title=title)

    def export(
        self,
        path: str | PathLike[str],
        *,
        title: str = TITLE,
        first: int | None = None,
        last: int | None = None,
    ) -> Path:
        """Write the steps as a lesson that plays without Python: one HTML file that loads nothing else.

        It has the stage with its motion, predictions, the notes, and a link to each moment (`lesson.html#step=7`).

        Args:
            path: The file, such as `lesson.html`.
            title: The heading.
            first: The number of the first step in it; None for the oldest that is kept.
            last: The number of the last step in it; None for the newest.

        Returns:
            The path of the file.

        Raises:
            InvalidMessageError: There are no such steps, there are more than 500, or the folder does not exist.
        """
        return write_lesson(path, self._session.view, self._notes, title=title, first=first, last=last)

    def close(self) -> None:
        """Take the widget off the page and let the Steppers go; a Stepper that was made for it is closed too."""
        if self not in _open:
            return
        tasks = self._detach()
        self._beside.close()
        if self._owns_stepper:
            self._close_stepper(tasks)

    def _replaced(self, stepper_or_app: Stepper | Repid, others: Sequence[Stepper]) -> list[Workbench]:
        """Return the open workbenches whose place this one takes."""
        wanted = {id(one) for one in (stepper_or_app, *others)}
        return [
            one
            for one in _open
            if wanted & {id(stepper) for stepper in one._session.view.steppers}  # noqa: SLF001
            or (one._owns_stepper and one.stepper.app is stepper_or_app)  # noqa: SLF001
            or self._runs_again(one)
        ]

    def _runs_again(self, one: Workbench) -> bool:
        # Two cells may have the same source, so only a run of a cell with an id replaces an earlier run.
        cell, before = self._cell, one._cell
        return cell is not None and cell.is_named and before is not None and cell.follows(before)

    def _replace(self, former: Sequence[Workbench], stepper_or_app: Stepper | Repid) -> Stepper:
        """Close the workbenches whose place this one takes, and return the Stepper to show."""
        found = None
        for other in former:
            if stepper_or_app is other.stepper or (other._owns_stepper and stepper_or_app is other.stepper.app):  # noqa: SLF001
                found = other.stepper
                self._owns_stepper = other._owns_stepper  # noqa: SLF001
                other._detach()  # noqa: SLF001
            else:
                other.close()
        if found is not None:
            return found
        return stepper_or_app if isinstance(stepper_or_app, Stepper) else Stepper(stepper_or_app)

    def _detach(self) -> list[asyncio.Task[None]]:
        _open.remove(self)
        tasks = self._session.close()
        self._updates.cancel()
        if self._saving is not None:
            self._saving.cancel()
        if self._shell is not None:
            self._shell.events.unregister("post_run_cell", self._on_cell_done)
        layout = self.layout
        super().close()
        layout.close()
        return tasks

    def _close_stepper(self, tasks: list[asyncio.Task[None]]) -> None:
        async def close() -> None:
            if tasks:
                await asyncio.wait(tasks)
            await self.stepper.close()

        loop = running_loop()
        if loop is None:
            asyncio.run(close())
        else:
            self._closing = loop.create_task(close())

    def _on_message(self, _widget: Any, content: Mapping[str, Any], _buffers: Any) -> None:
        call_in_loop(self._updates.loop, self._session.handle, content)

    def _on_wish(self, change: Mapping[str, Any]) -> None:
        """Open a tab beside the notebook, when the page wants one."""
        if change["new"] == "wanted" and self in _open:
            self._beside.open(self)
            self.beside = "offered"

    def _on_cell_done(self, *_: Any) -> None:
        self._updates.soon()
        self._saved.update()

    def _update(self) -> None:
        if self.comm is None:
            return
        with self.hold_sync():
            for name, value in self._shown().items():
                setattr(self, name, value)
        self._save_soon()

    def _shown(self) -> dict[str, dict[str, Any]]:
        return split_steady(self._session.state())

    def _changed(self, after: float = 0.0) -> None:
        self._saved.changed()
        self._updates.soon(after)

    def _save_soon(self) -> None:
        """Let the output that is saved follow when the page has been at rest for a while."""
        if self._saving is not None:
            self._saving.cancel()
        loop = running_loop()
        self._saving = None if loop is None else loop.call_later(AT_REST, self._saved.update)

    def _saved_form(self) -> tuple[str, str]:
        return saved_html(self._session.view, self._notes), "The steps so far are in the HTML of this output."

    def _plain_form(self) -> dict[str, str]:
        picture = self.snapshot()
        return {"text/html": picture.html, "text/plain": picture.text}


def _check_workers(first: object, others: Sequence[object]) -> None:
    for one in (first, *others):
        if isinstance(one, Stepper) or (one is first and isinstance(one, Repid)):
            continue
        fix = "app.include_router(router), then Workbench(app)" if isinstance(one, Router) else "Workbench(app)"
        raise DeclarationError(
            f"A Workbench takes a Repid app of repid_nb, not {a_kind(one)}. Write {fix}, or give it Steppers."
        )
    steppers = [one for one in (first, *others) if isinstance(one, Stepper)]
    if len({id(one) for one in steppers}) < len(steppers):
        raise DeclarationError("Each worker on a stage needs a Stepper of its own: this one is given twice.")
    if others and (len(steppers) < len(others) + 1 or len({id(one.server) for one in steppers}) > 1):
        raise DeclarationError(
            "Several workers on one stage are Steppers on one server: Workbench(stepper_a, stepper_b)."
        )
