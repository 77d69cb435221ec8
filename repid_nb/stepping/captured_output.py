"""Capturing the output of one context, while all other output goes to its stream as before."""

from __future__ import annotations

import bdb
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType
from typing import Any

from repid_nb.notebook.cells import ipython_shell

__all__ = ["caught_display", "caught_printing"]

LIMIT = 100_000

# Who types into a debugger that an actor has opened has to see its answers at once. It writes from a few calls up.
DEBUGGERS = frozenset({"IPython.core.debugger", "bdb", "pdb"})
NEAR = 3

_catching: ContextVar[_Caught | None] = ContextVar("repid_nb_catching", default=None)


class _Caught(io.StringIO):
    """Keeps the output of one block, up to a limit, until the block is over."""

    is_over = False
    _left = LIMIT

    def write(self, text: str) -> int:
        if self._left >= 0:
            super().write(text[: self._left])
            self._left -= len(text)
            if self._left < 0:
                super().write("\n... (the rest is left out)")
        return len(text)


class _Switch(io.TextIOBase):
    """Stands in for a stream: text of a catching context is caught, other text goes to the stream."""

    def __init__(self, stream: Any, caught: _Caught) -> None:
        self.stream = stream
        self.caught = caught

    def write(self, text: str) -> int:
        caught = _catching.get()
        # A task that outlives its actor still has the actor's context.
        if caught is None or caught.is_over or _is_a_debugger(sys._getframe(1)):  # noqa: SLF001  (there is no public one)
            return int(self.stream.write(text) or 0)
        return caught.write(text)

    def flush(self) -> None:
        self.stream.flush()

    def close(self) -> None:
        """Do nothing: the stream is not this object's. Otherwise each one that is dropped would flush the stream."""

    def isatty(self) -> bool:
        return bool(self.stream.isatty())

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return int(self.stream.fileno())

    @property
    def encoding(self) -> Any:  # type: ignore[override]  # io itself cannot set it either
        return self.stream.encoding

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextmanager
def caught_printing() -> Iterator[io.StringIO]:
    """Catch what this context prints to standard output and standard error, in its tasks and worker threads too.

    Where the block is left by an exception, the caught output is printed after all.

    Yields:
        The output so far; at most 100,000 characters.
    """
    caught = _Caught()
    sys.stdout, sys.stderr = _Switch(sys.stdout, caught), _Switch(sys.stderr, caught)
    token = _catching.set(caught)
    try:
        yield caught
    except BaseException:
        _end(caught, token)
        sys.stdout.write(caught.getvalue())
        raise
    else:
        _end(caught, token)


@contextmanager
def caught_display(printed: io.StringIO) -> Iterator[None]:
    """Add the text of what this context shows with IPython's `display` to what it prints; it is shown as before.

    Args:
        printed: What `caught_printing` yields for this context.
    """
    # Only ipykernel lets its displays be heard.
    publisher: Any = getattr(ipython_shell(), "display_pub", None)
    if not hasattr(publisher, "register_hook"):
        yield
        return

    def hear(message: dict[str, Any]) -> dict[str, Any]:
        if _catching.get() is printed:
            text = message.get("content", {}).get("data", {}).get("text/plain")
            if isinstance(text, str):
                printed.write(f"{text}\n")
        return message

    publisher.register_hook(hear)
    try:
        yield
    finally:
        publisher.unregister_hook(hear)


def _is_a_debugger(frame: FrameType | None) -> bool:
    for _ in range(NEAR):
        if frame is None:
            return False
        module = frame.f_globals.get("__name__")
        # A debugger is one of many programs that read lines by `cmd`.
        if module in DEBUGGERS or (module == "cmd" and isinstance(frame.f_locals.get("self"), bdb.Bdb)):
            return True
        frame = frame.f_back
    return False


def _end(caught: _Caught, token: Any) -> None:
    _catching.reset(token)
    caught.is_over = True
    # Blocks may end in another order than they began, and a stream that was replaced meanwhile stays replaced.
    sys.stdout, sys.stderr = _still_used(sys.stdout), _still_used(sys.stderr)


def _still_used(stream: Any) -> Any:
    while isinstance(stream, _Switch) and stream.caught.is_over:
        stream = stream.stream
    return stream
