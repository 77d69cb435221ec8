"""An exercise: its question, the messages that are tried, and what is wanted of the Steps."""

from __future__ import annotations

import copy
import inspect
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from weakref import WeakSet

from repid_nb.app import Repid
from repid_nb.classroom.answers import AnswerKind, Refused, described
from repid_nb.classroom.records import Finding
from repid_nb.core.errors import DeclarationError, NotPullableError
from repid_nb.core.memory.server import InMemoryServer
from repid_nb.core.memory.snapshot import MessageSnapshot, QueuesSnapshot
from repid_nb.core.naming import a_kind, is_of_repid
from repid_nb.core.routing.reruns import as_run_of
from repid_nb.core.routing.router import Router
from repid_nb.stepping.memory import as_memory
from repid_nb.stepping.record import Idle, Sent, Step
from repid_nb.stepping.stepper import Stepper

__all__ = ["Case", "Exercise", "Send", "Trial", "Want", "payload_of", "read_payload"]

# The apps that were tried: an answer that returns one of them again did not make it in its call.
_tried_apps: WeakSet[Repid] = WeakSet()


@dataclass(frozen=True, slots=True)
class Send:
    """A message to send; the fields are those of `Stepper.send`.

    Attributes:
        payload: Bytes are sent as they are, None is an empty payload, anything else is sent as JSON.
        topic: The `topic` header.
        headers: Further headers.
        priority: 0 (last) to 9 (first); None for the server's default, 4.
        channel: The channel; None for the exercise's channel, or for that of the operation.
        operation_id: A registered operation, instead of a channel.
        content_type: The media type of a payload of bytes.
    """

    payload: Any = None
    topic: str | None = None
    headers: Mapping[str, str] | None = None
    priority: int | None = None
    channel: str | None = None
    operation_id: str | None = None
    content_type: str | None = None


class Want(Protocol):
    """A requirement on the Steps: a frozen dataclass of `wants`, or an exercise's own."""

    def judge(self, trial: Trial) -> Finding | None:
        """Return the finding where the requirement does not hold, otherwise None."""
        ...


@dataclass(frozen=True, init=False)
class Case:
    """Messages that are tried together, on an app of their own, and what is wanted of the Steps.

    Attributes:
        sends: The messages, in the order in which they are sent; their ids are m1, m2, ...
        wants: The requirements; the first one that does not hold is shown.
        given: The arguments that the answer is called with, beside the app.
        because: A sentence that is added to what was wanted: the reason, without giving the answer away.
    """

    sends: tuple[Send, ...]
    wants: tuple[Want, ...]
    given: tuple[Any, ...]
    because: str

    def __init__(self, *parts: Send | Want, given: Sequence[Any] = (), because: str = "") -> None:
        """Make a case: `Case(Send(topic="ship"), Wins("ship"))`.

        Args:
            parts: The messages, and then the requirements.
            given: The arguments that the answer is called with; each trial gets a copy.
            because: The reason of the requirement, as a sentence.

        Raises:
            DeclarationError: A part is neither a message nor a requirement.
        """
        for part in parts:
            if isinstance(part, type) or not (isinstance(part, Send) or callable(getattr(part, "judge", None))):
                raise DeclarationError(
                    "A Case is made of Sends and of what is wanted, as in Case(Send(topic='a'), Wins('a')), "
                    f"not of {part!r}."
                )
        object.__setattr__(self, "sends", tuple(part for part in parts if isinstance(part, Send)))
        object.__setattr__(self, "wants", tuple(part for part in parts if not isinstance(part, Send)))
        object.__setattr__(self, "given", tuple(given))
        object.__setattr__(self, "because", because)

    @property
    def size(self) -> tuple[int, int, int, int]:
        """The size, by which cases are sorted: smaller ones are tried first, equal ones in the order of writing."""
        headers = sum(len(one.headers or {}) + (one.topic is not None) for one in self.sends)
        payload = sum(len(str(one.payload)) for one in self.sends if one.payload is not None)
        return len(self.sends), headers, payload, len(repr(self.given))


class Trial:
    """One try of one case: a new app with an in-memory server, and a Stepper on it.

    It does not hold the requirements, because an answer can look at its callers.

    Args:
        answer: The object that the learner passed to `check`.
        given: The arguments of the case.
        channel: The channel of messages that name none.

    Attributes:
        answer: The object that the learner passed to `check`.
        given: A copy of the arguments of the case.
        app: The app, with an in-memory server.
        stepper: The Stepper on the app.
        sent: The messages that were sent for the case, in order.
        idle: The Idle of the Stepper when nothing was left to pull; before that None.
        notes: Values that an exercise's `arrange` keeps for its requirements.
        played: How many messages a simulation of the exercise had, beside those of the Steps.
    """

    def __init__(self, answer: Any, given: tuple[Any, ...], channel: str) -> None:
        self.answer = answer
        self.given = copy.deepcopy(given)
        self.channel = channel
        app = Repid()
        app.servers.register_server("default", InMemoryServer(), is_default=True)
        self._step_on(app)
        self.sent: list[Sent] = []
        self.idle: Idle | None = None
        self.notes: dict[str, Any] = {}
        self.played = 0
        self._first_step = 0

    async def call(self, *args: Any, **kwargs: Any) -> Any:
        """Call the answer, await it where it is asynchronous, and return its result.

        Actors that it declares on a router from outside are declared again by the next call, as by a cell that runs
        twice.
        """
        with as_run_of("an answer"):
            result = self.answer(*args, **kwargs)
            return await result if inspect.isawaitable(result) else result

    def include(self, router: Any) -> None:
        """Include a Router, so that its actors listen: one that the answer returned, or the exercise's own.

        Raises:
            Refused: It has the wrong type, or has actors of an earlier run of a cell or of the function.
        """
        if not isinstance(router, Router):
            raise _wrong_result(router, Router, "a Router")
        self.app.include_router(router)
        self._refuse_stale()

    def use_app(self, app: Any) -> None:
        """Try the app that the answer returned, instead of the trial's own.

        Raises:
            Refused: It has the wrong type, is the app of an earlier call, or has actors of an earlier run of a cell.
            NotPullableError: It has no default InMemoryServer.
        """
        if not isinstance(app, Repid):
            raise _wrong_result(app, Repid, "a Repid app")
        if app in _tried_apps:
            raise Refused("Your function returned the same app as before: make the app inside it.")
        self._step_on(app)
        self._refuse_stale()
        _tried_apps.add(app)

    async def send(self, *sends: Send) -> None:
        """Send messages through the app."""
        for one in sends:
            channel = one.channel if one.channel or one.operation_id else self.channel
            sent = await self.stepper.send(
                channel,
                one.payload,
                topic=one.topic,
                headers=one.headers,
                priority=one.priority,
                operation_id=one.operation_id,
                content_type=one.content_type,
            )
            if sent is not None:
                self.sent.append(sent)

    async def run(self, max_steps: int) -> None:
        """Step until only messages are left that no actor takes, at most `max_steps` times.

        A message that no actor takes is pulled once, not ten times: `await trial.stepper.run()` in an exercise's
        `arrange` goes on until it is a dead letter.
        """
        for _ in range(max_steps):
            step = await self.stepper.step()
            if isinstance(step, Idle):
                self.idle = step
                return
            waiting = [message for queue in self.queues.values() for message in queue.ready]
            if waiting and all(message.sightings for message in waiting):
                return

    def forget_steps(self) -> None:
        """Judge only later steps: those so far prepare the case."""
        self._first_step = len(self.stepper.history)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps that are judged, oldest first."""
        return self.stepper.history[self._first_step :]

    @property
    def queues(self) -> QueuesSnapshot:
        """The queues now."""
        return self.stepper.queues

    def steps_of(self, message: int) -> tuple[Step, ...]:
        """Return the judged steps of one message.

        Args:
            message: The number of the message in the case, from 1.
        """
        return tuple(step for step in self.steps if step.message.id == f"m{message}")

    def _step_on(self, app: Repid) -> None:
        self.app, self.stepper = app, Stepper(app)
        server = app.servers.find(None)
        memory = as_memory(server)
        if memory is None:
            raise NotPullableError(f"An exercise needs an InMemoryServer, not {a_kind(server)}.")
        # The answer may send before anything is stepped.
        memory.hold_open()

    def _refuse_stale(self) -> None:
        """Refuse an actor of an earlier run; two actors of one name that one call declares are allowed."""
        for (older, channel), newest in self.app.router.left_over().items():
            what = (
                f"The actor {older.name!r} is still on channel {channel!r}, but its cell ran again without it."
                if newest is None
                else f"The actor {older.name!r} is registered twice on channel {channel!r}, as when its cell ran twice."
            )
            raise Refused(f"{what} Make the Router inside your function, so that each call starts with a new one.")


AFTER_THE_COURSE = 99


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """One exercise.

    Attributes:
        name: The name for `check` and `hint`, such as `routing-1`.
        level: 1 for the easiest to 3.
        chapter: The chapter of the course after which it can be solved; without one it comes after all others.
        title: The subject, in a few words.
        asks: What to pass to `check`, in one sentence.
        answer: The kind of the answer.
        channel: The channel of messages that name none.
        arrange: Prepares a trial: calls the answer or includes it, and includes the exercise's own actors.
            Afterwards the case's messages are sent and stepped until nothing is left.
        cases: The cases, of which the smallest is tried first.
        hints: From the gentlest to the plainest; none is the solution.
        max_steps: The largest number of steps of a case.
        limit: Seconds that an answer may take in all cases together.
    """

    name: str
    level: Literal[1, 2, 3]
    title: str
    asks: str
    answer: AnswerKind
    channel: str
    arrange: Callable[[Trial], Awaitable[None]]
    cases: tuple[Case, ...]
    hints: tuple[str, ...]
    max_steps: int = 100
    chapter: int = AFTER_THE_COURSE
    limit: float = 5.0


def _wrong_result(returned: Any, wanted: type, called: str) -> Refused:
    """Return the refusal of a result of another class than the wanted one, which a learner knows as `called`."""
    advice = " Is its `return` missing?" if returned is None else ""
    if is_of_repid(returned):
        advice = f" Import it with `from repid_nb import {wanted.__name__}`."
    return Refused(f"Your function returned {described(returned)}, not {called}.{advice}")


def payload_of(step: Step) -> Any:
    """Return the payload of a step's message, read as JSON where it is JSON; otherwise the bytes."""
    return read_payload(step.message)


def read_payload(message: MessageSnapshot) -> Any:
    """Return the payload of a message, read as JSON where it is JSON; otherwise the bytes."""
    try:
        return json.loads(message.payload)
    except ValueError:
        return message.payload
