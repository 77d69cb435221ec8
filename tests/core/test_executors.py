"""Plain functions made awaitable: where they run, what they see, and what they look like."""

import asyncio
import contextvars
import functools
import inspect
import math
import os
import pickle
import sys
import threading
import types
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import pytest
from support import elsewhere

from repid_nb.core import processes
from repid_nb.core.callables import NeverRunError, asyncify, is_called_in_vain, never_runs
from repid_nb.core.errors import DeclarationError

colour: contextvars.ContextVar[str] = contextvars.ContextVar("colour", default="none")


def add(a: int, b: int = 2, *, c: int = 3) -> int:
    """Add three numbers."""
    return a + b + c


def where() -> int:
    return threading.get_ident()


class Adder:
    def __init__(self, base: int = 0) -> None:
        self.base = base

    def method(self, n: int) -> int:
        return self.base + n

    async def async_method(self, n: int) -> int:
        return self.base + n

    def __call__(self, n: int) -> int:
        return self.base + n


class AsyncAdder:
    def __init__(self, base: int) -> None:
        self.base = base

    async def __call__(self, n: int) -> int:
        return self.base + n


async def coroutine(n: int) -> int:
    return n + 1


ALREADY_ASYNC = {
    "a coroutine function": coroutine,
    "a bound coroutine method": Adder(1).async_method,
    "a partial of a coroutine function": functools.partial(coroutine),
    "an object with an asynchronous call": AsyncAdder(1),
    "a partial of such an object": functools.partial(AsyncAdder(1)),
}


@pytest.mark.parametrize("fn", ALREADY_ASYNC.values(), ids=ALREADY_ASYNC)
async def test_what_is_asynchronous_already_is_returned_unchanged(fn):
    assert asyncify(fn) is fn
    assert await asyncify(fn)(1) == 2


PLAIN = {
    "a function": lambda n: n + 1,
    "a bound method": Adder(1).method,
    "a callable object": Adder(1),
    "a partial": functools.partial(add, 0, c=1, b=0),
    "a builtin": math.ceil,
}


@pytest.mark.parametrize("name", PLAIN)
async def test_any_plain_callable_becomes_a_coroutine_function(name):
    wrapped = asyncify(PLAIN[name])

    assert inspect.iscoroutinefunction(wrapped)
    assert await (wrapped() if name == "a partial" else wrapped(1)) == (1 if name in {"a partial", "a builtin"} else 2)


async def test_a_class_is_called_to_make_an_instance():
    made = await asyncify(Adder)(5)
    also_made = await asyncify(AsyncAdder)(5)

    assert isinstance(made, Adder)
    assert isinstance(also_made, AsyncAdder)
    assert made.base == also_made.base == 5


async def test_arguments_and_result_pass_through():
    assert await asyncify(add)(1, c=10) == 13


async def test_an_exception_passes_through():
    def fail():
        raise KeyError("gone")

    with pytest.raises(KeyError, match="gone"):
        await asyncify(fail)()


def test_the_wrapped_function_keeps_its_name_its_documentation_and_its_signature():
    wrapped = asyncify(add)

    assert wrapped.__name__ == "add"
    assert wrapped.__doc__ == "Add three numbers."
    assert inspect.signature(wrapped) == inspect.signature(add)
    assert inspect.unwrap(wrapped) is add


async def test_a_plain_function_runs_in_another_thread():
    assert await asyncify(where)() != threading.get_ident()


async def test_the_loop_stays_free_while_a_plain_function_waits():
    gate = threading.Event()

    waiting = asyncio.create_task(asyncify(gate.wait)())
    await asyncio.sleep(0)
    gate.set()

    assert await waiting is True


async def test_plain_functions_see_the_context_variables_of_their_caller():
    async def run_as(value):
        colour.set(value)
        return await asyncify(colour.get)()

    assert await asyncio.gather(run_as("red"), run_as("blue")) == ["red", "blue"]


async def test_what_a_plain_function_sets_in_its_context_stays_there():
    await asyncify(colour.set)("green")

    assert colour.get() == "none"


async def test_an_executor_of_ones_own_is_used_and_sees_the_context_too():
    colour.set("violet")
    with ThreadPoolExecutor(1, thread_name_prefix="mine") as pool:
        thread = await asyncify(lambda: threading.current_thread().name, executor=pool)()
        seen = await asyncify(colour.get, executor=pool)()

    assert thread.startswith("mine")
    assert seen == "violet"


async def test_an_executor_of_ones_own_goes_before_run_in_process():
    with ThreadPoolExecutor(1) as pool:
        assert await asyncify(os.getpid, run_in_process=True, executor=pool)() == os.getpid()


async def test_run_in_process_runs_in_another_process():
    assert await asyncify(os.getpid, run_in_process=True)() != os.getpid()


async def test_run_in_process_carries_arguments_and_result():
    assert await asyncify(math.comb, run_in_process=True)(5, 2) == 10


async def test_a_process_pool_of_ones_own_gets_a_call_that_can_be_pickled():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert await asyncify(os.getpid, executor=pool)() != os.getpid()


async def test_an_executor_of_an_unknown_kind_gets_the_plain_call():
    class Inline(Executor):
        def submit(self, fn, /, *args, **kwargs):
            self.got = fn
            future = Future()
            future.set_result(fn(*args, **kwargs))
            return future

    pool = Inline()

    assert await asyncify(add, executor=pool)(1) == 6
    assert pool.got.args[0] is add


@pytest.mark.parametrize("run_in_process", [False, True])
async def test_in_the_browser_a_plain_function_runs_on_the_loop_itself(monkeypatch, run_in_process):
    wrapped = asyncify(where, run_in_process=run_in_process)
    monkeypatch.setattr(sys, "platform", "emscripten")

    assert await wrapped() == threading.get_ident()


async def test_in_the_browser_an_executor_of_ones_own_is_still_used(monkeypatch):
    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(sys, "platform", "emscripten")

        assert await asyncify(where, executor=pool)() != threading.get_ident()


def find_the_first() -> int:
    return next(n for n in range(3) if n > 5)


async def test_a_plain_function_that_raises_stop_iteration_fails_instead_of_never_ending():
    with pytest.raises(RuntimeError, match="'find_the_first' raised StopIteration") as caught:
        await asyncio.wait_for(asyncify(find_the_first)(), 60)
    assert isinstance(caught.value.__cause__, StopIteration)


def passing_on(fn):
    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        return fn(*args, **kwargs)

    return wrapper


async def test_what_a_plain_decorator_makes_of_a_coroutine_function_is_awaited():
    colour.set("orange")

    async def paint():
        await asyncio.sleep(0)
        return colour.get()

    assert await asyncify(passing_on(paint))() == "orange"
    assert await asyncify(lambda number: paint())(1) == "orange"


async def test_an_awaitable_that_is_no_coroutine_is_a_result_like_any_other():
    class Client:
        def __await__(self):
            raise AssertionError
            yield

    assert isinstance(await asyncify(Client)(), Client)


def counting():
    yield 1


async def streaming():
    yield 1


@pytest.mark.parametrize("fn", [counting, streaming])
async def test_a_generator_function_inside_a_plain_decorator_fails_because_nothing_in_it_ran(fn):
    with pytest.raises(NeverRunError, match=f"'{fn.__name__}' returned a generator"):
        await asyncify(passing_on(fn))()


async def test_a_plain_function_may_return_a_generator_where_its_caller_wants_one():
    assert list(await asyncify(lambda number: counting())(1)) == [1]
    with pytest.raises(NeverRunError):
        await asyncify(lambda number: counting(), may_return_generator=False)(1)


@pytest.mark.parametrize("fn", [counting, streaming, functools.partial(counting)])
def test_a_function_with_yield_never_runs(fn):
    assert never_runs(fn)
    assert is_called_in_vain(passing_on(counting))
    assert not never_runs(add)
    assert not is_called_in_vain(add)


def a_session_s_function():
    def cell(n: int) -> int:
        return n

    cell.__module__, cell.__qualname__ = "__main__", "cell"
    return cell


HIDDEN = {
    "as a lambda": lambda n: n,
    "inside another function": passing_on(passing_on),
    "in a notebook cell": a_session_s_function(),
}
HIDDEN["inside another function"].__qualname__ = "outer.<locals>.inner"


@pytest.fixture
def session(monkeypatch):
    monkeypatch.setitem(sys.modules, "__main__", types.ModuleType("__main__"))


@pytest.mark.parametrize("place", HIDDEN)
def test_what_no_other_process_can_import_is_refused_with_the_fix(session, place):
    with pytest.raises(DeclarationError, match=f"cannot run in another process.*defined {place}.*Put it in a .py file"):
        asyncify(HIDDEN[place], run_in_process=True)
    with pytest.raises(DeclarationError, match=place), ProcessPoolExecutor(1, get_context("spawn")) as pool:
        asyncify(functools.partial(HIDDEN[place], 1), executor=pool)


def test_what_is_defined_in_a_session_can_run_in_a_thread_in_a_script_and_in_a_copy_of_the_process(session):
    fn = HIDDEN["in a notebook cell"]
    asyncify(fn)
    if sys.platform != "win32":
        with ProcessPoolExecutor(1, get_context("fork")) as pool:
            asyncify(fn, executor=pool)
    sys.modules["__main__"].__file__ = "script.py"
    asyncify(fn, run_in_process=True)


async def test_a_pool_of_processes_that_an_actor_has_broken_is_replaced():
    with pytest.raises(BrokenExecutor):
        await asyncify(os._exit, run_in_process=True)(1)
    assert await asyncify(math.comb, run_in_process=True)(5, 2) == 10


async def test_a_pool_that_broke_between_two_calls_is_replaced_before_the_next():
    with pytest.raises(BrokenExecutor):
        await asyncio.wrap_future(processes._shared_pool().submit(os._exit, 1))
    assert await asyncify(math.comb, run_in_process=True)(5, 2) == 10


@pytest.mark.parametrize(
    ("fn", "args", "kind"),
    [
        (elsewhere.fail_oddly, (), RuntimeError),
        (elsewhere.answer_oddly, (), AttributeError),
        (elsewhere.takes, (elsewhere.NotThere(),), AttributeError),
        (elsewhere.takes, (lambda: 1,), (AttributeError, pickle.PicklingError)),
    ],
)
async def test_what_cannot_cross_to_or_from_a_process_fails_alone(fn, args, kind):
    before = processes._shared_pool()
    with pytest.raises(kind):
        await asyncify(fn, run_in_process=True)(*args)
    assert processes._shared_pool() is before
    assert await asyncify(elsewhere.takes, run_in_process=True)(7) == 7
