"""Callables: what one declares, and how a plain one is awaited without holding up the loop."""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import inspect
import sys
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, ParamSpec, TypeVar, cast, overload

from repid_nb.core.errors import DeclarationError

__all__ = ["UnresolvedAnnotationError", "asyncify", "name_of", "signature_of"]

P = ParamSpec("P")
R = TypeVar("R")


class UnresolvedAnnotationError(DeclarationError, NameError):
    """An annotation names something that cannot be found."""


def signature_of(fn: Callable[..., Any], fn_locals: Mapping[str, Any] | None) -> inspect.Signature:
    """Return a signature whose annotations are objects, also where they were written as text.

    Args:
        fn: Any callable.
        fn_locals: Names to look in before the function's module, such as those of the caller's function.

    Raises:
        UnresolvedAnnotationError: An annotation names something that is in neither.
    """
    try:
        return inspect.signature(fn, locals=fn_locals, eval_str=True)
    except NameError as error:
        raise UnresolvedAnnotationError(
            f"An annotation of {name_of(fn)!r} cannot be resolved: {error}. Define or import it before the function, "
            f"in the module or the function that declares it, and not only under `if TYPE_CHECKING:`."
        ) from error


def name_of(fn: Callable[..., Any]) -> str:
    """Return a callable's name; for a partial its function's, for an object its class's."""
    while isinstance(fn, functools.partial):
        fn = fn.func
    return getattr(fn, "__name__", type(fn).__name__)


@overload
def asyncify(
    fn: Callable[P, Coroutine[Any, Any, R]], *, run_in_process: bool = False, executor: Executor | None = None
) -> Callable[P, Coroutine[Any, Any, R]]: ...


@overload
def asyncify(
    fn: Callable[P, R], *, run_in_process: bool = False, executor: Executor | None = None
) -> Callable[P, Coroutine[Any, Any, R]]: ...


def asyncify(
    fn: Callable[P, Any], *, run_in_process: bool = False, executor: Executor | None = None
) -> Callable[P, Coroutine[Any, Any, Any]]:
    """Make any callable one that is awaited (repid 2.1.4; what the names mean is its actors' documentation).

    A callable that is asynchronous already is returned unchanged. A plain one runs in a pool of threads, and sees
    the context variables of its caller, which repid's does not. In the browser, where no thread can start, it
    runs on the event loop itself.

    Args:
        fn: A function, method, partial, class, or object with `__call__`.
        run_in_process: Use a pool of processes instead; the function and its arguments are pickled.
        executor: Use this pool, whatever `run_in_process` says.

    Returns:
        A callable with the signature of `fn` whose result is awaited.
    """
    if _is_async(fn):
        return fn

    @functools.wraps(fn)
    async def inner(*args: P.args, **kwargs: P.kwargs) -> Any:
        pool = executor if executor is not None else _shared_pool(in_process=run_in_process)
        call = functools.partial(_call, fn, *args, **kwargs)
        if pool is None:
            return call()
        if _runs_in_threads(pool):
            call = functools.partial(copy_context().run, call)
        return await asyncio.get_running_loop().run_in_executor(pool, call)

    return inner


def _call(fn: Callable[..., R], *args: Any, **kwargs: Any) -> R:
    try:
        return fn(*args, **kwargs)
    except StopIteration as error:
        # A future cannot hold StopIteration: what awaits it would wait for ever. Coroutines raise the same (PEP 479).
        raise RuntimeError(f"{name_of(fn)!r} raised StopIteration") from error


def _is_async(fn: Callable[..., Any]) -> bool:
    while isinstance(fn, functools.partial):
        fn = fn.func
    # The type's `__call__` and not the object's: a class with an asynchronous `__call__` is itself a plain callable.
    return inspect.iscoroutinefunction(fn) or inspect.iscoroutinefunction(type(fn).__call__)


def _shared_pool(*, in_process: bool) -> Executor | None:
    if sys.platform == "emscripten":
        return None
    return _process_pool() if in_process else _thread_pool()


@functools.cache
def _thread_pool() -> Executor:
    return ThreadPoolExecutor(thread_name_prefix="repid_nb")


@functools.cache
def _process_pool() -> Executor:
    import multiprocessing  # noqa: PLC0415  (a third of this module's import time, and few actors need it)

    # Never a fork: the thread pool's locks would be copied in whatever state they are.
    method = "forkserver" if sys.platform == "linux" else "spawn"
    return concurrent.futures.ProcessPoolExecutor(mp_context=multiprocessing.get_context(method))


def _runs_in_threads(pool: Executor) -> bool:
    # A context cannot be pickled, and a pool of interpreters (Python 3.14) is a pool of threads that pickles.
    pickling = cast("type[Executor] | tuple[()]", getattr(concurrent.futures, "InterpreterPoolExecutor", None) or ())
    return isinstance(pool, ThreadPoolExecutor) and not isinstance(pool, pickling)
