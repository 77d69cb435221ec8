"""Catching what is printed in one context, while everybody else's printing goes where it always went."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

__all__ = ["caught_printing"]

LIMIT = 100_000

_catching: ContextVar[_Caught | None] = ContextVar("repid_nb_catching", default=None)


class _Caught(io.StringIO):
    """What was printed, up to a limit."""

    def write(self, text: str) -> int:
        room = LIMIT - self.tell()
        if room > 0:
            super().write(text[:room])
            if len(text) > room:
                super().write("\n... (the rest is left out)")
        return len(text)


class _Switch(io.TextIOBase):
    """Stands in for a stream: in a catching context text is caught, otherwise it goes to the stream."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        caught = _catching.get()
        return caught.write(text) if caught is not None else int(self.stream.write(text) or 0)

    def flush(self) -> None:
        self.stream.flush()

    def isatty(self) -> bool:
        return bool(self.stream.isatty())

    def writable(self) -> bool:
        return True

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextmanager
def caught_printing() -> Iterator[io.StringIO]:
    """Catch what this context prints to standard output and standard error, threads it starts included.

    Yields:
        What was printed so far; at most 100,000 characters.
    """
    out, err = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Switch(out), _Switch(err)
    switches = sys.stdout, sys.stderr
    caught = _Caught()
    token = _catching.set(caught)
    try:
        yield caught
    finally:
        _catching.reset(token)
        # Somebody who replaced a stream meanwhile keeps what they set.
        if sys.stdout is switches[0]:
            sys.stdout = out
        if sys.stderr is switches[1]:
            sys.stderr = err
