"""dramatiq with its StubBroker: one worker thread, its default middleware, JSON, no validation."""

from __future__ import annotations

import dramatiq
from dramatiq.brokers.stub import StubBroker
from work import Clock, Tally, options, payload

given = options()
broker = StubBroker()
dramatiq.set_broker(broker)
tally = Tally()


@dramatiq.actor
def send_email(user_id: int, text: str) -> None:
    tally.runs += 1


clock = Clock()
with clock.phase("publish"):
    for number in range(given.messages):
        send_email.send(**payload(number))
worker = dramatiq.Worker(broker, worker_threads=1)
with clock.phase("work"):
    worker.start()
    broker.join(send_email.queue_name)
    worker.join()
worker.stop()
assert tally.runs == given.messages
clock.report(given.messages)
