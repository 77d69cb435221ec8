"""The loop of a simulation, for histories: a loop that would wait for ever says so."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future
from typing import Any

from repid_nb.simulation.loop import JumpingLoop

__all__ = ["HAS_EAGER_TASKS", "InlineExecutor", "NeverEndsError", "SimulatedLoop", "run"]

MOST_TURNS = 50_000
HAS_EAGER_TASKS = hasattr(asyncio, "eager_task_factory")


class NeverEndsError(Exception):
    """Nothing is left that could go on, or too much has gone on."""


class SimulatedLoop(JumpingLoop):
    """A loop whose clock jumps, with counted turns, and signals that a test sends.

    Attributes:
        turns: How many turns have begun.
        before_turn: Called with the number of each turn before it begins.
        complaints: What nobody would have heard of: exceptions in callbacks and in tasks that no one awaits.
    """

    turns_at_once = 1

    def __init__(self, *, shuffle: random.Random | None = None) -> None:
        super().__init__()
        self._shuffle = shuffle
        self._handlers: dict[int, Callable[[], object]] = {}
        self.turns = 0
        self.before_turn: Callable[[int], object] | None = None
        self.complaints: list[str] = []
        self.on_nothing_left = self._never_ends
        self.set_exception_handler(self._complain)

    def add_signal_handler(self, sig: int, callback: Callable[..., object], *args: Any) -> None:
        self._handlers[sig] = lambda: callback(*args)

    def remove_signal_handler(self, sig: int) -> bool:
        return self._handlers.pop(sig, None) is not None

    def send_signal(self, sig: int) -> None:
        """Do what the process would do when this signal came."""
        if sig in self._handlers:
            self._handlers[sig]()

    def _never_ends(self) -> None:
        raise NeverEndsError("Everything waits, and nothing is left that could wake it.")

    def _run_once(self) -> None:
        self.turns += 1
        if self.turns > MOST_TURNS:
            raise NeverEndsError(f"Still busy after {MOST_TURNS} turns of the loop.")
        if self.before_turn is not None:
            self.before_turn(self.turns)
        if self._shuffle is not None:
            ready = list(self._ready)
            self._shuffle.shuffle(ready)
            self._ready.clear()
            self._ready.extend(ready)
        super()._run_once()

    def _complain(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.complaints.append(f"{context.get('message')}: {context.get('exception')!r}")


class InlineExecutor(Executor):
    """Runs a plain actor at once, in the loop's own thread: a thread of its own would come in when it likes."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future


def run(main: Coroutine[Any, Any, Any], loop: SimulatedLoop | None = None, *, eager: bool = False) -> Any:
    """Do what `asyncio.run` does, on a simulated loop.

    Args:
        main: The coroutine.
        loop: The loop; by default a new one.
        eager: Whether tasks begin to run where they are made, if this Python can do that.
    """
    with asyncio.Runner(loop_factory=lambda: loop or SimulatedLoop()) as runner:
        if eager and HAS_EAGER_TASKS:
            runner.get_loop().set_task_factory(asyncio.eager_task_factory)
        return runner.run(main)
