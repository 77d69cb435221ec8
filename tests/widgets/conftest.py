"""Widgets outside a kernel."""

from __future__ import annotations

import comm
import pytest


@pytest.fixture(autouse=True)
def _comm_without_a_kernel(monkeypatch: pytest.MonkeyPatch):
    """Whoever imports ipykernel gives every later widget a comm that sends only from inside a kernel."""
    monkeypatch.setattr(comm, "create_comm", comm.DummyComm)
