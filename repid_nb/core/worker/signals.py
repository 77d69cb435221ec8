"""Stopping a worker by a signal, and leaving other signal handlers as they were."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from repid_nb.core.logger import logger

__all__ = ["stop_on_signals"]


@dataclass(slots=True)
class _Watch:
    """One signal on one loop: the workers that it stops, and the handler that was there before."""

    former: Any
    stops: list[Callable[[], None]] = field(default_factory=list)


# By loop: a worker that was left behind on a closed loop must not keep the next worker from its signal.
_watches: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[int, _Watch]] = WeakKeyDictionary()


@contextmanager
def stop_on_signals(signals: Iterable[signal.Signals] | None, stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop`, on the event loop, when one of the signals comes during the block.

    One signal stops every worker that asked for it. A second one does what it did before (repid 2.1.4), and so ends a
    shutdown that takes too long. Outside the main thread, and where the platform has no signal handlers, nothing is
    registered.

    Args:
        signals: None for SIGINT and SIGTERM, in a notebook kernel for SIGTERM only.
    """
    if signals is None:
        signals = [signal.SIGTERM] if _in_notebook_kernel() else [signal.SIGINT, signal.SIGTERM]
    loop = asyncio.get_running_loop()
    registered = [one for one in set(signals) if _register(loop, one, stop)]
    try:
        yield
    finally:
        for one in registered:
            _unregister(loop, one, stop)


def _register(loop: asyncio.AbstractEventLoop, one: int, stop: Callable[[], None]) -> bool:
    if threading.current_thread() is not threading.main_thread():
        return False
    watches = _watches.setdefault(loop, {})
    if one not in watches:
        former = signal.getsignal(one)
        try:
            loop.add_signal_handler(one, _stop_all, loop, one)
        except (NotImplementedError, RuntimeError, ValueError):
            logger.debug("worker.signal.unsupported", extra={"signal": one})
            return False
        watches[one] = _Watch(former)
    watches[one].stops.append(stop)
    return True


def _stop_all(loop: asyncio.AbstractEventLoop, one: int) -> None:
    for stop in list(_watches[loop][one].stops):
        _unregister(loop, one, stop)
        stop()


def _unregister(loop: asyncio.AbstractEventLoop, one: int, stop: Callable[[], None]) -> None:
    watches = _watches.get(loop, {})
    watch = watches.get(one)
    if watch is None or stop not in watch.stops:
        return
    watch.stops.remove(stop)
    if watch.stops:
        return
    del watches[one]
    # A closed loop has no handler any more: the present one belongs to something else. None stands for a handler that
    # was not set from Python, and cannot be set from it.
    if loop.remove_signal_handler(one) and watch.former is not None:
        signal.signal(one, watch.former)


def _in_notebook_kernel() -> bool:
    # Only looks at what is loaded: the core imports nothing of a notebook.
    kernelapp = sys.modules.get("ipykernel.kernelapp")
    return kernelapp is not None and bool(kernelapp.IPKernelApp.initialized())
