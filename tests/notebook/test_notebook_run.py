"""repid_nb.notebook outside a kernel. What patches asyncio runs in a Python of its own."""

from __future__ import annotations

import asyncio
import signal

import pytest
from support.script import run_script

from repid_nb.notebook.interrupts import interruptible
from repid_nb.notebook.loop import prepare_event_loop, run

# Enough of Pyodide's own interface to see which way `run` takes; the real one is a browser.
PYODIDE = """
import asyncio, sys, types
sys.platform = "emscripten"
sys.modules["pyodide"] = types.ModuleType("pyodide")
ffi = sys.modules["pyodide.ffi"] = types.ModuleType("pyodide.ffi")
ffi.can_run_sync = lambda: can_run_sync

def run_sync(awaitable):
    try:
        return asyncio.run(awaitable)
    except BaseException:
        print("an error has left run_sync")
        raise

ffi.run_sync = run_sync
from repid_nb.notebook.interrupts import interruptible
from repid_nb.notebook.loop import prepare_event_loop, run

async def actor():
    print("started")
    return 42
"""


def test_importing_it_loads_neither_notebook_nor_nesting():
    loaded = run_script("""
        import sys
        import repid_nb.notebook.loop
        print({"IPython", "ipykernel", "ipywidgets", "nest_asyncio2", "pydantic"} & set(sys.modules))
    """)
    assert loaded == "set()\n"


def test_without_a_loop_run_is_asyncio_run():
    async def actor():
        return await asyncio.sleep(0, "done")

    assert run(actor()) == "done"


def test_run_takes_any_awaitable():
    class Answer:
        def __await__(self):
            yield from asyncio.sleep(0).__await__()
            return 42

    assert run(Answer()) == 42


def test_run_without_the_call_says_to_call():
    async def main(): ...

    with pytest.raises(TypeError, match=r"given the function main, .* Call it: run\(main\(\)\)"):
        run(main)


def test_run_of_a_call_that_had_already_run_says_so():
    with pytest.raises(TypeError, match=r"given None.*Call it without run\(\)"):
        run(None)


def test_run_of_something_else_names_its_type():
    with pytest.raises(TypeError, match=r"given int, which cannot be awaited"):
        run(3)


def test_on_a_running_loop_run_nests():
    assert (
        run_script("""
        import asyncio
        from repid_nb.notebook.loop import run

        async def inner():
            await asyncio.sleep(0)
            return asyncio.get_running_loop()

        async def main():
            print(run(inner()) is asyncio.get_running_loop())

        asyncio.run(main())
    """)
        == "True\n"
    )


@pytest.mark.parametrize("number", [2, 5])
def test_on_a_loop_that_ran_before_it_could_nest_a_nested_run_takes_no_callback_from_it(number: int):
    # Each of these is a callback that the loop's turn has counted, and that the first nested run runs.
    answer = run_script(f"""
        import asyncio
        from repid_nb.notebook.loop import run

        async def nested(number):
            return run(asyncio.sleep(0.001, number))

        async def main():
            print(sorted(await asyncio.gather(*(nested(number) for number in range({number})))))

        asyncio.run(main())
    """)
    assert answer == f"{list(range(number))}\n"


@pytest.mark.parametrize("interrupted", ["asyncio.get_running_loop().call_soon(interrupt)", "interrupt()"])
def test_a_nested_run_that_is_interrupted_cleans_up_and_leaves_no_error_behind(interrupted: str):
    answer = run_script(f"""
        import asyncio, gc, signal
        from repid_nb.notebook.loop import run

        def interrupt():
            signal.raise_signal(signal.SIGINT)

        async def inner():
            try:
                {interrupted}
                await asyncio.sleep(60)
            finally:
                await asyncio.sleep(0)
                print("cleaned up")

        async def main():
            try:
                run(inner())
            except KeyboardInterrupt:
                print("interrupted")

        loop = asyncio.new_event_loop()
        loop.run_until_complete(main())
        gc.collect()
        loop.close()
    """)
    assert answer == "cleaned up\ninterrupted\n"


def test_a_loop_that_is_not_asyncios_own_is_refused_before_anything_starts():
    answer = run_script("""
        import asyncio
        from repid_nb.notebook.loop import run

        class ForeignLoop(asyncio.AbstractEventLoop):
            pass

        async def actor():
            print("started")

        asyncio._set_running_loop(ForeignLoop())
        try:
            run(actor())
        except RuntimeError as error:
            print(error)
    """)
    assert answer.startswith("The running loop (__main__.ForeignLoop) is not asyncio's own")
    assert "await ..." in answer
    assert "started" not in answer
    assert "never awaited" not in answer


def test_the_archived_nest_asyncio_is_warned_of_once():
    answer = run_script(
        """
        import asyncio, warnings
        import nest_asyncio
        from repid_nb.notebook.loop import run

        nest_asyncio.apply()

        async def main():
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                print([run(asyncio.sleep(0, number)) for number in (1, 2)])
            print(*(warning.message for warning in caught), sep="\\n")

        asyncio.get_event_loop().run_until_complete(main())
    """,
        "-W",
        "ignore::DeprecationWarning",
        "-W",
        "ignore::ResourceWarning",
    )
    result, *caught = answer.splitlines()
    assert result == "[1, 2]"
    assert len(caught) == 1
    assert "Remove `nest_asyncio.apply()` and restart the kernel" in caught[0]


def test_in_a_browser_that_can_wait_run_waits():
    assert run_script("can_run_sync = True" + PYODIDE + "print(run(actor()))") == "started\n42\n"


def test_in_a_browser_an_error_that_a_cell_handles_does_not_leave_run_sync():
    # Pyodide's loop would show it as the cell's all the same.
    code = "async def fails():\n    raise ValueError\ntry:\n    run(fails())\nexcept ValueError:\n    print('handled')"
    assert run_script(f"can_run_sync = True{PYODIDE}{code}") == "handled\n"


def test_in_a_browser_that_cannot_wait_run_says_to_await_before_anything_starts():
    answer = run_script(
        f"can_run_sync = False{PYODIDE}\ntry:\n    run(actor())\nexcept RuntimeError as error:\n    print(error)"
    )
    assert answer == "This browser cannot wait inside a call. Write `await ...` instead of `run(...)`.\n"


def test_in_a_browser_there_is_no_loop_to_prepare_and_no_signal_to_catch():
    code = "async def step():\n    with interruptible():\n        return 'stepped'\n"
    answer = run_script(f"can_run_sync = True{PYODIDE}{code}print(prepare_event_loop(), asyncio.run(step()))")
    assert answer == "False stepped\n"


async def test_outside_a_kernel_no_loop_is_prepared():
    assert prepare_event_loop() is False
    assert not hasattr(asyncio, "_nest_patched")


async def test_outside_a_kernel_the_signals_are_left_alone():
    before = signal.getsignal(signal.SIGINT)
    with interruptible():
        assert signal.getsignal(signal.SIGINT) is before


async def test_outside_a_kernel_a_cancellation_stays_one():
    async def step():
        with interruptible():
            await asyncio.sleep(60)

    task = asyncio.create_task(step())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
