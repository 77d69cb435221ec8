"""huey in memory: immediate (each call runs where it is made) or a consumer with one thread; pickles, no validation."""

from __future__ import annotations

import threading

from huey import MemoryHuey
from work import Clock, Tally, options, payload

given = options(wanted=("consumer?",))
huey = MemoryHuey(results=False, immediate=not given.consumer)
tally = Tally()
all_done = threading.Event()


@huey.task()
def send_email(user_id: int, text: str) -> None:
    tally.runs += 1
    if tally.runs == given.messages:
        all_done.set()


clock = Clock()
with clock.phase("publish" if given.consumer else "work"):
    for number in range(given.messages):
        send_email(**payload(number))
if given.consumer:
    consumer = huey.create_consumer(workers=1, periodic=False, initial_delay=0.001)
    with clock.phase("work"):
        consumer.start()
        all_done.wait()
    consumer.stop(graceful=True)
assert tally.runs == given.messages
clock.report(given.messages)
