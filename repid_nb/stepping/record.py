"""The records of stepping, first of all the Step. They are frozen, and views draw them and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, overload

from repid_nb.core.limits import Wait
from repid_nb.core.memory.snapshot import MessageSnapshot, QueuesSnapshot
from repid_nb.core.message import MessageAction
from repid_nb.core.record import Record
from repid_nb.core.text import make_plain, text_of
from repid_nb.stepping.copies import KeepsResult
from repid_nb.stepping.pictured import Filmed, Pictured
from repid_nb.stepping.step_json import step_from_dict, step_to_dict

__all__ = [
    "Argument",
    "Explanation",
    "FieldError",
    "History",
    "Idle",
    "Raised",
    "Rewound",
    "Sent",
    "Settlement",
    "Step",
    "Steps",
    "Verdict",
]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Verdict(Record):
    """The answer of one actor's routing strategy about a message.

    Attributes:
        position: The actor's place in the order of registration on its channel, from 1.
        actor: The name of the actor.
        strategy: The name of its strategy: `topic`, `catch-all`, or that of the custom factory.
        outcome: `match`, `no match`, or `error` when the strategy raised; `not asked` after the winner where asking
            could change what the strategy says later.
        reason: Why, in one line.
        role: `winner` for the first match, `shadowed` for a later one, otherwise None.
        asked: Whether a worker would have asked this actor. It stops at the first match; later actors are asked for
            the explanation only, if at all, and never run.
        note: A remark, such as that the actor's cell ran again; otherwise empty.
    """

    position: int
    actor: str
    strategy: str
    outcome: Literal["match", "no match", "error", "not asked"]
    reason: str
    role: Literal["winner", "shadowed"] | None = None
    asked: bool = True
    note: str = ""

    def __post_init__(self) -> None:
        if type(self.actor) is not str or type(self.strategy) is not str:
            make_plain(self, "actor", "strategy")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Settlement(Record):
    """How a message was settled, and why.

    Attributes:
        action: How it was settled; None when it was not.
        reason: What settled it (the confirmation mode, on_error, the poison rule, or the actor itself), and why.
        where: Where the message went, on a broker; empty where it is as in memory.
    """

    action: MessageAction | None
    reason: str
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FieldError(Record):
    """One field of a payload or a header that does not fit the actor.

    Attributes:
        field: The path of the field, such as `items.0.price`.
        problem: What is wrong with its value.
        given: The value, as Python would write it.
    """

    field: str
    problem: str
    given: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Raised(Record):
    """An exception that ended an actor's run.

    Attributes:
        type: The name of its class.
        message: Its text.
        traceback: Where it was raised, from the first line of the learner's own code; empty when none of it ran.
        fields: The fields that did not fit, when the payload or the headers failed validation.
        hint: The fix, where it is known; otherwise empty.
    """

    type: str
    message: str
    traceback: str = ""
    fields: tuple[FieldError, ...] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Argument(Record):
    """How one argument of the actor was read.

    Attributes:
        name: The parameter.
        source: Where it came from: `payload`, `full payload`, `header 'x'`, `dependency`, `message`, or `default`;
            `converter` where the actor's converter does not say.
        value: The value that the actor got, as Python would write it.
        coerced_from: The value in the message, where it was another one; otherwise None.
        key: The field of the payload, or the header, that it was read from; empty where it came from neither.
    """

    name: str
    source: str
    value: str
    coerced_from: str | None = None
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Step(KeepsResult, Pictured, Record):
    """One pull, from the queue to the settlement.

    Attributes:
        number: The number of the step in its Stepper, from 1.
        channel: The channel that was pulled from.
        message: The message, as it lay in the queue.
        sightings: How often this worker has seen it, this time included.
        sightings_limit: At which sighting without a match it is nacked as poison; 0 on a broker that changes ids: a
            worker counts the first sighting there again and again.
        verdicts: One for each actor of the channel, in order of registration.
        winner: The name of the actor that ran, or None.
        middlewares: The names of the middleware around it, the outermost first.
        arguments: How its arguments were read.
        result: What the actor returned, as it was then: an equal copy of plain data, dataclasses and models; for other
            objects a stand-in with the same `repr`.
        exception: What was raised, or None.
        printed: What was printed during the step.
        duration: Seconds from the call of the actor to its end; None when none was called.
        settlement: How the message was settled, and why.
        published: The channels that the actor sent further messages and replies to, one for each.
        note: What is to be known of this step on a broker; otherwise empty.
        worker: The name of the Stepper that took the step; empty where it has none.
        children: The names of these messages, in the same order: m1.1, m1.2 ... where the message is m1.
        before: The queues before the pull; a window of each with its total.
        after: The queues after the settlement.
    """

    number: int
    channel: str
    message: MessageSnapshot
    sightings: int
    sightings_limit: int
    verdicts: tuple[Verdict, ...]
    winner: str | None
    settlement: Settlement
    before: QueuesSnapshot
    after: QueuesSnapshot
    middlewares: tuple[str, ...] = ()
    arguments: tuple[Argument, ...] = ()
    result: Any = field(default=None, hash=False)
    exception: Raised | None = None
    printed: str = ""
    duration: float | None = None
    published: tuple[str, ...] = ()
    note: str = ""
    children: tuple[str, ...] = ()
    worker: str = ""

    def __post_init__(self) -> None:
        make_plain(self, "channel", "winner")
        if self.middlewares:
            object.__setattr__(self, "middlewares", tuple(map(text_of, self.middlewares)))
        if self.published:
            object.__setattr__(self, "published", tuple(map(text_of, self.published)))

    @property
    def is_done(self) -> bool:
        """Whether the message has left the queue for good, by an ack or a reply."""
        return self.settlement.action in (MessageAction.acked, MessageAction.replied)

    def to_dict(self) -> dict[str, Any]:
        """Return the step as plain data that `json.dumps` takes.

        A payload is text where it is UTF-8, otherwise base64. A result that JSON cannot hold is there as its `repr`.
        Where the messages on the queues before or after carry more than 10,000 bytes in all, long payloads and headers
        of theirs are cut there, with a note of how long they are; the step's own message is always whole.
        """
        return step_to_dict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Step:
        """Return the step whose `to_dict` returned `data`.

        Raises:
            InvalidMessageError: The data is not that of a step; the message says what is missing or wrong.
        """
        return step_from_dict(cls, data)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Idle(Pictured, Record):
    """A step that found nothing to pull. It counts as false.

    Attributes:
        channels: The channels that the step could have pulled from.
        unheard: Channels on which messages wait and no actor listens, each with how many wait.
        queues: The queues at that moment.
        note: On a broker, why it is not certain that nothing waits; otherwise empty.
        waits: The messages that were pulled and are back, because a limit policy has no room for them.
    """

    channels: tuple[str, ...]
    unheard: tuple[tuple[str, int], ...] = ()
    queues: QueuesSnapshot = field(default_factory=QueuesSnapshot)
    note: str = ""
    waits: tuple[Wait, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "channels", tuple(map(text_of, self.channels)))
        object.__setattr__(self, "unheard", tuple((text_of(name), waiting) for name, waiting in self.unheard))

    def __bool__(self) -> Literal[False]:
        return False


class _StepSequence(Filmed, Record, Sequence[Step]):
    steps: tuple[Step, ...]

    __slots__ = ()

    @overload
    def __getitem__(self, index: int) -> Step: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Step, ...]: ...

    def __getitem__(self, index: int | slice) -> Step | tuple[Step, ...]:
        return self.steps[index]

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)


@dataclass(frozen=True, slots=True, repr=False)
class Steps(_StepSequence):
    """The steps of one run.

    Attributes:
        steps: The steps, oldest first.
        ended_by: `idle` when nothing was left to pull, `max_steps` when the bound was reached first.
        waiting: How many messages still wait on the channels of the run; None where that is not known.
    """

    steps: tuple[Step, ...]
    ended_by: Literal["idle", "max_steps"]
    waiting: int | None = 0


@dataclass(frozen=True, slots=True, repr=False)
class History(_StepSequence):
    """The steps so far.

    Attributes:
        steps: The steps that are kept, oldest first.
        dropped: How many older ones were dropped because of the limit.
        dropped_done: How many of those ended in an ack or a reply.
    """

    steps: tuple[Step, ...]
    dropped: int = 0
    dropped_done: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Explanation(Pictured, Record):
    """The answer which actor would get a message. Nothing was sent or pulled.

    Attributes:
        channel: The channel it would come from.
        message: The message.
        verdicts: One for each actor of the channel, in order of registration.
        winner: The name of the actor that would run, or None.
        waits: What it would wait for at the workers that run on the server now; empty where it would start.
    """

    channel: str
    message: MessageSnapshot
    verdicts: tuple[Verdict, ...]
    winner: str | None
    waits: tuple[Wait, ...] = ()

    def __post_init__(self) -> None:
        make_plain(self, "channel", "winner")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Sent(Record):
    """A message that was sent.

    Attributes:
        message: The message.
        waiting: How many messages now wait on its channel, this one included; None where that is not known.
    """

    message: MessageSnapshot
    waiting: int | None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Rewound(Record):
    """A rewind of the queues.

    Attributes:
        to: The number of the step after which the queues now are; 0 for before the first.
        undone: The numbers of the steps that were undone.
        queues: The queues now.
        others: How many later steps of other Steppers on the server were undone with them.
        sent_again: How many messages that were sent since were put on their queues again.
    """

    to: int
    undone: tuple[int, ...]
    queues: QueuesSnapshot
    others: int = 0
    sent_again: int = 0
