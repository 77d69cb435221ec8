"""Stopping a worker by a signal, and leaving everybody else's signal handlers as they were."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from repid_nb.core.logger import logger

__all__ = ["stop_on_signals"]


@contextmanager
def stop_on_signals(signals: Iterable[signal.Signals] | None, stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` when one of the signals comes, as long as the block lasts.

    Outside the main thread, and where the platform has no signal handlers, nothing is registered.

    Args:
        signals: Which; None for SIGINT and SIGTERM, in a notebook kernel for SIGTERM only.
        stop: What to call, on the event loop.
    """
    if signals is None:
        signals = [signal.SIGTERM] if _in_notebook_kernel() else [signal.SIGINT, signal.SIGTERM]
    loop = asyncio.get_running_loop()
    former = {}
    if threading.current_thread() is threading.main_thread():
        for one in signals:
            handler = signal.getsignal(one)
            try:
                loop.add_signal_handler(one, stop)
            except (NotImplementedError, RuntimeError, ValueError):
                logger.debug("worker.signal.unsupported", extra={"signal": one})
            else:
                former[one] = handler
    try:
        yield
    finally:
        for one, handler in former.items():
            loop.remove_signal_handler(one)
            if handler is not None:
                signal.signal(one, handler)


def _in_notebook_kernel() -> bool:
    # Only looks at what is loaded: the core imports nothing of a notebook.
    kernelapp = sys.modules.get("ipykernel.kernelapp")
    return kernelapp is not None and bool(kernelapp.IPKernelApp.initialized())
