"""The calls that were made on a Stepper, and the cell of Python that makes them again."""

from __future__ import annotations

import ast
import json
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

from repid_nb.core.events import Published
from repid_nb.core.memory.queue import DEFAULT_PRIORITY
from repid_nb.core.memory.snapshot import ChannelSnapshot, MessageSnapshot
from repid_nb.core.serializer import default_serializer
from repid_nb.core.worker.worker import MAX_UNROUTED_RETRIES
from repid_nb.printable import counted
from repid_nb.stepping.record import Step
from repid_nb.stepping.stepper import Stepper
from repid_nb.widgets.form import JSON

__all__ = ["CallLog"]

# How many messages of a channel a cell starts with, so that exporting a long queue does not take long.
WAITING = 1000
MIDDLEWARE = "# Messages are as your producer middleware left them, and it runs for them once more."


@dataclass(frozen=True, slots=True)
class _Resent:
    channel: str
    message_id: str | None


@dataclass(frozen=True, slots=True)
class _About:
    """A call about one message, written in Python with the id that it is given."""

    call: Callable[[str], str]
    message_id: str | None


_Call: TypeAlias = MessageSnapshot | _Resent | _About | str


class CallLog:
    """Logs the calls on a Stepper, from the present state of its queues on; only the newest calls are kept.

    Args:
        limit: How many calls are kept.
    """

    def __init__(self, stepper: Stepper, limit: int = 10_000) -> None:
        self._stepper = stepper
        self._limit = limit
        history = stepper.history
        self._begin(len(history) + history.dropped)

    def _begin(self, newest: int) -> None:
        """Start with the messages that are on the queues now, right after step `newest`."""
        queues = self._stepper.snapshot(WAITING)
        self._first_step = newest
        self._left_out = [line for queue in queues.channels for line in _left_out(queue)]
        self._calls: deque[_Call] = deque(message for queue in queues.channels for message in queue.ready)
        self._dropped = 0

    def sent(self, event: Published) -> None:
        """Add a message that was put on a queue, by the page or by a cell."""
        message = event.message
        self._add(
            MessageSnapshot(
                id=getattr(message, "message_id", None),
                channel=event.channel,
                payload=message.payload,
                headers=message.headers,
                content_type=message.content_type,
                reply_to=message.reply_to,
                priority=DEFAULT_PRIORITY if event.priority is None else event.priority,
            ),
        )

    def stepped(self, step: Step) -> None:
        """Add a step."""
        self._add(f"await stepper.step({step.channel!r})")

    def rewound(self, to: int) -> None:
        """Add a rewind to right after step `to`; one to before the first logged call starts the log anew."""
        if to <= self._first_step:
            self._begin(to)
        else:
            self._add(f"stepper.rewind({to - self._first_step})")

    def restarted(self, to: int) -> None:
        """Add a restart, to right after step `to`; one to before the first logged call starts the log anew."""
        if to <= self._first_step:
            self._begin(to)
        else:
            self._add("stepper.restart()")

    def called(self, call: str) -> None:
        """Add a call as it is written in Python."""
        self._add(call)

    def called_about(self, message_id: str | None, call: Callable[[str], str]) -> None:
        """Add a call about a message.

        Args:
            call: Writes it in Python, with the id that the message has in the cell.
        """
        self._add(_About(call, message_id))

    def saved(self) -> Callable[[], None]:
        """Return a function that puts the log back as it is now."""
        first, left_out, dropped = self._first_step, self._left_out, self._dropped
        calls = tuple(self._calls)

        def restore() -> None:
            self._first_step, self._left_out, self._dropped = first, left_out, dropped
            self._calls = deque(calls)

        return restore

    def resent(self, channel: str, message_id: str | None) -> None:
        """Add that a dead letter was put back on its queue."""
        self._add(_Resent(channel, message_id))

    def as_cell(self) -> str:
        """Return a cell that makes the calls again, with the same actors and its own queues."""
        retries = self._stepper.max_unrouted_retries
        option = "" if retries == MAX_UNROUTED_RETRIES else f", max_unrouted_retries={retries}"
        lines = [
            "from repid_nb import InMemoryServer, Stepper",
            "",
            "again = app.copy(app.router)  # your app with its actors, on a queue of its own",
            'again.servers.register_server("default", InMemoryServer(), is_default=True)',
            f"stepper = Stepper(again{option})",
            "",
            "# What cells did beside sending and stepping is not in here.",
            *([MIDDLEWARE] if self._stepper.app.producer_middlewares else []),
            *self._left_out,
            *([f"# {counted(self._dropped, 'earlier call')} left out"] if self._dropped else []),
        ]
        for call, same in groupby(self._as_python()):
            times = sum(1 for _ in same)
            lines += [call] if times == 1 else [f"for _ in range({times}):", f"    {call}"]
        return "\n".join([*lines, "stepper.history"]) + "\n"

    def _add(self, call: _Call) -> None:
        self._calls.append(call)
        if len(self._calls) > self._limit:
            self._calls.popleft()
            self._dropped += 1

    def _as_python(self) -> Iterator[str]:
        names: dict[str | None, str] = {}
        sent = 0
        for call in self._calls:
            match call:
                case MessageSnapshot():
                    sent += 1
                    names[call.id] = f"m{sent}"  # the ids that a Stepper gives
                    yield _send_call(call)
                case _Resent(channel, message_id) if message_id in names:
                    yield f"stepper.resend({channel!r}, {names[message_id]!r})"
                case _Resent(channel, message_id):
                    yield f"# Left out: {message_id!r} of {channel!r} was sent again; this cell does not know its id."
                case _About(about, message_id) if message_id in names:
                    yield about(repr(names[message_id]))
                case _About(about, message_id):
                    yield f"# Left out: {about(repr(message_id))}: this cell does not know the id."
                case str():
                    yield call


def _left_out(queue: ChannelSnapshot) -> Iterator[str]:
    """Yield a comment for each thing that a new queue cannot start with."""
    sighted = sum(bool(message.sightings) for message in queue.ready)
    for number, noun in (
        ((queue.waiting or 0) - len(queue.ready), "more waiting message"),
        (queue.working or 0, "message in work"),
        (queue.dead or 0, "dead letter"),
    ):
        if number > 0:
            yield f"# Left out: {counted(number, noun)} on {queue.channel!r}, from before."
    if sighted:
        yield f"# Left out: the earlier sightings of {counted(sighted, 'message')} on {queue.channel!r}."


def _send_call(message: MessageSnapshot) -> str:
    headers = dict(message.headers or {})
    topic = headers.pop("topic", None)
    payload = _json_as_python(message.payload) if message.content_type == JSON else None
    options = {
        "topic": topic,
        # No headers and none in it are two things to a strategy.
        "headers": headers if headers or message.headers == {} else None,
        "priority": None if message.priority == DEFAULT_PRIORITY else message.priority,
        "content_type": message.content_type if payload is None else None,
    }
    if payload is None and message.payload:
        payload = repr(message.payload)
    given = [repr(message.channel), *([payload] if payload else [])]
    given += [f"{name}={value!r}" for name, value in options.items() if value is not None]
    lost = "" if message.reply_to is None else f"  # left out: its reply_to, {message.reply_to!r}"
    return f"await stepper.send({', '.join(given)}){lost}"


def _json_as_python(payload: bytes) -> str | None:
    """Return the Python of a JSON payload, or None when sending that would not give the same bytes."""
    try:
        text = repr(json.loads(payload))
        same = default_serializer(ast.literal_eval(text)) == payload
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    # A Stepper sends None as an empty payload.
    return text if same and text != "None" else None
