"""Running many messages at once, in a limited number of tasks that each carry one message after another."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from sys import getrefcount
from typing import Any

from repid_nb.core.abilities import PullerT
from repid_nb.core.logger import logger
from repid_nb.core.message import ReceivedMessageT
from repid_nb.core.tasks import CancelRequests, references_of_waking, start, wait_for_end
from repid_nb.core.worker.delivery import Delivery

__all__ = ["Slots"]

MESSAGES_BETWEEN_YIELDS = 32


class Slots:
    """Tasks that carry one message after another, at most `tasks_limit` of them, started only as messages need them.

    A task for each message, as in repid, would cost twice as much. So a task carries many messages. But what an actor
    leaves on its task must not reach the next message: a context variable, a request to cancel the task, or a reference
    by which the task could be cancelled later, in the middle of a message that has nothing to do with it. These traces
    are looked for after each message. A task with one ends there, and a new task takes its slot.

    Args:
        tasks_limit: How many tasks; None for as many as it takes.
        deliver: Takes a message its whole way and says whether an actor ran for it.
        delivery: Makes the Delivery that `deliver` uses, once a task.
        ended: Set when no task is left, or one has failed.

    Attributes:
        processed: How many messages an actor ran for.
        failure: The SystemExit or KeyboardInterrupt that ended a task and has to end the worker. Raised inside a task,
            it would end the loop instead, and with it a notebook's kernel.
    """

    def __init__(
        self,
        deliver: Callable[[ReceivedMessageT, Delivery], Coroutine[Any, Any, bool]],
        delivery: Callable[[CancelRequests], Delivery],
        puller: PullerT,
        messages_limit: float,
        tasks_limit: int | None,
        *,
        ended: asyncio.Event,
    ) -> None:
        self.processed = 0
        self.failure: KeyboardInterrupt | SystemExit | None = None
        self._deliver = deliver
        self._delivery = delivery
        self._puller = puller
        self._left = messages_limit
        self._tasks_limit = math.inf if tasks_limit is None else tasks_limit
        self._ended = ended
        # In order: a set's order differs from process to process. Each with its delivery, once it has begun.
        self._tasks: dict[asyncio.Task[None], Delivery | None] = {}
        self._settling: list[asyncio.Task[None]] = []
        # Tasks that wait for a message or have yet to begin.
        self._idle = 0
        self._requests = _Requests()
        self._context = copy_context()

    def start(self) -> None:
        """Start a task."""
        self._idle += 1
        task = start(self._work(), context=self._context.copy())
        self._tasks[task] = None
        task.add_done_callback(self._task_ended)

    async def wait(self, within: float) -> None:
        """Wait for the tasks to end, for `within` seconds at most."""
        if self._tasks and within > 0:
            await asyncio.wait(self._tasks, timeout=within)

    def cancel(self) -> None:
        """Cancel the tasks that have not ended; a settlement that has begun has until `end`.

        Some servers' messages say that they are settled before the server has heard of it.
        """
        self._requests.ending = True
        for task, delivery in list(self._tasks.items()):
            if delivery is not None and delivery.is_settling:
                self._settling.append(task)
            else:
                task.cancel()

    async def end(self, within: float) -> None:
        """Wait for the cancelled tasks to end, for `within` seconds, however often this is cancelled meanwhile."""
        try:
            await wait_for_end(self._tasks, within)
        finally:
            for task in self._settling:
                task.cancel()

    async def _work(self) -> None:
        self._idle -= 1
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  (this runs as a task)
        puller, deliver, delivery = self._puller, self._deliver, self._delivery(self._requests)
        self._tasks[task] = delivery
        context = copy_context()
        # One more after a message: an actor keeps the task, and may cancel it at any time.
        references = getrefcount(task)
        while self._left > 0:
            for _ in range(MESSAGES_BETWEEN_YIELDS):
                # Counted before the pull: the limit is exact, and no message above it is pulled and held.
                self._left -= 1
                message = puller.pull_nowait() or await self._next()
                if message is None:
                    return
                if not self._idle and self._left > 0 and len(self._tasks) < self._tasks_limit:
                    self.start()
                try:
                    if await deliver(message, delivery):
                        self.processed += 1
                    else:
                        self._left += 1
                except BaseException as error:
                    if delivery.is_interruption(error):
                        self._interrupted(error)
                        return
                    self._note_failure(message, error)
                kept = getrefcount(task) - references
                if (kept > 0 and kept > references_of_waking()) or self._has_traces(task, context):
                    self._replace(task)
                    return
                if self._left <= 0:
                    return
            await asyncio.sleep(0)

    async def _next(self) -> ReceivedMessageT | None:
        self._idle += 1
        try:
            return await self._puller.pull()
        except asyncio.CancelledError:
            if self._requests.came():
                raise
            # Cancelled by a reference that left no trace. The worker is not asked to end: another task takes the slot.
            self._left += 1
            self.start()
            return None
        finally:
            self._idle -= 1

    def _interrupted(self, error: BaseException) -> None:
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            self.failure = self.failure or error
            self._ended.set()
            return
        raise error

    def _note_failure(self, message: ReceivedMessageT, error: BaseException) -> None:
        if isinstance(error, Exception):
            self._left += 1
            logger.error("message.delivery.error", extra={"channel": message.channel}, exc_info=error)
        else:
            # Its message stays in work (`Delivery.gives_back`).
            self.processed += 1
            logger.error("actor.run.abort", extra={"channel": message.channel}, exc_info=error)

    def _has_traces(self, task: asyncio.Task[None], context: Context) -> bool:
        """Say whether an actor has left a request to cancel its task, or a context variable."""
        try:
            return task.cancelling() > 0 or copy_context() != context
        except Exception:
            # Context variables are compared by their values, and some values refuse that.
            return True

    def _replace(self, task: asyncio.Task[None]) -> None:
        if not self._requests.ending:
            self._tasks.pop(task, None)
            self.start()

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.critical("worker.slot.error", exc_info=error)
        if not self._tasks:
            self._ended.set()


class _Requests(CancelRequests):
    """The requests to end a worker: to its own task, or by its closing."""

    __slots__ = ("ending",)

    def __init__(self) -> None:
        super().__init__()
        self.ending = False

    def came(self) -> bool:
        return self.ending or super().came()
