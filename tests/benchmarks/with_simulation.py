"""A simulation of repid_nb: the same messages arrive one by one and wait for two workers, and all of it is recorded."""

from __future__ import annotations

import tracemalloc

from work import TOPIC, Clock, Tally, options, payload

from repid_nb import InMemoryServer, Repid, Router, Simulation, exponential, poisson

GIVEN = options(wanted=("memory?",))

clock = Clock()
tally = Tally()
app = Repid()
app.servers.register_server("default", InMemoryServer(), is_default=True)
router = Router()
app.include_router(router)


@router.actor
async def send_email(user_id: int, text: str) -> None:
    tally.runs += 1


simulation = Simulation(app, seed=1)
simulation.produce(
    "default", payload, topic=TOPIC, arrivals=poisson(per_second=9, count=GIVEN.messages), name="customers"
)
simulation.takes(TOPIC, exponential(mean=0.2))
simulation.worker("first", tasks_limit=1)
simulation.worker("second", tasks_limit=1)

if GIVEN.memory:
    tracemalloc.start()
with clock.phase("work"):
    run = simulation.run(until="idle", max_real_seconds=300)
if GIVEN.memory:
    clock.other["bytes"] = tracemalloc.get_traced_memory()[0] / GIVEN.messages
assert tally.runs == run.total.done == GIVEN.messages
clock.report(GIVEN.messages)
