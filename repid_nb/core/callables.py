"""Callables: their signatures and kinds, and awaiting a plain one without blocking the loop."""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import inspect
import sys
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, ParamSpec, TypeVar, cast

from repid_nb.core.errors import DeclarationError
from repid_nb.core.processes import call_in_process, is_process_pool, where_it_hides

__all__ = [
    "NeverRunError",
    "UnresolvedAnnotationError",
    "asyncify",
    "is_async",
    "is_called_in_vain",
    "name_of",
    "never_runs",
    "signature_of",
]

P = ParamSpec("P")
R = TypeVar("R")


class UnresolvedAnnotationError(DeclarationError, NameError):
    """An annotation names something that cannot be found."""


class NeverRunError(DeclarationError, RuntimeError):
    """A function was called, and only made a generator: nothing in it ran."""


def signature_of(fn: Callable[..., Any], fn_locals: Mapping[str, Any] | None) -> inspect.Signature:
    """Return a signature whose annotations are objects, also where they were written as text.

    Args:
        fn_locals: Names to look in before the function's module, such as those of the caller's function.

    Raises:
        UnresolvedAnnotationError: An annotation has a name that is in neither.
    """
    try:
        return inspect.signature(fn, locals=fn_locals, eval_str=True)
    except NameError as error:
        raise UnresolvedAnnotationError(
            f"An annotation of {name_of(fn)!r} cannot be resolved: {error}. Define or import it before the function, "
            f"in the module or the function that declares it, and not only under `if TYPE_CHECKING:`."
        ) from error


def name_of(fn: Callable[..., Any]) -> str:
    """Return the name of a function, of the function in a partial, or of an object's class."""
    while isinstance(fn, functools.partial):
        fn = fn.func
    return getattr(fn, "__name__", type(fn).__name__)


def is_async(fn: Callable[..., Any]) -> bool:
    """Say whether it is a coroutine function, or an object with such a `__call__`."""
    return any(inspect.iscoroutinefunction(one) for one in _called(fn))


def never_runs(fn: Callable[..., Any]) -> bool:
    """Say whether it has a `yield`, so that a call only makes a generator."""
    return any(inspect.isgeneratorfunction(one) or inspect.isasyncgenfunction(one) for one in _called(fn))


def is_called_in_vain(fn: Callable[..., Any]) -> bool:
    """Say whether a call returns a coroutine or a generator instead of an answer, also inside a plain decorator."""
    return any(is_async(one) or never_runs(one) for one in (fn, inspect.unwrap(fn)))


def _called(fn: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    while isinstance(fn, functools.partial):
        fn = fn.func
    # The type's `__call__` and not the object's: a class with an asynchronous `__call__` is itself a plain callable.
    return fn, type(fn).__call__


def asyncify(
    fn: Callable[P, Any],
    *,
    run_in_process: bool = False,
    executor: Executor | None = None,
    may_return_generator: bool = True,
) -> Callable[P, Coroutine[Any, Any, Any]]:
    """Return a callable with the same signature whose result is awaited (repid 2.1.4).

    A callable that is asynchronous already is returned unchanged. A plain one runs in a pool of threads, and sees
    the context variables of its caller, which repid's does not. In the browser, where no thread can start, it runs on
    the event loop. Where it returns a coroutine, as a decorator around an asynchronous function does, that is awaited.

    Args:
        fn: A function, method, partial, class, or object with `__call__`.
        run_in_process: Use a pool of processes instead; the function and its arguments are pickled.
        executor: Use this pool, whatever `run_in_process` says.
        may_return_generator: Whether a generator may be a result; a function with `yield` is refused anyway.

    Raises:
        DeclarationError: The function should run in another process, which cannot import it.
    """
    if is_async(fn):
        return fn
    in_process = run_in_process if executor is None else is_process_pool(executor)
    if in_process and sys.platform != "emscripten" and (place := where_it_hides(fn, executor)):
        raise DeclarationError(
            f"{name_of(fn)!r} cannot run in another process, because it is defined {place}, where no other process can "
            f"import it from. Put it in a .py file and import it, or let it run in a thread, as without run_in_process."
        )

    @functools.wraps(fn)
    async def inner(*args: P.args, **kwargs: P.kwargs) -> Any:
        result = await called(*args, **kwargs)
        # No other kind of awaitable: a client of a database may be one, and is meant as it is.
        if inspect.iscoroutine(result):
            return await result
        is_generator = inspect.isgenerator(result) or inspect.isasyncgen(result)
        if is_generator and (not may_return_generator or never_runs(inspect.unwrap(fn))):
            raise NeverRunError(
                f"{name_of(fn)!r} returned a generator, and nothing in it has run. A function with `yield` is not "
                f"supported here, also not inside a decorator: return a value instead."
            )
        return result

    async def called(*args: P.args, **kwargs: P.kwargs) -> Any:
        call = functools.partial(_call, fn, *args, **kwargs)
        if executor is None and sys.platform == "emscripten":
            return call()
        if in_process:
            return await call_in_process(executor, call)
        pool = _thread_pool() if executor is None else executor
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


@functools.cache
def _thread_pool() -> Executor:
    return ThreadPoolExecutor(thread_name_prefix="repid_nb")


def _runs_in_threads(pool: Executor) -> bool:
    # A context cannot be pickled, and a pool of interpreters (Python 3.14) is a pool of threads that pickles.
    pickling = cast("type[Executor] | tuple[()]", getattr(concurrent.futures, "InterpreterPoolExecutor", None) or ())
    return isinstance(pool, ThreadPoolExecutor) and not isinstance(pool, pickling)
