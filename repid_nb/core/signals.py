"""Stopping a worker by a signal, and leaving everybody else's signal handlers as they were."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from repid_nb.core.logger import logger

__all__ = ["stop_on_signals"]


_stops: dict[int, list[Callable[[], None]]] = {}
_former: dict[int, Any] = {}


@contextmanager
def stop_on_signals(signals: Iterable[signal.Signals] | None, stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` when one of the signals comes, as long as the block lasts.

    One signal stops every worker that asked for it, and a second one does what it did before (repid 2.1.4): it ends
    a shutdown that takes too long. Outside the main thread, and where the platform has no signal handlers, nothing is
    registered.

    Args:
        signals: Which; None for SIGINT and SIGTERM, in a notebook kernel for SIGTERM only.
        stop: What to call, on the event loop.
    """
    if signals is None:
        signals = [signal.SIGTERM] if _in_notebook_kernel() else [signal.SIGINT, signal.SIGTERM]
    registered = [one for one in set(signals) if _register(one, stop)]
    try:
        yield
    finally:
        for one in registered:
            _unregister(one, stop)


def _register(one: int, stop: Callable[[], None]) -> bool:
    if threading.current_thread() is not threading.main_thread():
        return False
    if one not in _stops:
        former = signal.getsignal(one)
        try:
            asyncio.get_running_loop().add_signal_handler(one, _stop_all, one)
        except (NotImplementedError, RuntimeError, ValueError):
            logger.debug("worker.signal.unsupported", extra={"signal": one})
            return False
        _former[one] = former
        _stops[one] = []
    _stops[one].append(stop)
    return True


def _stop_all(one: int) -> None:
    for stop in list(_stops.get(one, ())):
        _unregister(one, stop)
        stop()


def _unregister(one: int, stop: Callable[[], None]) -> None:
    stops = _stops.get(one, [])
    if stop not in stops:
        return
    stops.remove(stop)
    if stops:
        return
    del _stops[one]
    asyncio.get_running_loop().remove_signal_handler(one)
    former = _former.pop(one)
    # None is a handler that was not set from Python, and cannot be.
    if former is not None:
        signal.signal(one, former)


def _in_notebook_kernel() -> bool:
    # Only looks at what is loaded: the core imports nothing of a notebook.
    kernelapp = sys.modules.get("ipykernel.kernelapp")
    return kernelapp is not None and bool(kernelapp.IPKernelApp.initialized())
