"""A notebook in a browser: waiting inside a call, and the page's interrupt button. The only module that knows Pyodide.

Pyodide has one thread and no signals of an operating system. The page reaches a busy Python only through memory that
both share, which exists where the page is isolated from other sites; then Python answers with SIGINT's handler. Code
that awaits hears a message of the page, everywhere.
"""

from __future__ import annotations

import asyncio
import functools
import signal
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Any, TypeVar

from repid_nb.notebook.cells import ipython_shell
from repid_nb.notebook.interrupts import inside_a_cell, interrupt_open_blocks, may_cut

__all__ = ["can_wait_in_a_call", "hear_the_page", "run_in_browser"]

T = TypeVar("T")


def can_wait_in_a_call() -> bool:
    """Return whether this browser can wait inside a call that has no `await`."""
    from pyodide.ffi import can_run_sync  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415

    return bool(can_run_sync())


def run_in_browser(awaitable: Awaitable[T]) -> T:
    """Wait for an awaitable inside a call, through Pyodide's `run_sync`."""
    from pyodide.ffi import run_sync  # noqa: PLC0415

    # An error that leaves `run_sync` is shown as the cell's, also where the cell handles it.
    result, error = run_sync(_outcome(awaitable))
    if error is not None:
        raise error
    return result  # type: ignore[no-any-return]


async def _outcome(awaitable: Awaitable[T]) -> tuple[T | None, BaseException | None]:
    try:
        return await awaitable, None
    except BaseException as error:
        return None, error


@functools.cache
def hear_the_page() -> None:
    """Tell the page how its interrupt button reaches this kernel; the first call of a kernel does it.

    The page is sent `{"repid_nb": "interrupts", "buffer": ..., "port": ...}`: a press of its button is 2 in the first
    byte of the buffer (null where the page is not isolated), and then a message to the port.
    """
    import js  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415
    import pyodide_js  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415
    from pyodide.ffi import create_proxy, to_js  # noqa: PLC0415

    channel = js.MessageChannel.new()
    # Some browsers isolate a page and have no such memory.
    can_share = js.crossOriginIsolated and hasattr(js, "SharedArrayBuffer")
    buffer = js.SharedArrayBuffer.new(1) if can_share else None
    pressed = None if buffer is None else js.Uint8Array.new(buffer)
    if pressed is not None:
        pyodide_js.setInterruptBuffer(pressed)
        signal.signal(signal.SIGINT, _on_press_while_busy)
    cell = _Cell(forget_press=(lambda: None) if pressed is None else functools.partial(pressed.fill, 0))
    events = ipython_shell().events
    events.register("pre_run_cell", cell.begin)
    events.register("post_run_cell", cell.end)
    cell.begin()
    channel.port1.onmessage = create_proxy(cell.interrupt)
    message = {"repid_nb": "interrupts", "buffer": buffer, "port": channel.port2}
    js.postMessage(to_js(message, dict_converter=js.Object.fromEntries), to_js([channel.port2]))


class _Cell:
    """The cell that runs, which the page's message interrupts where it awaits.

    Args:
        forget_press: Takes back a press of the button that no code has seen.
    """

    def __init__(self, forget_press: Callable[[], object]) -> None:
        self._forget_press = forget_press
        self._task: asyncio.Task[Any] | None = None

    def begin(self, *_: object) -> None:
        # Pressed while nothing ran, the button is not meant for the next cell.
        self._forget_press()
        self._task = asyncio.current_task()

    def end(self, *_: object) -> None:
        self._task = None

    def interrupt(self, *_: object) -> None:
        if not interrupt_open_blocks() and self._task is not None:
            self._task.cancel("stopped by the interrupt button")


def _on_press_while_busy(_signal_number: int, frame: FrameType | None) -> None:
    """Cut busy code; what the cell awaits is cancelled by the message that comes with the press."""
    if interrupt_open_blocks(frame) or frame is None:
        return
    if inside_a_cell():
        raise KeyboardInterrupt
    if may_cut(frame):
        # A task of the learner's is busy. From there a KeyboardInterrupt would leave the loop.
        raise asyncio.CancelledError
