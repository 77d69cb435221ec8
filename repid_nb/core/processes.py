"""Plain functions in other processes: what can be called there, and a pool that outlives its processes."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import functools
import pickle
import sys
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from typing import Any

__all__ = ["call_in_process", "is_process_pool", "where_it_hides"]

_REPLACING = threading.Lock()
_shared: list[Executor] = []
# Dropped while all modules are there: a pool that ends with the last of them complains.
atexit.register(_shared.clear)


def where_it_hides(fn: Callable[..., Any], executor: Executor | None) -> str:
    """Return where a function is defined, if the pool's processes cannot import it from there; otherwise `""`."""
    context = getattr(executor, "_mp_context", None)
    if context is not None and context.get_start_method() == "fork":
        # Such a process begins as a copy of this one, with the function in it.
        return ""
    while isinstance(fn, functools.partial):
        fn = fn.func
    fn = getattr(fn, "__func__", fn)
    defined = fn if hasattr(fn, "__qualname__") else type(fn)
    if "<lambda>" in defined.__qualname__:
        return "as a lambda"
    if "<locals>" in defined.__qualname__:
        return "inside another function"
    main = sys.modules.get("__main__")
    is_session = getattr(main, "__spec__", None) is None and getattr(main, "__file__", None) is None
    return "in a notebook cell" if defined.__module__ == "__main__" and is_session else ""


def is_process_pool(executor: Executor | None) -> bool:
    """Say whether an executor is the standard library's pool of processes."""
    # Importing the class would import multiprocessing, which nearly no actor needs.
    module = sys.modules.get("concurrent.futures.process")
    return module is not None and isinstance(executor, module.ProcessPoolExecutor)


async def call_in_process(executor: Executor | None, call: Callable[[], Any]) -> Any:
    """Make a call in another process and return its result.

    The call and its result are pickled on both sides here, not by the pool: what cannot be read on the other side fails
    this call alone, and does not break the pool.

    Args:
        executor: A pool of processes, or None for the one that all share; if that is broken, it is replaced.
        call: A partial of a function that the other process can import.

    Raises:
        BrokenExecutor: The process ended during the call.
        Exception: What the function raised, or why its arguments or its result cannot be pickled.
    """
    pickled = pickle.dumps(call)
    pool = executor or _shared_pool()
    try:
        running: Future[Any] = pool.submit(_run, pickled)
    except BrokenExecutor:
        # One of its processes ended between two calls. This call has not begun, so it can be made again.
        if executor is not None:
            raise
        running = _replaced(pool).submit(_run, pickled)
    try:
        return pickle.loads(await asyncio.wrap_future(running))  # noqa: S301
    except BrokenExecutor:
        if executor is None:
            _replaced(pool)
        raise


def _run(pickled: bytes) -> bytes:
    call = pickle.loads(pickled)  # noqa: S301
    try:
        return pickle.dumps(call())
    except Exception as error:
        try:
            pickle.loads(pickle.dumps(error))  # noqa: S301
        except Exception:
            # The pool would break where it reads such an exception.
            raise RuntimeError(f"{type(error).__name__}: {error}") from None
        raise


def _shared_pool() -> Executor:
    with _REPLACING:
        if not _shared:
            _shared.append(_new_pool())
        return _shared[0]


def _replaced(broken: Executor) -> Executor:
    with _REPLACING:
        if _shared[0] is broken:
            _shared[0] = _new_pool()
        return _shared[0]


def _new_pool() -> Executor:
    import multiprocessing  # noqa: PLC0415  (a third of the import time of what calls functions, and few need it)

    # Not a fork: it would copy the thread pool's locks, held or not.
    method = "forkserver" if sys.platform == "linux" else "spawn"
    return concurrent.futures.ProcessPoolExecutor(mp_context=multiprocessing.get_context(method))
