"""What a worker's limits are, put together from what the worker, its channels and its actors declare."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal, get_args

from repid_nb.core.actor import ActorData
from repid_nb.core.description import Channel
from repid_nb.core.errors import DeclarationError
from repid_nb.core.limits import (
    ActorLimitsPropagation,
    BackpressurePolicy,
    LimitPolicyT,
    Limits,
    MessageLimits,
    OnOversizedPayloadT,
    check_limits,
    checked_policies,
    each_once,
    limits_of,
    policies_of,
)
from repid_nb.limits.capacity import Capacity, capacities_of

__all__ = ["Declared", "Limited", "PauseT", "pause_of"]

NAMES_SHOWN = 3
PauseT = Literal["channel", "worker"]
# No server here can be told how much to deliver.
PAUSES: Mapping[str, PauseT] = {"channel_pause": "channel", "worker_pause": "worker", "resubscribe": "worker"}


@dataclass(frozen=True, slots=True)
class Declared:
    """The limits that `run_worker` was given, and the actors and channels with those of their own.

    Attributes:
        propagation: Whether a channel whose actors all have limits is limited to their sum.

    Raises:
        DeclarationError: A limit or a policy has the wrong type, or the propagation is an unknown word.
    """

    actors: Mapping[str, Sequence[ActorData]]
    channels: Sequence[Channel]
    limits: MessageLimits | None = None
    limit_policies: Sequence[LimitPolicyT] = ()
    propagation: ActorLimitsPropagation = "sum"

    def __post_init__(self) -> None:
        check_limits("run_worker", self.limits, MessageLimits)
        object.__setattr__(self, "limit_policies", checked_policies("run_worker", self.limit_policies))
        if self.propagation not in get_args(ActorLimitsPropagation):
            raise DeclarationError(f"actor_limits_propagation must be 'sum' or 'off', not {self.propagation!r}.")

    @property
    def says_anything(self) -> bool:
        """Whether there is any limit at all."""
        owners = chain(self.channels, *self.actors.values())
        return (
            self.limits is not None
            or bool(self.limit_policies)
            or any(limits_of(owner) or policies_of(owner) for owner in owners)
        )


class Limited:
    """The capacities and policies of one worker: which a message of a channel, and of an actor, needs.

    Attributes:
        worker: The capacities that every message needs before it is pulled.
        policies: The worker's own limit policies.
    """

    def __init__(self, declared: Declared) -> None:
        self._declared = declared
        self._actors = {channel: list(actors) for channel, actors in declared.actors.items()}
        self._channels = {one.address: one for one in declared.channels}
        self.policies = tuple(declared.limit_policies)
        self._refuse_what_cannot_pause()
        self._made: dict[Limits, tuple[Capacity, ...]] = {}
        limits = declared.limits
        self.worker = () if limits is None else self._capacities(limits, "the worker")
        self._bounds = {channel: self._bounds_of(channel) for channel in self._actors}
        self._by_channel = {
            channel: each_once(
                (*self.worker, *(one for limits, owner in bounds for one in self._capacities(limits, owner)))
            )
            for channel, bounds in self._bounds.items()
        }
        self._feeding: dict[Limits, list[str]] = {}
        for channel, actors in self._actors.items():
            for limits in {limits for actor in actors for limits in limits_of(actor) or ()}:
                self._feeding.setdefault(limits, []).append(channel)
        for actor_limits, channels in self._feeding.items():
            lows = [self._policy_of(one).resume_at if pause_of(self._policy_of(one)) else 1.0 for one in channels]
            self._capacities(actor_limits, self._owner_of(actor_limits), min(lows))

    @property
    def channels(self) -> list[str]:
        """The channels that have actors."""
        return list(self._actors)

    # -- what a message needs

    def of_channel(self, channel: str) -> tuple[Capacity, ...]:
        """Return the capacities that a message of the channel needs before it is pulled, the worker's too."""
        return self._by_channel.get(channel, self.worker)

    def bounds(self, channel: str) -> Iterator[Limits]:
        """Yield the limits that a payload of the channel may be too large for; the first that it is decides."""
        yield from (limits for limits, _ in reversed(self._bounds.get(channel, ())))
        if self._declared.limits is not None:
            yield self._declared.limits

    def of_actor(self, actor: ActorData) -> tuple[Capacity, ...]:
        """Return the capacities that an actor's message needs before it runs."""
        return tuple(one for limits in each_once(limits_of(actor) or ()) for one in self._made.get(limits, ()))

    def policies_of(self, actor: ActorData, channel: str) -> list[LimitPolicyT]:
        """Return the policies that an actor's message needs, always in one order: so two never wait for each other."""
        known = self._channels.get(channel)
        policies = each_once((*self.policies, *policies_of(actor), *policies_of(known)))
        return sorted(policies, key=id)

    # -- what waits for what

    def pause(self, channel: str) -> PauseT | None:
        """Say what is paused while a message of the channel waits for an actor's limit."""
        return pause_of(self._policy_of(channel))

    def feeding(self, needed: object) -> list[str]:
        """Return the channels whose messages need a capacity of an actor, or a policy."""
        if isinstance(needed, Capacity):
            return next((self._feeding[one] for one, made in self._made.items() if needed in made), [])
        if any(needed is one for one in self.policies):
            return list(self._actors)
        return [
            channel
            for channel, actors in self._actors.items()
            if any(needed is one for owner in (self._channels[channel], *actors) for one in policies_of(owner))
        ]

    def shut_by(self) -> dict[Capacity, list[str]]:
        """Return for each capacity of channels the channels that it keeps shut when it is full."""
        shut: dict[Capacity, list[str]] = {}
        for channel, capacities in self._by_channel.items():
            for capacity in capacities:
                if capacity not in self.worker:
                    shut.setdefault(capacity, []).append(channel)
        return shut

    # -- putting it together

    def _capacities(self, limits: Limits, owner: str, resume_at: float = 1.0) -> tuple[Capacity, ...]:
        if limits not in self._made:
            self._made[limits] = capacities_of(limits, owner, resume_at)
        return self._made[limits]

    def _policy_of(self, channel: str) -> BackpressurePolicy:
        for limits in (limits_of(self._channels[channel]), self._declared.limits):
            if limits is not None and limits.backpressure is not None:
                policy: BackpressurePolicy = limits.backpressure
                return policy
        return BackpressurePolicy()

    def _bounds_of(self, channel: str) -> list[tuple[Limits, str]]:
        """Return a channel's own limits, each with its owner's name: first what its actors allow, then what it says."""
        own = limits_of(self._channels[channel])
        bounds: list[tuple[Limits, str]] = []
        summed = self._sum_of_actors(channel, own)
        if summed is not None:
            bounds.append((summed, joined(actor.name for actor in self._actors[channel])))
        if own is not None:
            sharing = [one.address for one in self._channels.values() if limits_of(one) is own]
            name = f"channel{'s' if len(sharing) > 1 else ''} {joined(map(repr, sharing))}"
            bounds.append((own, name))
        return bounds

    def _sum_of_actors(self, channel: str, own: MessageLimits | None) -> MessageLimits | None:
        """Return what the actors of a channel can have in work together, where each of them says; otherwise None."""
        actors = self._actors[channel]
        if self._declared.propagation == "off":
            return None
        each = {limits for actor in actors for limits in limits_of(actor) or ()}

        def total(field: str) -> int | None:
            if any(all(getattr(one, field) is None for one in limits_of(actor) or ()) for actor in actors):
                return None
            return sum(getattr(one, field) or 0 for one in each) or None

        messages, payload_bytes = total("max_messages"), total("max_payload_bytes")
        if messages is None and payload_bytes is None:
            return None
        action: OnOversizedPayloadT = "run_alone"
        for limits in (self._declared.limits, own):
            if limits is not None and limits.max_payload_bytes is not None:
                action = limits.on_oversized_payload
        return MessageLimits(max_messages=messages, max_payload_bytes=payload_bytes, on_oversized_payload=action)

    def _owner_of(self, limits: Limits) -> str:
        return joined(
            actor.name
            for actors in self._actors.values()
            for actor in actors
            if any(limits is one for one in limits_of(actor) or ())
        )

    def _refuse_what_cannot_pause(self) -> None:
        for channel in self._actors:
            policy = self._policy_of(channel)
            if policy.on_unavailable == "buffer" or pause_of(policy):
                continue
            for what in self._may_wait_for(channel):
                raise DeclarationError(
                    f"backpressure on channel {channel!r} has no available strategy for {what}: use 'channel_pause' or "
                    f"'worker_pause', or on_unavailable='buffer'.",
                )

    def _may_wait_for(self, channel: str) -> Iterator[str]:
        owners = [self._channels[channel], *self._actors[channel]]
        limits = [self._declared.limits]
        for owner in owners:
            found = limits_of(owner)
            limits += found if isinstance(found, tuple) else [found]
        if any(one is not None and one.max_messages is not None for one in limits):
            yield "messages"
        if any(one is not None and one.max_payload_bytes is not None for one in limits):
            yield "payload_bytes"
        if self.policies or any(policies_of(owner) for owner in owners):
            yield "custom limit policies"


def pause_of(policy: BackpressurePolicy) -> PauseT | None:
    """Return what a policy pauses: by the first of its strategies that can be had here."""
    return next((PAUSES[one] for one in policy.strategies if one in PAUSES), None)


def joined(names: Iterable[str]) -> str:
    """Return names as a text: `a`, `a and b`, `a, b and 3 more`."""
    known = list(dict.fromkeys(names))
    if len(known) > NAMES_SHOWN:
        known = [*known[: NAMES_SHOWN - 1], f"{len(known) - NAMES_SHOWN + 1} more"]
    return " and ".join(filter(None, (", ".join(known[:-1]), known[-1])))
