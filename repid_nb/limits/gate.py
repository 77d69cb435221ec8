"""The gate before a slot: which message may start now, which has to wait, and for what.

The rules are repid 2.2.0a1's (`repid.admission`, page "Concurrency Limits"). A worker's and a channel's limits are
looked at before the pull: what they keep out stays on its queue. An actor's limits and limit policies need to know the
actor, so their messages wait in the worker's hands, and meanwhile the worker takes nothing more from their channel
(`BackpressurePolicy`). notebooks/differences.md says where this is stricter than repid.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias
from weakref import WeakSet

from repid_nb.core import reasons
from repid_nb.core.actor import ActorData
from repid_nb.core.events import Observer, Waiting
from repid_nb.core.limits import LimitPolicyT, Limits, ReservationLeaseT, Wait, action_on_oversized, limits_of
from repid_nb.core.logger import logger
from repid_nb.core.message import ReceivedMessageT
from repid_nb.core.tasks import start
from repid_nb.core.worker.subscription import PausablePullerT
from repid_nb.limits.capacity import Capacity, Hold, Ledger, Waiter
from repid_nb.limits.doors import Doors
from repid_nb.limits.limited import Declared, Limited

__all__ = ["Admission", "Gate", "MustWaitError", "Refusal", "gate_of", "gates_of"]

NameOf: TypeAlias = Callable[[ReceivedMessageT], str]

HOLDERS_NAMED = 8
# Why a door is shut where no message waits.
IS_FULL = "a limit is full"
HAS_FAILED = "a limit has failed"

# The gates of the workers that run now, each with its server: what waits is shown from here.
_open: WeakSet[Gate] = WeakSet()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message that will not run because its payload is too large.

    Attributes:
        action: `nack` or `reject`.
        reason: Why, as a phrase.
        error: What the function that should have chosen the action raised; the worker stops then.
    """

    message: ReceivedMessageT
    action: str
    reason: str
    error: Exception | None = None


class MustWaitError(BaseException):
    """A message has to wait, and the gate was told not to. No policy should take it for an error of its own."""

    def __init__(self, wait: Wait) -> None:
        super().__init__(wait.reason)
        self.wait = wait


@dataclass(slots=True, eq=False)
class _Reservation:
    """A message that waits for a limit policy, or is being asked for there."""

    message: ReceivedMessageT
    actor: ActorData
    policy: LimitPolicyT
    waits: bool = False


def gate_of(declared: Declared, *, waits: bool = True) -> Gate | None:
    """Return the gate of one worker, with capacities of its own; None where nothing is limited.

    Args:
        waits: Whether a message waits for an actor's limit or a policy; otherwise MustWaitError is raised.

    Raises:
        DeclarationError: A channel may have to wait in a way that its `BackpressurePolicy` refuses.
    """
    return Gate(Limited(declared), waits=waits) if declared.says_anything else None


def gates_of(server: object) -> list[Gate]:
    """Return the gates of the workers that run on a server now."""
    return [gate for gate in list(_open) if gate.server is server]


class Gate:
    """Lets each message of one worker in when its limits have room, and lets it out again.

    Attributes:
        waits: Whether messages wait here, or raise MustWaitError.
        server: The server that the worker runs on; None while it does not run.
        failed: Is called when a policy or a function of a limit fails: the worker has to stop.
        name_of: Says what a message is called where it waits; by default its id.
        releasing: The tasks that give leases back.
    """

    def __init__(self, limited: Limited, *, waits: bool = True) -> None:
        self.waits = waits
        self.server: object = None
        self.failed: Callable[[], None] = lambda: None
        self.name_of: NameOf = _id_of
        self._limited = limited
        self._shut_by = limited.shut_by()
        self.releasing: set[asyncio.Task[bool]] = set()
        self._ledger = Ledger(self._changed)
        self._doors = Doors()
        self._entering: dict[int, Waiter] = {}
        self._inside: dict[int, Hold] = {}
        self._reservations: list[_Reservation] = []

    # -- with the worker

    def open(self, puller: PausablePullerT, server: object) -> None:
        """Watch over a puller."""
        self.server = server
        self._doors.move(puller)
        _open.add(self)

    def stop(self) -> None:
        """Let in nothing more that has not been routed yet."""
        for waiter in self._ledger.waiters:
            if waiter.actor is None and not waiter.granted.done():
                waiter.granted.set_result(None)

    def close(self) -> None:
        """End, with the worker."""
        _open.discard(self)
        self.server = None
        self._doors.move(None)

    # -- before routing

    def enter(self, message: ReceivedMessageT) -> Refusal | Waiter | None:
        """Let a pulled message in, at once after the pull; None where it is in, otherwise what stands against it."""
        refusal = self._refused(self._limited.bounds(message.channel), message)
        if refusal is not None:
            return refusal
        needed = self._limited.of_channel(message.channel) if self.waits else ()
        if not needed:
            return None
        hold = self._ledger.take(message, needed)
        if hold is not None:
            self._inside[id(message)] = hold
            return None
        # Only its size can be why: otherwise the channel were shut. The next one would have to wait, too.
        waiter = self._entering[id(message)] = self._ledger.queue_up(message, None, needed)
        self._doors.set(message.channel, waiter, shut=True)
        return waiter

    async def entered(self, waiter: Waiter, tell: Observer | None) -> bool:
        """Wait until a message is in; False where the worker stopped meanwhile."""
        if tell is not None:
            tell(Waiting(waiter.message, None, self._wait_of(waiter)))
        hold = await waiter.granted
        if hold is not None:
            self._inside[id(waiter.message)] = hold
            self._entering.pop(id(waiter.message), None)
            self._doors.set(waiter.message.channel, waiter, shut=False)
        return hold is not None

    def leave(self, message: ReceivedMessageT) -> None:
        """Let a message out, also one that was still at the door."""
        waiter = self._entering.pop(id(message), None)
        if waiter is not None:
            self._ledger.withdraw(waiter)
            self._doors.set(message.channel, waiter, shut=False)
        hold = self._inside.pop(id(message), None)
        if hold is not None:
            hold.release()

    async def give_way(self, channel: str) -> None:
        """Take nothing from a channel for one turn of the loop: what was rejected comes again at once, for ever."""
        reason = object()
        self._doors.set(channel, reason, shut=True)
        try:
            await asyncio.sleep(0)
        finally:
            self._doors.set(channel, reason, shut=False)

    # -- after routing

    def refused(self, message: ReceivedMessageT, actor: ActorData) -> Refusal | None:
        """Return why an actor's message must not run because of its size, or None.

        Raises:
            Exception: What the function that chooses the action raised.
        """
        refusal = self._refused(reversed(limits_of(actor) or ()), message)
        if refusal is not None and refusal.error is not None:
            raise refusal.error
        return refusal

    async def reserve(
        self, admission: Admission, message: ReceivedMessageT, actor: ActorData, tell: Observer | None
    ) -> None:
        """Take all that an actor's message needs before it runs; it waits until there is enough.

        Args:
            admission: Gets what is taken, at once: it has to be released also where this is cut short.

        Raises:
            MustWaitError: It has to wait, and this gate does not.
            Exception: What a policy raised.
        """
        needed = self._limited.of_actor(actor) if self.waits else ()
        if needed:
            admission.hold = await self._hold(message, actor, needed, tell)
        for policy in self._limited.policies_of(actor, message.channel):
            await self._lease(admission.leases, policy, message, actor, tell)

    def fail(self, error: BaseException | None = None) -> None:
        """Stop the worker: a limit that does not work limits nothing."""
        if error is not None:
            logger.critical("worker.limits.error", exc_info=error)
        # At once: a message that goes back would come again before the worker has stopped.
        self._doors.set(None, HAS_FAILED, shut=True)
        self.failed()

    # -- what is seen

    def would_wait(self, channel: str, size: int, actor: ActorData, name_of: NameOf | None = None) -> Wait | None:
        """Return what a message with a payload of that size would wait for if it were sent now, or None.

        Args:
            name_of: Says what a message is called; by default as the gate does.
        """
        for capacity in (*self._limited.of_channel(channel), *self._limited.of_actor(actor)):
            cost = 1 if capacity.unit == "messages" else size
            if capacity.is_contested or not capacity.has_room(cost):
                return _wait_for(capacity, cost, channel, None, name_of or self.name_of)
        return self._wait_of_channel(channel, name_of or self.name_of)

    def waiting(self, name_of: NameOf | None = None) -> Iterator[Wait]:
        """Yield what waits now: the messages in the worker's hands, the oldest first, then the channels."""
        called = name_of or self.name_of
        for waiter in self._ledger.waiters:
            yield self._wait_of(waiter, called)
        for reservation in self._reservations:
            if reservation.waits:
                yield _wait_for_policy(reservation, called)
        for channel in self._limited.channels:
            wait = self._wait_of_channel(channel, called)
            if wait is not None:
                yield wait

    # -- inside

    def _refused(self, bounds: Iterable[Limits], message: ReceivedMessageT) -> Refusal | None:
        for limits in bounds:
            try:
                action = action_on_oversized(limits, message)
            except Exception as error:
                return Refusal(message, "reject", reasons.LIMIT_FAILED, error)
            if action is not None:
                reason = reasons.too_large(len(message.payload), limits.max_payload_bytes or 0, action)
                return None if action == "run_alone" else Refusal(message, action, reason)
        return None

    async def _hold(
        self, message: ReceivedMessageT, actor: ActorData, needed: tuple[Capacity, ...], tell: Observer | None
    ) -> Hold | None:
        hold = self._ledger.take(message, needed)
        if hold is not None:
            return hold
        waiter = self._ledger.queue_up(message, actor, needed)
        feeding = dict.fromkeys(channel for lacking, _ in waiter.lacking for channel in self._limited.feeding(lacking))
        self._set_paused(feeding, waiter, shut=True)
        try:
            if tell is not None:
                tell(Waiting(message, actor, self._wait_of(waiter)))
            return await waiter.granted
        except BaseException:
            self._ledger.withdraw(waiter)
            raise
        finally:
            self._set_paused(feeding, waiter, shut=False)

    async def _lease(
        self,
        leases: list[ReservationLeaseT],
        policy: LimitPolicyT,
        message: ReceivedMessageT,
        actor: ActorData,
        tell: Observer | None,
    ) -> None:
        reservation = _Reservation(message, actor, policy)
        channels = self._limited.feeding(policy)

        async def on_wait() -> None:
            if not self.waits:
                raise MustWaitError(_wait_for_policy(reservation, self.name_of))
            if not reservation.waits:
                reservation.waits = True
                self._set_paused(channels, reservation, shut=True)
                if tell is not None:
                    tell(Waiting(message, actor, _wait_for_policy(reservation, self.name_of)))

        self._reservations.append(reservation)
        try:
            # In one line: an interrupt in between would lose the lease.
            leases.append(await policy.reserve(message, actor, on_wait))
            if not callable(getattr(leases[-1], "release", None)):
                raise TypeError(f"{_name_of(policy)}.reserve returned {leases.pop()!r}, which cannot be released.")
        finally:
            self._reservations.remove(reservation)
            self._set_paused(channels, reservation, shut=False)

    def _set_paused(self, channels: Iterable[str], reason: object, *, shut: bool) -> None:
        for channel in channels:
            pause = self._limited.pause(channel)
            if pause is not None:
                self._doors.set(channel if pause == "channel" else None, reason, shut=shut)

    def _changed(self, capacities: Iterable[Capacity]) -> None:
        for capacity in capacities:
            if capacity in self._limited.worker:
                self._doors.set(None, IS_FULL, shut=any(one.is_shut for one in self._limited.worker))
            for channel in self._shut_by.get(capacity, ()):
                needed = self._limited.of_channel(channel)
                self._doors.set(channel, IS_FULL, shut=any(one.is_shut for one in needed if one in self._shut_by))

    def _wait_of(self, waiter: Waiter, name_of: NameOf | None = None) -> Wait:
        called = name_of or self.name_of
        lacking = waiter.lacking or waiter.claims
        capacity, cost = next(((one, cost) for one, cost in lacking if not one.has_room(cost)), lacking[0])
        return _wait_for(capacity, cost, waiter.message.channel, called(waiter.message), called)

    def _wait_of_channel(self, channel: str, name_of: NameOf) -> Wait | None:
        for door in (None, channel):
            for reason in self._doors.reasons(door):
                if isinstance(reason, Waiter):
                    return _behind(self._wait_of(reason, name_of), channel)
                if isinstance(reason, _Reservation):
                    return _behind(_wait_for_policy(reason, name_of), channel)
        full = next((one for one in self._limited.of_channel(channel) if one.is_shut), None)
        return None if full is None else _wait_for(full, 1, channel, None, name_of)


class Admission:
    """What a message holds while it runs.

    Attributes:
        hold: Its part of the actor's limits.
        leases: Those of its policies.
    """

    __slots__ = ("_gate", "hold", "leases")

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self.hold: Hold | None = None
        self.leases: list[ReservationLeaseT] = []

    async def release(self) -> None:
        """Give all of it back, the last first."""
        try:
            if self.leases:
                # In a task of its own: a release that has begun is seen through, also when this is cancelled.
                releasing = start(self._release_leases())
                self._gate.releasing.add(releasing)
                releasing.add_done_callback(self._gate.releasing.discard)
                await asyncio.wait({releasing})
                if not releasing.result():
                    self._gate.fail()
        finally:
            if self.hold is not None:
                self.hold.release()

    async def _release_leases(self) -> bool:
        succeeds = True
        while self.leases:
            try:
                await self.leases.pop().release()
            except Exception:
                succeeds = False
                logger.critical("worker.limits.release.error", exc_info=True)
        return succeeds


def _name_of(policy: LimitPolicyT) -> str:
    return type(policy).__name__


def _id_of(message: ReceivedMessageT) -> str:
    return message.message_id or ""


def _wait_for(capacity: Capacity, cost: int, channel: str, message: str | None, name_of: NameOf) -> Wait:
    holders = tuple(name_of(one) for one in islice(capacity.holders.values(), HOLDERS_NAMED))
    return Wait(
        channel=channel,
        message=message,
        limit=capacity.name,
        reason=capacity.reason(cost),
        holders=holders,
        held=len(capacity.holders),
    )


def _wait_for_policy(reservation: _Reservation, name_of: NameOf) -> Wait:
    name = f"{_name_of(reservation.policy)} of {reservation.actor.name}"
    message = reservation.message
    return Wait(channel=message.channel, message=name_of(message), limit=name, reason=f"{name} has no room")


def _behind(wait: Wait, channel: str) -> Wait:
    """Return why a whole channel waits while one message does."""
    return Wait(
        channel=channel,
        message=None,
        limit=wait.limit,
        reason=f"{wait.message} waits, because {wait.reason}",
        holders=wait.holders,
        held=wait.held,
    )
