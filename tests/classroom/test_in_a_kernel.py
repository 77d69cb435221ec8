"""check in a real kernel, whose event loop runs and is nested: the same answers, and the interrupt button works."""

import pytest
from support.kernel import started_kernel

SETUP = """
import asyncio, os, signal, sys, threading, time
from repid_nb.classroom import check, hint
from repid_nb.classroom.catalogue import find
from repid_nb.classroom.marking import mark

def strategy_of(takes):
    def strategy(*, actor_name):
        return takes
    return strategy

def left():
    return [one.name for one in threading.enumerate() if one.name == "repid_nb check"]

def is_asked_to_end():
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join()
    return get_ipython().exit_now

right = strategy_of(lambda message: (message.headers or {}).get("event", "").startswith("order."))
"""


@pytest.fixture(scope="module")
def kernel():
    with started_kernel(forked=True) as kernel:
        cell = kernel.execute(SETUP)
        assert cell.error is None, cell.traceback
        yield kernel


def test_a_cell_shows_the_marking_in_both_forms(kernel):
    cell = kernel.execute("check('routing-1', right)")
    assert "Solved: the public checks pass. 13 messages tried; a teacher may try further ones." in cell.result
    assert (
        "<b>✓ Solved: the public checks pass. 13 messages tried; a teacher may try further ones.</b>"
        in cell.data[-1]["text/html"]
    )


def test_an_async_answer_is_tried_apart_from_the_kernels_own_loop(kernel):
    cell = kernel.execute("""
async def send_mails(app, mails):
    await asyncio.sleep(0)
    for mail in mails:
        await app.send_message_json(channel="mails", payload=mail, headers={"topic": "send_mail"})

check("priority-1", send_mails)
""")
    assert "'ada'" in cell.result or "'bob'" in cell.result
    assert cell.stderr == ""


def test_an_answer_that_waits_for_ever_shows_its_line_of_the_cell(kernel):
    cell = kernel.execute("""
async def send_mails(app, mails):
    await asyncio.Event().wait()

mark(find("priority-1"), send_mails, limit=0.2)
""")
    assert "    line 2, in send_mails\n        await asyncio.Event().wait()\n" in cell.result
    assert kernel.execute("left()").result == "[]"


def test_what_an_answer_prints_does_not_reach_the_cell(kernel):
    cell = kernel.execute("""
def takes(message):
    while True:
        print("again and again")

mark(find("routing-1"), strategy_of(takes), limit=0.2)
""")
    assert (cell.stdout, cell.stderr) == ("", "")
    assert "again and again" in cell.result


def test_the_interrupt_button_stops_a_check_and_its_answer(kernel):
    cell = kernel.execute("""
under_way = threading.Event()

def takes(message):
    under_way.set()
    while True:
        pass

def press_the_button():
    under_way.wait()
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=press_the_button, daemon=True).start()
check("routing-1", strategy_of(takes))
""")
    assert (cell.error, cell.message) == ("KeyboardInterrupt", "stopped by the interrupt button")
    assert kernel.execute("left()").result == "[]"


EXITS = {
    "a strategy": """
def answer(*, actor_name):
    return lambda message: LEAVE
""",
    "the building": """
def answer(*, actor_name):
    LEAVE
""",
    "a thread left behind": """
def answer(*, actor_name):
    threading.Timer(0.05, lambda: LEAVE).start()
    return lambda message: True
""",
    "what runs when a generator is thrown away": """
def left_open():
    try:
        yield
    finally:
        LEAVE

def answer(*, actor_name):
    next(opened := left_open())
    return lambda message: True
""",
    "a __del__": """
class Leaving:
    def __del__(self):
        LEAVE

def answer(*, actor_name):
    leaving = Leaving()
    leaving.itself = leaving
    return lambda message: leaving is None
""",
    "a __del__ of the answer itself": """
class Answer:
    def __call__(self, *, actor_name):
        return lambda message: True

    def __del__(self):
        LEAVE

answer = Answer()
del Answer
""",
    "what is shown": """
class Leaving(Exception):
    def __str__(self):
        LEAVE

def answer(*, actor_name):
    raise Leaving
""",
}


@pytest.mark.parametrize("leave", ["exit()", "quit()", "get_ipython().ask_exit()", "sys.exit()"])
@pytest.mark.parametrize("answer", EXITS.values(), ids=EXITS)
def test_an_answer_may_not_end_the_kernel(kernel, leave, answer):
    checked = "check('routing-1', answer)\ndel answer\nis_asked_to_end()"
    cell = kernel.execute(answer.replace("LEAVE", leave) + checked)
    assert cell.error is None, cell.traceback
    assert cell.result == "False"


@pytest.mark.parametrize("leave", ["exit()", "quit()", "sys.exit()"])
def test_an_answer_that_would_end_the_kernel_is_told_so(kernel, leave):
    cell = kernel.execute(EXITS["the building"].replace("LEAVE", leave) + "check('routing-1', answer)")
    assert "Your code called exit(), which would end the whole kernel." in cell.result


ACTORS = """
import repid_nb
from typing import Annotated

async def leave(*args):
    LEAVE

async def leave_later():
    await asyncio.sleep(0)
    LEAVE

def build(charge):
    router = repid_nb.Router(channel="payments", middlewares=[MIDDLEWARE])

    @router.actor(name="charge")
    async def pay(card: str, paid: Annotated[None, repid_nb.Depends(DEPENDENCY)]):
        ACTOR

    return router

check("confirmation-1", build)
is_asked_to_end()
"""
NOTHING = {"MIDDLEWARE": "", "DEPENDENCY": "lambda: None", "ACTOR": "pass"}


@pytest.mark.parametrize(
    "where",
    [
        {"ACTOR": "LEAVE"},
        {"ACTOR": "asyncio.create_task(leave_later())"},
        {"ACTOR": "asyncio.get_running_loop().call_soon(lambda: LEAVE)"},
        {"DEPENDENCY": "leave"},
        {"MIDDLEWARE": "leave"},
    ],
    ids=["an actor", "a background task", "a callback", "a dependency", "middleware"],
)
@pytest.mark.parametrize("leave", ["exit()", "sys.exit()"])
def test_what_an_answer_builds_may_not_end_the_kernel(kernel, leave, where):
    code = ACTORS
    for name, text in {**NOTHING, **where}.items():
        code = code.replace(name, text)
    cell = kernel.execute(code.replace("LEAVE", leave))
    assert cell.error is None, cell.traceback
    assert cell.result == "False"


def test_an_actor_that_waits_for_ever_shows_its_line_of_the_cell(kernel):
    cell = kernel.execute(
        ACTORS.replace("ACTOR", "await asyncio.Event().wait()")
        .replace("DEPENDENCY", "lambda: None")
        .replace("MIDDLEWARE", "")
        .replace('check("confirmation-1", build)', 'mark(find("confirmation-1"), build, limit=0.2)')
        .removesuffix("is_asked_to_end()\n")
    )
    assert "in pay\n        await asyncio.Event().wait()\n" in cell.result
