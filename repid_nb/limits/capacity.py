"""What limits hold: who has how much of each, and who waits, in order."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TypeAlias

from repid_nb.core.actor import ActorData
from repid_nb.core.limits import BackpressureResource, Limits
from repid_nb.core.message import ReceivedMessageT

__all__ = ["Capacity", "Hold", "Ledger", "Waiter", "capacities_of"]


@dataclass(slots=True, eq=False)
class Capacity:
    """One number of a limit, and how much of it is taken.

    Attributes:
        owner: What an explanation calls the owner of the limit, such as `send_email` or `the worker`.
        resume_at: After a wait a message starts only once the limit is used to this part of it or less.
        used: How much is taken. A message larger than the whole has all of it, and no other message has any.
        holders: The messages that have some of it; a payload without bytes has some, too.
        is_contested: Whether a message waits for it: those that come later go behind that one.
    """

    size: int
    unit: BackpressureResource
    owner: str
    resume_at: float = 1.0
    used: int = 0
    holders: dict[int, ReceivedMessageT] = field(default_factory=dict)
    is_contested: bool = False
    _drains: bool = False

    @property
    def name(self) -> str:
        """The limit in words: `limit 4 of send_email`, `limit 1,000 bytes of the worker`."""
        return f"limit {self.size:,}{' bytes' if self.unit == 'payload_bytes' else ''} of {self.owner}"

    @property
    def is_shut(self) -> bool:
        """Whether no message that comes now can have any of it, whatever its size."""
        # A payload may have no bytes.
        least = 1 if self.unit == "messages" else 0
        return self.is_contested or self.used + least > self.size

    @property
    def low(self) -> int:
        """How much may be used at most when a message starts that has waited."""
        return math.floor(self.size * self.resume_at)

    def has_room(self, cost: int) -> bool:
        """Say whether a message of that cost may have it now."""
        if cost > self.size:
            return not self.holders
        if self._drains and self.used > self.low:
            return False
        self._drains = False
        return self.used + cost <= self.size

    def reason(self, cost: int) -> str:
        """Say, as a phrase, why a message of that cost has to wait."""
        if cost > self.size:
            return f"{cost:,} bytes are more than {self.name}, so it runs alone"
        if self.used + cost <= self.size:
            return f"{self.name} has to come down to {self.low:,}" if self._drains else f"{self.name} has others first"
        return f"{self.name} is full"

    def contest(self) -> None:
        """Note that a message waits for it."""
        self.is_contested = True
        self._drains = self.resume_at < 1

    def settle(self) -> None:
        """Note that no message waits for it any more."""
        self.is_contested = False
        self._drains = False


def capacities_of(limits: Limits, owner: str, resume_at: float = 1.0) -> tuple[Capacity, ...]:
    """Return the capacities of a limit, none of them taken; none where the limit has no number."""
    sizes: list[tuple[int | None, BackpressureResource]] = [
        (limits.max_messages, "messages"),
        (limits.max_payload_bytes, "payload_bytes"),
    ]
    return tuple(Capacity(size, unit, owner, resume_at) for size, unit in sizes if size is not None)


def _cost_of(message: ReceivedMessageT, capacity: Capacity) -> int:
    """Return how much of a capacity a message takes."""
    return 1 if capacity.unit == "messages" else len(message.payload)


Claims: TypeAlias = Sequence[tuple[Capacity, int]]


class Hold:
    """What one message has of some capacities."""

    __slots__ = ("_claims", "_ledger", "_message")

    def __init__(self, ledger: Ledger, message: ReceivedMessageT, claims: Claims) -> None:
        self._ledger = ledger
        self._message = message
        self._claims = claims
        for capacity, cost in claims:
            capacity.used += cost
            capacity.holders[id(message)] = message

    def release(self) -> None:
        """Give it back, and let in who waited for it; a second call does nothing."""
        claims, self._claims = self._claims, ()
        for capacity, cost in claims:
            capacity.used -= cost
            del capacity.holders[id(self._message)]
        if claims:
            self._ledger.let_in()
            self._ledger.changed(capacity for capacity, _ in claims)


@dataclass(slots=True, eq=False)
class Waiter:
    """A message that waits for capacity.

    Attributes:
        actor: The actor that won it; None where it is not routed yet.
        granted: Its hold, once it has one; None where the worker stopped meanwhile.
    """

    number: int
    message: ReceivedMessageT
    actor: ActorData | None
    claims: Claims
    granted: asyncio.Future[Hold | None]

    @property
    def lacking(self) -> list[tuple[Capacity, int]]:
        """What it waits for."""
        return [(capacity, cost) for capacity, cost in self.claims if capacity.is_contested]


class Ledger:
    """Gives each message all of its capacities at once, or none of them: none is held while another is waited for.

    Who waits is served in order: a message does not overtake one that lacks a capacity which both need. Messages that
    need the same capacities wait in one line, of which only the first has to be looked at.

    Args:
        changed: Is called with the capacities of which something was taken or given back.
    """

    def __init__(self, changed: Callable[[Iterable[Capacity]], None]) -> None:
        self.changed = changed
        self._lines: dict[tuple[Capacity, ...], deque[Waiter]] = {}
        self._contested: list[Capacity] = []
        self._numbers = itertools.count()

    @property
    def waiters(self) -> list[Waiter]:
        """The messages that wait, the oldest first."""
        return sorted((waiter for line in self._lines.values() for waiter in line), key=attrgetter("number"))

    def take(self, message: ReceivedMessageT, capacities: Sequence[Capacity]) -> Hold | None:
        """Give a message all of the capacities; None where it has to wait."""
        claims = [(capacity, _cost_of(message, capacity)) for capacity in capacities]
        if any(capacity.is_contested or not capacity.has_room(cost) for capacity, cost in claims):
            return None
        hold = Hold(self, message, claims)
        self.changed(capacities)
        return hold

    def queue_up(self, message: ReceivedMessageT, actor: ActorData | None, capacities: Sequence[Capacity]) -> Waiter:
        """Let a message wait for the capacities."""
        claims = [(capacity, _cost_of(message, capacity)) for capacity in capacities]
        future = asyncio.get_running_loop().create_future()
        waiter = Waiter(next(self._numbers), message, actor, claims, future)
        self._lines.setdefault(tuple(capacities), deque()).append(waiter)
        self.let_in()
        return waiter

    def withdraw(self, waiter: Waiter) -> None:
        """Forget a waiter, and take back what it may have been given meanwhile."""
        line = self._lines.get(tuple(capacity for capacity, _ in waiter.claims), deque())
        if waiter in line:
            line.remove(waiter)
        granted = waiter.granted
        hold = granted.result() if granted.done() and not granted.cancelled() else None
        if hold is not None:
            hold.release()
        self.let_in()

    def let_in(self) -> None:
        """Give capacity to those whose turn it is."""
        if not self._lines:
            return
        before, self._contested = self._contested, []
        for capacity in before:
            capacity.is_contested = False
        granted = [capacity for waiter in self._whose_turn_it_is() for capacity, _ in waiter.claims]
        self._lines = {capacities: line for capacities, line in self._lines.items() if line}
        for capacity in before:
            if not capacity.is_contested:
                capacity.settle()
        self.changed(dict.fromkeys((*before, *self._contested, *granted)))

    def _whose_turn_it_is(self) -> Iterator[Waiter]:
        heads = [(line[0].number, line) for line in self._lines.values() if line]
        heapq.heapify(heads)
        while heads:
            _, line = heapq.heappop(heads)
            waiter = line[0]
            lacking = [one for one, cost in waiter.claims if one.is_contested or not one.has_room(cost)]
            if lacking:
                self._contested += [one for one in lacking if not one.is_contested]
                for capacity in lacking:
                    capacity.contest()
                continue
            line.popleft()
            if line:
                heapq.heappush(heads, (line[0].number, line))
            if not waiter.granted.done():
                waiter.granted.set_result(Hold(self, waiter.message, waiter.claims))
                yield waiter
