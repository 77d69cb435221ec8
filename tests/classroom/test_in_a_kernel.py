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

right = strategy_of(lambda message: (message.headers or {}).get("event", "").startswith("order."))
"""


@pytest.fixture(scope="module")
def kernel():
    with started_kernel() as kernel:
        cell = kernel.execute(SETUP)
        assert cell.error is None, cell.traceback
        yield kernel


def test_a_cell_shows_the_marking_in_both_forms(kernel):
    cell = kernel.execute("check('routing-1', right)")
    assert cell.result.endswith("The public checks pass. 13 messages tried; a teacher may try further ones.")
    assert (
        "<b>✓ The public checks pass. 13 messages tried; a teacher may try further ones.</b>"
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
