"""One run of a simulation."""

from __future__ import annotations

import asyncio
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from repid_nb.app import Repid
from repid_nb.core.memory.server import InMemoryServer
from repid_nb.core.tasks import start
from repid_nb.limits.gate import gate_of
from repid_nb.limits.limited import Declared
from repid_nb.notebook.exits import exit_raises
from repid_nb.notebook.progress import Progress
from repid_nb.printable import counted
from repid_nb.simulation.durations import DurationT
from repid_nb.simulation.edges import Edges, refuse_real_sleep
from repid_nb.simulation.ledger import Ledger
from repid_nb.simulation.loop import MICROSECONDS, TURNS_AT_ONCE, JumpingLoop, Moment
from repid_nb.simulation.notes import notes_of
from repid_nb.simulation.parts import Bounds, Producer, WorkerPlan
from repid_nb.simulation.producing import Sender
from repid_nb.simulation.randomness import WorkTimes
from repid_nb.simulation.records import WorkerLife
from repid_nb.simulation.run import Run
from repid_nb.simulation.servers import Connection, copied_messages, standing_in
from repid_nb.simulation.worker import RecordedGatedWorker, RecordedWorker
from repid_nb.stepping.captured_output import caught_printing

__all__ = ["Execution"]

MOST_TURNS_OF_CLEANING = 100_000
MOST_PULLS_AT_ONCE = 10_000
LONG_WITHOUT_A_LOOK = 0.2
WAITING = "messages that waited before"


class Execution:
    """Sets up a run, lets its loop run, and makes the record of it."""

    def __init__(
        self,
        app: Repid,
        seed: int,
        *,
        producers: Sequence[Producer],
        workers: Sequence[WorkerPlan],
        durations: dict[str, DurationT],
        bounds: Bounds,
    ) -> None:
        self._app = app
        self._seed = seed
        self._producers = producers
        self._bounds = bounds
        self._loop = JumpingLoop()
        self._ledger = Ledger(
            self._loop, bounds.max_messages, on_done=self._look_for_idle, on_full=lambda: self._end("max_messages")
        )
        self._times = WorkTimes(seed, dict(durations), self._failed)
        self._lives = [_Life(plan, number) for number, plan in enumerate(workers)]
        self._edges = Edges(self._loop.stop)
        self._producing = len(producers)
        self._ended_by = ""
        self._ended_at = 0
        self._error: BaseException | None = None
        self._routes = app.router.routes()

    def run(self) -> Run:
        """Run, and return the record.

        Raises:
            SimulationError: An actor does what cannot be simulated.
            Exception: A message could not be sent, or a function that draws a duration raised.
        """
        before = random.getstate()
        try:
            refuse_real_sleep(self._routes.actors)
            with ExitStack() as stack:
                printed = stack.enter_context(caught_printing())
                stack.enter_context(exit_raises())
                copies = list(copied_messages(self._app.servers.default))
                server = stack.enter_context(standing_in(self._app, self._ledger))
                stack.enter_context(self._edges.watched())
                stack.enter_context(self._loop.running_here())
                stack.enter_context(_interrupts(lambda: self._end("interrupted")))
                random.seed(f"{self._seed}/actors")
                self._play(server, copies)
        finally:
            random.setstate(before)
            self._loop.close()
        for error in (self._edges.refusal, self._error):
            if error is not None:
                raise error
        return self._record(printed.getvalue())

    def _play(self, server: InMemoryServer, copies: list[Any]) -> None:
        progress = Progress()
        began = looked = time.perf_counter()
        seconds, ledger, loop = self._bounds.seconds, self._ledger, self._loop

        def look() -> None:
            nonlocal looked
            before, looked = looked, time.perf_counter()
            # Where actors take real time, a few hundred turns last for minutes.
            loop.turns_at_once = TURNS_AT_ONCE if looked - before < LONG_WITHOUT_A_LOOK else 1
            if looked - began > self._bounds.max_real_seconds:
                self._end("max_real_seconds")
            if self._stands_still():
                self._end("stuck")
            sent = f"{loop.time():,.0f} s simulated, {counted(len(ledger.columns.sent), 'message')}"
            progress.show(None if not seconds else loop.time() / seconds, sent)

        self._loop.on_look = ledger.on_look = look
        self._loop.on_nothing_left = lambda: self._end("stuck" if self._ledger.unfinished else "idle")
        if self._bounds.seconds is not None and not self._bounds.until_idle:
            self._loop.call_at(self._bounds.seconds, self._end, "seconds")
        try:
            self._loop.call_soon(self._begin, server, copies)
            self._loop.run_forever()
        finally:
            self._end("interrupted")
            progress.close()
            self._clean_up()

    def _begin(self, server: InMemoryServer, copies: list[Any]) -> None:
        try:
            self._set_up(server, copies)
        except Exception as error:
            # The loop would log it, and the run would be one in which nothing happens.
            self._failed(error)

    def _set_up(self, server: InMemoryServer, copies: list[Any]) -> None:
        if copies:
            source = self._ledger.columns.sources.number(WAITING)
            for channel, message, priority in copies:
                with self._ledger.sent_by(source):
                    server.queues.publish(channel, message, priority)
        for life in self._lives:
            life.task = start(self._work(life, server))
        end = self._bounds.seconds
        for producer in self._producers:
            Sender(
                self._app,
                producer,
                self._ledger,
                self._loop,
                seed=self._seed,
                last=None if end is None else round(end * MICROSECONDS),
                ended=self._sender_ended,
                failed=self._failed,
            ).begin()
        self._look_for_idle()

    async def _work(self, life: _Life, server: InMemoryServer) -> None:
        plan = life.plan
        if plan.starts:
            await Moment(self._loop, round(plan.starts * MICROSECONDS))
        connection = Connection(server.queues)
        routes = self._routes
        declared = Declared(routes.by_channel, routes.channels, plan.limits, plan.limit_policies, plan.propagation)
        gate = gate_of(declared)
        kind: Any = RecordedWorker if gate is None else partial(RecordedGatedWorker, gate=gate)
        worker: RecordedWorker = kind(
            self._app.execution_context(connection),
            routes.by_channel,
            ledger=self._ledger,
            number=life.number,
            times=self._times,
            loop=self._loop,
        )
        if plan.stops is not None:
            self._loop.call_at(plan.stops, worker.stop)
        if plan.crashes is not None:
            self._loop.call_at(plan.crashes, self._crash, life, worker, connection)
        how = "stopped"
        try:
            await worker.run(tasks_limit=plan.at_once, graceful_shutdown_time=plan.graceful_shutdown_time)
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            # Of a second press, which is to end everything; the first is not raised anywhere.
            if isinstance(error, KeyboardInterrupt) and self._ended_by == "interrupted":
                raise
            how = f"ended by {type(error).__name__}"
        finally:
            self._worker_ended(life, how)
            worker.gone()

    def _crash(self, life: _Life, worker: RecordedWorker, connection: Connection) -> None:
        """Let a worker be gone: the connection is lost first, so that nothing it still does reaches a queue."""
        if life.ended is None and life.task is not None:
            self._worker_ended(life, "crashed")
            connection.cut()
            worker.gone()
            life.task.cancel()

    def _worker_ended(self, life: _Life, how: str) -> None:
        # The first time counts, and what comes after the run does not.
        if self._ledger.is_open and life.ended is None:
            life.ended = (self._loop.micros, how)

    def _sender_ended(self) -> None:
        self._producing -= 1
        self._look_for_idle()

    def _failed(self, error: Exception) -> None:
        """End the run: a message could not be sent, or a function of the caller's raised."""
        self._error = self._error or error
        self._loop.stop()

    def _look_for_idle(self) -> None:
        if self._bounds.until_idle and not self._producing and not self._ledger.unfinished:
            self._end("idle")

    def _stands_still(self) -> bool:
        """Say whether a message comes again and again in one moment: rejected at once, it would do so for ever."""
        columns = self._ledger.columns
        if not columns.message:
            return False
        pulls = self._ledger.pulled_before.get(columns.message[-1], 0)
        return columns.since[-1] == self._loop.micros and pulls > MOST_PULLS_AT_ONCE

    def _end(self, by: str) -> None:
        """End the run; the first call counts. The loop still ends its turn, of which nothing is written down."""
        if not self._ended_by:
            self._ended_by = by
            self._ended_at = self._loop.micros
            self._ledger.is_open = False
        self._loop.stop()

    def _clean_up(self) -> None:
        """Cancel what still runs, and let it end; it can take no real time, and not for ever."""
        turns = 0

        def count() -> None:
            nonlocal turns
            turns += TURNS_AT_ONCE
            if turns > MOST_TURNS_OF_CLEANING:
                self._loop.stop()

        self._loop.turns_at_once = TURNS_AT_ONCE
        self._loop.on_look = count
        self._loop.on_nothing_left = self._loop.stop
        # In the order in which they were made, by their numbers: what they print in the end is part of the run.
        tasks = sorted(asyncio.all_tasks(self._loop), key=lambda task: (len(task.get_name()), task.get_name()))
        for task in tasks:
            task.cancel()
        if tasks:
            gathered = asyncio.gather(*tasks, return_exceptions=True)
            gathered.add_done_callback(lambda _: self._loop.stop())
            self._loop.run_forever()

    def _record(self, printed: str) -> Run:
        columns, ended = self._ledger.columns, self._ended_by
        columns.trim()
        at_end = self._ended_at if ended in ("seconds", "interrupted", "max_real_seconds") else self._ledger.last_event
        lives = tuple(life.record(at_end) for life in self._lives)
        told = notes_of(
            ended,
            columns,
            lives,
            bounds=self._bounds,
            seconds=at_end / MICROSECONDS,
            heard=self._routes.by_channel,
            server=self._app.servers.default,
            printed=printed,
        )
        return Run(
            seed=self._seed,
            micros=at_end,
            ended_by=ended,
            notes=(*self._edges.notes(), *told),
            lives=lives,
            columns=columns,
            printed=printed,
            routes=self._routes,
        )


class _Life:
    """A worker of a run: its plan, its number, its task, and when and how it ended."""

    def __init__(self, plan: WorkerPlan, number: int) -> None:
        self.plan = plan
        self.number = number
        self.task: asyncio.Task[None] | None = None
        self.ended: tuple[int, str] | None = None

    def record(self, now: int) -> WorkerLife:
        """Return what the run says of it."""
        began = round(self.plan.starts * MICROSECONDS)
        ended, how = self.ended or (now, "running")
        return WorkerLife(
            name=self.plan.name,
            at_once=self.plan.at_once,
            began=min(began, now),
            ended=max(min(ended, now), min(began, now)),
            state=how if began <= now else "not started",
        )


@contextmanager
def _interrupts(end: Callable[[], None]) -> Iterator[None]:
    """Let the interrupt button, or Ctrl+C, call `end` inside the block; pressed again, it interrupts as ever."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGINT"):
        yield
        return
    former = signal.getsignal(signal.SIGINT)

    def pressed(_number: int, _frame: Any) -> None:
        signal.signal(signal.SIGINT, former)
        end()

    try:
        signal.signal(signal.SIGINT, pressed)
    except ValueError:  # not the main interpreter
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)
