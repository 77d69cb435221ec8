"""Tracebacks as IPython is given them."""

from __future__ import annotations

import sys
import threading
from types import FunctionType
from typing import NoReturn

import pytest

from repid_nb.notebook import tracebacks
from repid_nb.notebook.tracebacks import without_our_frames


def fail() -> NoReturn:
    raise ValueError("here")


def test_a_place_between_two_lines_is_left_out_because_ipython_cannot_show_it():
    # As where an interrupt comes: the code tells no line.
    between_lines = FunctionType(fail.__code__.replace(co_linetable=b""), {})
    with pytest.raises(ValueError, match="here") as caught:
        between_lines()
    here, there = caught.tb, caught.tb.tb_next
    assert there is not None
    assert there.tb_lineno is None
    shown = without_our_frames(here)
    assert shown is not None
    assert (shown.tb_lineno, shown.tb_next) == (here.tb_lineno, None)


def test_an_error_in_a_thread_of_its_own_is_not_kept_for_a_debugger(monkeypatch):
    monkeypatch.setattr(tracebacks, "ipython_shell", object)
    before = getattr(sys, "last_value", None)
    thread = threading.Thread(target=tracebacks.let_debuggers_open, args=[ValueError("the answer's")])
    thread.start()
    thread.join()
    assert getattr(sys, "last_value", None) is before
