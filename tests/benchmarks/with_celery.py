"""celery in memory: eager (each call runs where it is made) or a solo worker in a thread; JSON, no validation."""

from __future__ import annotations

import logging
import threading
from contextlib import ExitStack

from celery import Celery
from celery.contrib.testing.worker import start_worker
from work import Clock, Tally, options, payload

given = options(wanted=("transport?",))
app = Celery("benchmark", broker="memory://", set_as_current=False)
app.conf.update(task_always_eager=not given.transport, task_ignore_result=True, worker_hijack_root_logger=False)
tally = Tally()
all_done = threading.Event()


@app.task
def send_email(user_id: int, text: str) -> None:
    tally.runs += 1
    if tally.runs == given.messages:
        all_done.set()


logging.disable(logging.CRITICAL)
clock = Clock()
with clock.phase("publish" if given.transport else "work"):
    for number in range(given.messages):
        send_email.delay(**payload(number))
if given.transport:
    # The worker takes seconds to stop, which is not part of a message.
    with ExitStack() as afterwards, clock.phase("work"):
        afterwards.enter_context(start_worker(app, pool="solo", perform_ping_check=False))
        all_done.wait()
assert tally.runs == given.messages
clock.report(given.messages)
