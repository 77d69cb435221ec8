"""An event loop whose clock jumps to the next moment at which something happens: waiting costs nothing.

It needs neither threads nor sockets, so it also runs inside the running loop of a notebook and in the browser.
"""

from __future__ import annotations

import asyncio
from asyncio.base_events import BaseEventLoop
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from contextvars import Context
from heapq import heappop, heappush
from itertools import count
from typing import Any, NoReturn

from repid_nb.core.errors import SimulationError

__all__ = ["MICROSECONDS", "TURNS_AT_ONCE", "JumpingLoop", "Moment"]

MICROSECONDS = 1_000_000
# Timers whose times differ by less ring together. asyncio's own value is that of this machine's clock.
RESOLUTION = 1e-9
TURNS_AT_ONCE = 256


class Moment:
    """Is awaited until a moment, once: to a task it is what a future is, and to the loop what a timer is, in one.

    A future, its timer and the turn between them would be a fifth of what a simulated message costs.

    Args:
        micros: The moment, in microseconds of the loop's time.
    """

    __slots__ = ("_asyncio_future_blocking", "_cancelled", "_context", "_loop", "_micros", "_wakeup")

    _wakeup: Callable[[Moment], object] | None
    _context: Context

    def __init__(self, loop: JumpingLoop, micros: int) -> None:
        self._asyncio_future_blocking = False
        self._cancelled = False
        self._loop = loop
        self._micros = micros

    def __await__(self) -> Generator[Moment, None, None]:
        self._asyncio_future_blocking = True
        yield self

    def get_loop(self) -> JumpingLoop:
        return self._loop

    def add_done_callback(self, wakeup: Callable[[Moment], object], *, context: Context) -> None:
        """Begin to wait: the task that awaits calls this."""
        self._wakeup, self._context = wakeup, context
        self._loop.ring(self._micros, self)

    def cancel(self, msg: Any = None) -> bool:  # noqa: ARG002  (the name is asyncio's)
        """Wake the task with a CancelledError."""
        if self._wakeup is None or self._cancelled:
            return False
        self._cancelled = True
        self._loop.call_soon(self._wakeup, self, context=self._context)
        return True

    def result(self) -> None:
        """Let the task go on; it calls this when it wakes."""
        # The task must not be kept by it: a worker would think that an actor keeps its task.
        self._wakeup = None
        if self._cancelled:
            raise asyncio.CancelledError

    def _run(self) -> None:
        if self._wakeup is not None:
            self._context.run(self._wakeup, self)


class JumpingLoop(BaseEventLoop):
    """A loop with a clock of its own; functions for threads run at once, in the loop's own thread.

    What rings at one moment rings in the order in which it was set.

    Attributes:
        micros: The time, in whole microseconds.
        turns_at_once: How many turns are done between two looks.
        on_look: Called after so many turns.
        on_nothing_left: Called where all tasks wait, and no timer is left that could wake one; by default the loop
            stops.
    """

    turns_at_once = TURNS_AT_ONCE
    # BaseEventLoop's own fields, which its stubs leave out.
    _ready: deque[Any]
    _stopping: bool

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        # Each timer with its moment, in seconds and in microseconds; the number keeps those of one moment in order.
        self._rings: list[tuple[float, int, int, Any]] = []
        self._numbers = count()
        self.micros = 0
        self.on_look: Callable[[], object] | None = None
        self.on_nothing_left: Callable[[], object] = self.stop

    def time(self) -> float:
        return self._now

    def timers(self) -> list[Any]:
        """Return the timers that are still to ring."""
        return [timer for *_, timer in self._rings if not timer._cancelled]  # noqa: SLF001

    def ring(self, micros: int, timer: Any) -> None:
        """Run a timer at a moment, in microseconds."""
        heappush(self._rings, (micros / MICROSECONDS, next(self._numbers), micros, timer))

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        heappush(self._rings, (when, next(self._numbers), round(when * MICROSECONDS), timer))
        return timer

    def _run_once(self) -> None:  # noqa: C901  (a function more would be called twice a message)
        """Do some turns: what is ready; where nothing is, what comes next, and the clock jumps there.

        It takes the place of BaseEventLoop's own, which would ask a selector how long to sleep, and the clock what time
        it is.
        """
        ready, rings = self._ready, self._rings
        for _ in range(self.turns_at_once):
            if not ready:
                if not rings:
                    self._nothing_rings()
                    return
                when, _, micros, timer = heappop(rings)
                if timer._cancelled:  # noqa: SLF001  (a loop and its timers are one)
                    continue
                if when > self._now:
                    self._now, self.micros = when, micros
                ready.append(timer)
                if rings and rings[0][0] < when + RESOLUTION:
                    self._hear(when)
            elif rings and rings[0][0] <= self._now:
                self._hear(self._now)
            for _ in range(len(ready)):
                handle = ready.popleft()
                if not handle._cancelled:  # noqa: SLF001
                    handle._run()  # noqa: SLF001
            # Kept by this frame, which an exception keeps until its garbage is collected, it would keep its task.
            handle = None
            if self._stopping:
                return
        if self.on_look is not None:
            self.on_look()

    def _nothing_rings(self) -> None:
        if not self._stopping:
            self.on_nothing_left()

    def _hear(self, now: float) -> None:
        """Make ready what rings by now."""
        rings, by = self._rings, now + RESOLUTION
        while rings and rings[0][0] < by:
            self._ready.append(heappop(rings)[3])

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Do nothing: a cancelled timer goes when its moment comes."""

    @contextmanager
    def running_here(self) -> Iterator[None]:
        """Let this loop run inside the block; a loop that runs in this thread already stands still meanwhile."""
        outer = asyncio._get_running_loop()  # noqa: SLF001  (the public one raises where none runs)
        # From Python 3.12 on a thread has one current task, not one a loop.
        swap: Callable[[Any, Any], Any] | None = getattr(asyncio.tasks, "_swap_current_task", None)
        task = swap(outer, None) if swap is not None and outer is not None else None
        asyncio._set_running_loop(None)  # noqa: SLF001  (there is no public one)
        try:
            yield
        finally:
            asyncio._set_running_loop(outer)  # noqa: SLF001
            if swap is not None and outer is not None:
                swap(outer, task)

    def run_in_executor(self, _executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """Call a function at once: a thread of its own would come in when it likes, and time would not wait for it."""
        future: asyncio.Future[Any] = self.create_future()
        try:
            future.set_result(func(*args))
        except BaseException as error:
            future.set_exception(error)
        return future

    async def getaddrinfo(self, host: Any, port: Any, **_: Any) -> NoReturn:
        raise _no_network(f"{host}:{port}")

    async def create_connection(self, _factory: Any, host: Any = None, port: Any = None, **_: Any) -> NoReturn:  # type: ignore[override]
        raise _no_network(f"{host}:{port}")

    async def create_server(self, _factory: Any, host: Any = None, port: Any = None, **_: Any) -> NoReturn:  # type: ignore[override]
        raise _no_network(f"{host}:{port}")

    async def subprocess_exec(self, _factory: Any, *args: Any, **_: Any) -> NoReturn:  # type: ignore[override]
        raise _no_process(args[0] if args else "")

    async def subprocess_shell(self, _factory: Any, cmd: Any, **_: Any) -> NoReturn:  # type: ignore[override]
        raise _no_process(cmd)

    def _write_to_self(self) -> None:
        pass


def _no_network(where: str) -> SimulationError:
    return SimulationError(
        f"No network in a simulation: {where} was to be reached. Replace the call for the simulation, and say how "
        "long it takes: simulation.takes('the_actor', 0.2)."
    )


def _no_process(what: object) -> SimulationError:
    return SimulationError(
        f"No other process in a simulation: {what!r} was to be started. Replace the call for the simulation, and say "
        "how long it takes: simulation.takes('the_actor', 0.2)."
    )
