"""A simulation: an app, messages that arrive, workers, and a clock that jumps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import index
from typing import Any, Literal

from repid_nb.app import Repid
from repid_nb.core.checks import check_address
from repid_nb.core.errors import DeclarationError, InvalidMessageError, SimulationError
from repid_nb.core.limits import (
    ActorLimitsPropagation,
    LimitPolicyT,
    MessageLimits,
    check_limits,
    checked_policies,
)
from repid_nb.core.naming import a_kind, nearest_name
from repid_nb.core.uncopied import Uncopied
from repid_nb.given import check_number, check_text
from repid_nb.printable import short
from repid_nb.simulation.arrivals import ArrivalsT, as_arrivals
from repid_nb.simulation.durations import DurationT, as_duration, seconds_of, whole_number_of
from repid_nb.simulation.execution import Execution
from repid_nb.simulation.parts import TASKS_LIMIT, Bounds, Producer, WorkerPlan
from repid_nb.simulation.run import Run
from repid_nb.stepping.sending import with_topic

__all__ = ["Simulation"]


class Simulation(Uncopied):
    """Plays many messages through an app's own actors, on a clock that jumps to whatever happens next.

    It is the same worker, server, middleware, timeouts and limits as in `run_worker`. Hours take a second, because
    waiting takes no time. A run works on copies of the app's queues, so the app's own stay as they are. The actors are
    the app's own and really run: what they print, change or count is done.

    What takes time is said by the actor itself (`await asyncio.sleep(0.4)`) or by `takes`. A plain function runs at
    once; `time.sleep` is refused, and threads, processes and the network are told of in the run's notes.

    Args:
        app: The app, with a server registered. Any server is simulated by one in memory.
        seed: The same seed gives the same run, on any machine. Each producer and each actor draws from a stream of its
            own, so that another worker changes neither the arrivals nor the work in a message.

    Raises:
        DeclarationError: It is not an app.
        SimulationError: The seed is not a whole number.
    """

    _instead = "Make it anew; a run can be copied and pickled."

    def __init__(self, app: Repid, *, seed: int = 0) -> None:
        if not isinstance(app, Repid):
            raise DeclarationError(f"A Simulation takes a Repid app of repid_nb, not {a_kind(app)}.")
        if isinstance(seed, bool) or not hasattr(type(seed), "__index__"):
            raise SimulationError(f"The seed must be a whole number, not {short(seed)}.")
        self.app = app
        # One of numpy's is no int.
        self.seed = index(seed)
        self._producers: dict[str, Producer] = {}
        self._workers: dict[str, WorkerPlan] = {}
        self._durations: dict[str, DurationT] = {}

    def produce(
        self,
        channel: str | None = None,
        payload: Callable[[int], Any] | Any = None,
        *,
        arrivals: ArrivalsT,
        topic: str | None = None,
        headers: Mapping[str, str] | None = None,
        priority: int | None = None,
        operation_id: str | None = None,
        content_type: str | None = None,
        name: str | None = None,
    ) -> None:
        """Let messages arrive.

        Args:
            channel: The channel; or None and an operation id.
            payload: The payload of each message, or a function that returns it: the first message's is `payload(1)`.
                Bytes are sent as they are, None is an empty payload, anything else is sent as JSON.
            arrivals: When: `poisson(per_second=8)`, `every(0.5)`, `burst(200, at=60)`, or a list of seconds.
            topic: The `topic` header.
            headers: Further headers.
            priority: 0 (last) to 9 (first); None for the server's default, 4.
            operation_id: A registered operation, which names the channel.
            content_type: The media type of payloads of bytes.
            name: The name of the producer, by which it draws its arrivals; by default the channel and the topic.

        Raises:
            SimulationError: The arrivals are none, or there is a producer of that name.
            DestinationError: Both of channel and operation id, or neither.
            UnknownNameError: There is no such operation.
            InvalidMessageError: `topic` and `headers['topic']` differ.
        """
        address = self.app.address_of(channel, operation_id)
        check_address(address)
        check_text("The topic", topic, InvalidMessageError)
        check_text("The name of a producer", name, SimulationError)
        chosen = name or self._free_name("/".join(filter(None, (address, topic))), self._producers)
        if chosen in self._producers:
            raise SimulationError(f"There is a producer {chosen!r} already: give this one another name.")
        self._producers[chosen] = Producer(
            name=chosen,
            channel=address,
            payload=payload,
            arrivals=as_arrivals(arrivals),
            headers=with_topic(headers, topic),
            priority=priority,
            content_type=content_type,
        )

    def takes(self, actor: str, duration: DurationT | float) -> None:
        """Say how long an actor takes, where its own code does not wait; what its code waits for is added.

        Args:
            actor: The name of the actor.
            duration: Seconds, or a distribution of them: `exponential(mean=0.4)`; or a function that is given a
                `random.Random` and returns seconds.

        Raises:
            SimulationError: It is not a duration, or the app has no such actor.
        """
        known = {one.name for one in self.app.router.routes().actors}
        if not isinstance(actor, str) or actor not in known:
            raise SimulationError(f"No actor is called {actor!r}.{nearest_name(actor, known)}")
        self._durations[actor] = as_duration(duration)

    def worker(
        self,
        name: str | None = None,
        *,
        limits: MessageLimits | None = None,
        tasks_limit: int = TASKS_LIMIT,
        starts: float = 0.0,
        stops: float | None = None,
        crashes: float | None = None,
        graceful_shutdown_time: float = 25.0,
        limit_policies: Sequence[LimitPolicyT] = (),
        actor_limits_propagation: ActorLimitsPropagation = "sum",
    ) -> None:
        """Add a worker. Without any, a run has one, called `worker`.

        Args:
            name: Its name; by default `worker 1`, `worker 2`, ...
            limits: How much it takes at once, in place of `tasks_limit`: `MessageLimits(max_messages=4)`.
            tasks_limit: How many messages it has in work at once, at most; 1 for one after another.
            starts: At which second it starts.
            stops: At which second it is told to stop: it takes no more, and ends what it has begun.
            crashes: At which second it is gone, in the middle of whatever it does. What it held comes again.
            graceful_shutdown_time: Seconds that running actors have once it stops.
            limit_policies: Limits of your own for every message.
            actor_limits_propagation: As for `run_worker`: "sum" or "off".

        Raises:
            SimulationError: There is a worker of that name, or a number makes no sense.
            DeclarationError: The limits have the wrong type.
        """
        check_text("The name of a worker", name, SimulationError)
        chosen = name or self._free_name(f"worker {len(self._workers) + 1}", self._workers)
        if chosen in self._workers:
            raise SimulationError(f"There is a worker {chosen!r} already: give this one another name.")
        whole_number_of(tasks_limit, "tasks_limit", least=1)
        if limits is not None and tasks_limit != TASKS_LIMIT:
            raise SimulationError("Give either limits or tasks_limit, not both.")
        check_limits("worker", limits, MessageLimits)
        checked_policies("worker", limit_policies)
        begin = seconds_of(starts, "starts")
        ends = {word: when for word, when in (("stops", stops), ("crashes", crashes)) if when is not None}
        for word, when in ends.items():
            if seconds_of(when, word) < begin:
                raise SimulationError(
                    f"The worker {chosen!r} starts at {begin:g} s and {word} at {when:g} s: before it."
                )
        self._workers[chosen] = WorkerPlan(
            name=chosen,
            tasks_limit=tasks_limit,
            limits=limits,
            limit_policies=tuple(limit_policies),
            propagation=actor_limits_propagation,
            starts=begin,
            stops=stops,
            crashes=crashes,
            graceful_shutdown_time=seconds_of(graceful_shutdown_time, "graceful_shutdown_time"),
        )

    def run(
        self,
        *,
        seconds: float | None = None,
        until: Literal["idle"] | None = None,
        max_messages: int = 1_000_000,
        max_real_seconds: float = 60.0,
    ) -> Run:
        """Run the simulation from its beginning and return the record of it. Each call is a run of its own.

        It may be called in a cell, in a script and in a thread. After two seconds a progress bar shows how far it is.
        The interrupt button (Ctrl+C) ends it there, and the run so far is returned.

        Args:
            seconds: How many simulated seconds to run.
            until: "idle" to run until every message that arrives is done. With `seconds`, messages arrive for so long,
                and what waits then is still worked off.
            max_messages: The run ends at so many messages, and at so many pulls.
            max_real_seconds: The run ends after so many seconds of real time.

        Raises:
            SimulationError: There is no end: neither `seconds` nor an end of the arrivals; a number makes no sense; or
                an actor calls `time.sleep`.
            UnknownNameError: The app has no server.
            InvalidMessageError: A message that a producer makes cannot be sent.
        """
        if until not in (None, "idle"):
            raise SimulationError(f"until is 'idle' or left out, not {short(until)}.")
        if seconds is None and until is None:
            raise SimulationError("Say how long to run: run(seconds=600), or run(until='idle').")
        endless = [name for name, one in self._producers.items() if not one.arrivals.ends]
        if seconds is None and endless:
            raise SimulationError(
                f"The messages of {endless[0]!r} never end, so the run would never be idle. Give seconds=600, for how "
                "long they arrive, or give their arrivals a stop= or a count=."
            )
        check_number(
            "max_real_seconds", max_real_seconds, "a number of seconds, 0 or more", least=0, error=SimulationError
        )
        bounds = Bounds(
            seconds=None if seconds is None else seconds_of(seconds, "seconds"),
            until_idle=until == "idle",
            max_messages=whole_number_of(max_messages, "max_messages", least=1),
            max_real_seconds=max_real_seconds,
        )
        workers = tuple(self._workers.values()) or (WorkerPlan(name="worker"),)
        execution = Execution(
            self.app,
            self.seed,
            producers=tuple(self._producers.values()),
            workers=workers,
            durations=self._durations,
            bounds=bounds,
        )
        return execution.run()

    def _free_name(self, wanted: str, taken: Mapping[str, Any]) -> str:
        name, number = wanted, 1
        while name in taken:
            number += 1
            name = f"{wanted} ({number})"
        return name
