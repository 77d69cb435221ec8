"""The interrupt button at the worst moments: wherever it cuts into, it ends the step and breaks nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.kernel import Cell, Kernel, started_kernel

SETUP = """
import asyncio, ctypes, functools, gc, operator, os, pathlib, signal, sys, tempfile, time, weakref
from repid_nb.notebook.interrupts import interruptible
from repid_nb.notebook.loop import run

log = []
modules = tempfile.mkdtemp()
sys.path.insert(0, modules)
pathlib.Path(modules, "half_way.py").write_text("import __main__\\n__main__.press()\\nwhole = True\\n")


def press():
    signal.raise_signal(signal.SIGINT)


class PressesAtItsEnd:
    def __del__(self):
        press()


class PressesWhenShown:
    def __repr__(self):
        press()
        return "shown whole"


def in_a_destructor():
    PressesAtItsEnd()


def in_a_callback_of_a_weak_reference():
    given = PressesWhenShown()
    kept = weakref.ref(given, lambda _gone: press())
    del given


def in_a_callback_of_the_loop():
    asyncio.get_running_loop().call_soon(press)


def in_what_is_shown():
    display(PressesWhenShown())


def in_an_import():
    sys.modules.pop("half_way", None)
    import half_way

    log.append(half_way.whole)


def where_all_errors_are_dropped():
    try:
        press()
    except BaseException:
        pass


async def sleeps(place):
    place()
    await asyncio.sleep(3600)


async def is_busy(place):
    place()
    await asyncio.sleep(0) if place is in_a_callback_of_the_loop else None
    while True:
        pass


async def step(actor):
    with interruptible():
        return await actor


async def in_a_task(actor):
    return await asyncio.create_task(actor)
"""

PLACES = [
    "in_a_destructor",
    "in_a_callback_of_a_weak_reference",
    "in_a_callback_of_the_loop",
    "in_what_is_shown",
    "in_an_import",
    "where_all_errors_are_dropped",
]


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    """A kernel as Jupyter starts it: how it hears the button is what is tested."""
    with started_kernel() as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def _definitions(kernel: Kernel):
    cell = kernel.execute(SETUP)
    assert cell.error is None, cell.traceback


@pytest.fixture(autouse=True)
def _kernel_still_works(kernel: Kernel):
    kernel.execute("log.clear()")
    yield
    assert kernel.execute("await asyncio.sleep(0, 'awaits')").result == "'awaits'"
    assert kernel.execute("run(asyncio.sleep(0, 'runs'))").result == "'runs'"


def stopped(kernel: Kernel, code: str) -> Cell:
    """Run a cell that has to be interrupted, and must not complain."""
    cell = kernel.execute(code)
    assert cell.error == "KeyboardInterrupt", cell.traceback
    assert cell.stderr == ""
    return cell


@pytest.mark.parametrize("actor", ["sleeps({})", "is_busy({})", "in_a_task(is_busy({}))"])
@pytest.mark.parametrize("place", PLACES)
def test_a_press_is_not_lost(kernel: Kernel, place: str, actor: str):
    cell = stopped(kernel, f"await step({actor.format(place)})")
    if place == "in_what_is_shown":
        assert cell.result == "shown whole"
    if place == "in_an_import":
        assert kernel.execute("log").result == "[True]"


LINE_BY_LINE = """
def pressing_at(number):
    \"\"\"Return what presses the button before the line of that number, counted from the next call on.\"\"\"
    lines = iter(range(number))

    def trace(frame, event, _argument):
        if event == "line" and next(lines, None) is None:
            sys.settrace(None)
            exec("import signal; signal.raise_signal(signal.SIGINT)", {"__name__": frame.f_globals["__name__"]})
        return trace

    return trace


async def talks(number):
    sys.settrace(pressing_at(number))
    print("printed", number)
    display(number)
    sys.stdout.flush()
    sys.settrace(None)
    log.append(number)
    await asyncio.sleep(3600)
"""


def test_what_an_actor_shows_is_shown_wherever_in_showing_it_the_button_is_pressed(kernel: Kernel):
    assert kernel.execute(LINE_BY_LINE).error is None
    cell = kernel.execute("""
pressed = []
for number in range(0, 600, 7):
    try:
        await step(talks(number))
    except KeyboardInterrupt:
        pressed.append(number)
""")
    assert (cell.error, cell.stderr) == (None, "")
    numbers = [*range(0, 600, 7)]
    assert kernel.execute("pressed == log == [*range(0, 600, 7)]").result == "True"
    assert cell.stdout == "".join(f"printed {number}\n" for number in numbers)
    assert [bundle["text/plain"] for bundle in cell.data] == [str(number) for number in numbers]


def test_a_press_wakes_a_loop_that_was_just_falling_asleep(kernel: Kernel):
    # Between the last instruction, where Python would have run the handler, and the system call: C calls only.
    cell = stopped(
        kernel,
        """
selector = asyncio.get_running_loop()._selector
real = selector._selector


class FallsAsleep:
    def poll(self, timeout, most):
        press = functools.partial(ctypes.CDLL(None)["raise"], signal.SIGINT)
        selector._selector = real
        return [*map(operator.call, [press, functools.partial(real.poll, timeout, most)])][1]


async def sleeps_soon():
    await asyncio.sleep(0)
    selector._selector = FallsAsleep()
    await asyncio.sleep(3600)


await step(sleeps_soon())
""",
    )
    assert cell.error == "KeyboardInterrupt"


def test_what_cleans_up_longer_than_the_grace_is_cut_once(kernel: Kernel):
    stopped(
        kernel,
        """
async def tidies_up():
    press()
    try:
        while True:
            pass
    finally:
        time.sleep(0.3)
        await asyncio.sleep(0.1)
        log.append("tidied up")


await step(tidies_up())
""",
    )
    assert kernel.execute("log").result == "['tidied up']"


@pytest.mark.parametrize("again", ["", "press(); "])
def test_code_that_is_installed_is_cut_too_where_it_does_not_end(kernel: Kernel, again: str):
    # A module of Python's own that never comes back.
    stopped(
        kernel,
        f"""
loops = compile("while True: pass", os.__file__, "exec")


async def waits_for_ever():
    press()
    {again}exec(loops, {{"__name__": "os"}})


await step(waits_for_ever())
""",
    )


def test_a_system_call_that_does_not_end_is_cut(kernel: Kernel):
    stopped(
        kernel,
        """
async def blocks():
    press()
    time.sleep(3600)


await step(blocks())
""",
    )


def test_a_second_press_ends_what_went_on_after_the_first(kernel: Kernel):
    stopped(
        kernel,
        """
async def goes_on():
    try:
        press()
        while True:
            pass
    except KeyboardInterrupt as error:
        log.append(error)
        asyncio.get_running_loop()
        press()
        while True:
            pass


await step(goes_on())
""",
    )
    assert kernel.execute("len(log)").result == "1"
