"""NATS JetStream: repid's durable consumer, subscribed for one message at a time."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from importlib import import_module
from shlex import quote
from typing import Any

from repid_nb.core.errors import InvalidMessageError, NotPullableError, RepidNbError
from repid_nb.core.memory.snapshot import ChannelSnapshot, MessageSnapshot
from repid_nb.core.message import MessageAction, ReceivedMessageT
from repid_nb.core.worker.subscribing import end, subscribe
from repid_nb.stepping.brokers.adapter import Adapter, Inbox, mended, pictured, unknown
from repid_nb.stepping.brokers.nats_letters import Letters, is_not_found, jetstream_of, messages_of
from repid_nb.stepping.brokers.places import Greeting
from repid_nb.stepping.source import Knowledge

__all__ = ["NatsAdapter"]

# Seconds that NATS has to confirm a settlement; a client that has lost its connection needs two to come back.
CONFIRMED_WITHIN = 5.0
SHORTEST_WAIT = 0.05
# What NATS takes in no name of a stream or a consumer.
UNNAMEABLE = re.compile(r"[\s.*>/\\]")
HERE = {"localhost", "127.0.0.1", "::1"}


class NatsAdapter(Adapter):
    """Subscribes to repid's consumer until one message has come, and ends that before the message is settled.

    After the settlement the next message would be pushed at once. So the consumer must let out one message at a time;
    one that lets out more is refused, because a change of it would slow down the workers that use it.
    """

    knows = Knowledge(
        broker="NATS",
        rejected="in front: it comes next again",
        nacked="a dead letter, on the subject repid_{channel}_dlq",
        given_back="in front: it comes next",
        counts=True,
        peeks=True,
        dead_letters=True,
        empty_is_certain=False,
    )
    port = 4222
    greeting = Greeting(b"", re.compile(b"INFO "))
    login = "nats://USER:PASSWORD@HOST:PORT"

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self._streams: dict[str, str] = {}
        self._sent_to: set[str] = set()
        self._ack_wait: dict[str, float] = {}
        self._letters = Letters(server)
        # What went back, or is held, of each channel, last.
        self._last: dict[str, ReceivedMessageT] = {}

    async def try_out(self) -> None:
        async def quiet(_error: Exception) -> None: ...

        client = import_module("nats.aio.client").Client()
        try:
            await client.connect(self.server.dsn, allow_reconnect=False, error_cb=quiet)
        finally:
            await client.close()

    def said(self, error: Exception) -> str:
        # What is not allowed NATS does not answer: the client waits, and hears why beside it.
        last = getattr(self.server._nc, "last_error", None)
        return f"{error} ({last})" if isinstance(error, TimeoutError) and last is not None else str(error)

    def forget(self) -> None:
        self._streams.clear()
        self._sent_to.clear()

    async def recover(self) -> bool:
        client = self.server._nc
        return client is not None and not client.is_closed and await mended(self.server)

    async def open(self, channels: Sequence[str]) -> None:
        for channel in channels:
            if channel not in self._streams:
                _check_name(channel)
                stream = await self._stream_of(channel)
                info = await self._consumer(channel, stream) or await self._add_consumer(channel, stream)
                if info.config.max_ack_pending != 1:
                    raise NotPullableError(
                        f"The NATS consumer {_group(channel)!r} lets out {info.config.max_ack_pending} messages at a "
                        "time, and a Stepper holds one. While you step, set it to one: "
                        f"nats consumer edit {quote(stream)} {quote(_group(channel))} --max-pending 1"
                    )
                self._ack_wait[channel] = float(info.config.ack_wait or 0)
                self._streams[channel] = stream

    def lost(self, channel: str, error: Exception) -> bool:
        is_lost = is_not_found(error)
        if is_lost:
            self._streams.pop(channel, None)
        return is_lost

    async def prepare(self, channel: str) -> None:
        if channel not in self._sent_to:
            await self._stream_of(channel)
            self._sent_to.add(channel)

    def refused(self, channel: str, error: Exception) -> RepidNbError | None:
        if type(error).__name__ == "NoStreamResponseError":
            self._sent_to.discard(channel)
            return self._no_stream(channel)
        if type(error).__name__ == "BadHeaderError":
            return InvalidMessageError(
                f"NATS takes no such name of a header ({error}): it has ASCII letters, digits and signs, no space and "
                "no colon."
            )
        return None

    async def pull(self, channel: str, within: float) -> ReceivedMessageT | None:
        info = await self._js.consumer_info(self._streams[channel], _group(channel))
        if not info.num_pending and not info.num_ack_pending:
            return None
        inbox = Inbox()
        subscriber = await subscribe(self.server, {channel: inbox.put}, 1)
        taking = asyncio.ensure_future(inbox.take(max(within, SHORTEST_WAIT)))
        try:
            await asyncio.wait({taking, subscriber.task}, return_when=asyncio.FIRST_COMPLETED)
            if not taking.done():
                raise subscriber.task.exception() or ConnectionError("the subscription ended")
            message = taking.result()
        finally:
            taking.cancel()
            # Before the message is settled: after that the next one would come in.
            await end(subscriber)
        message = message or next(iter(inbox.rest()), None)
        if message is not None:
            message._msg = _Confirmed(message._msg)  # type: ignore[attr-defined]  # repid's own message
            self._last[channel] = message
        for extra in inbox.rest():
            await extra.reject()
        return message

    async def give_back(self, message: ReceivedMessageT) -> None:
        try:
            await super().give_back(message)
        except Exception as error:
            # The consumer was deleted meanwhile: there is no place to go back to.
            if not _is_unheard(error):
                raise

    async def rescue(self, message: ReceivedMessageT) -> None:
        client = await import_module("nats").connect(self.server.dsn, allow_reconnect=False)
        try:
            await client.publish(message._msg.reply, b"-NAK")  # type: ignore[attr-defined]  # repid's own message
            await client.flush()
        finally:
            await client.close()

    def where(self, action: MessageAction | None, channel: str) -> str:
        if action is MessageAction.nacked:
            subject = self._letters.subject(channel)
            return (
                "dropped: the server has no dlq_topic_strategy" if subject is None else f"a dead letter, on {subject}"
            )
        return super().where(action, channel)

    def failed(self, word: str, error: Exception, message: ReceivedMessageT) -> str:
        subject = self._letters.subject(message.channel)
        if word == "nack" and type(error).__name__ == "NoStreamResponseError":
            return (
                f"NATS keeps no stream for the dead letters on {subject!r}, so the nack failed, and the message comes "
                f"again. Make one: {_make_stream(str(subject))}"
            )
        if _is_unheard(error):
            return (
                f"the {word} did not get through: NATS has no consumer {_group(message.channel)!r} any more, and the "
                "message comes again where the stream still has it"
            )
        return super().failed(word, error, message)

    def comes_again(self) -> str:
        return "where NATS has not heard of it, the message comes again after the consumer's ack_wait"

    def alive_every(self, message: ReceivedMessageT) -> float | None:
        # repid's own interval is in whole seconds, so a short ack_wait would get none.
        return self._ack_wait.get(message.channel, 0) / 3 or None

    async def look(self, channels: Sequence[str], window: int) -> list[ChannelSnapshot]:
        return [await self._look(channel, window) for channel in channels]

    def idle_note(self, queue: ChannelSnapshot) -> str:
        if not queue.working:
            return ""
        wait = self._ack_wait.get(queue.channel, 0)
        more = f"{queue.waiting} wait, but " if queue.waiting else ""
        return (
            f"{more}one is in work and max_ack_pending is 1: until it is settled, or its ack_wait of {wait:g} s is "
            "over, nothing comes"
        )

    async def resend(self, channel: str, message_id: str | None) -> int:
        return await self._letters.resend(channel, message_id)

    @property
    def _js(self) -> Any:
        return jetstream_of(self.server)

    async def _stream_of(self, channel: str) -> str:
        if hasattr(type(self.server), "declare"):
            # A broker of one's own makes what a channel needs, before anything is sent there.
            await self.server.declare(channel)
        try:
            stream: str = await self._js.find_stream_name_by_subject(channel)
        except Exception as error:
            if not is_not_found(error):
                raise
            raise self._no_stream(channel) from error
        return stream

    def _no_stream(self, channel: str) -> NotPullableError:
        return NotPullableError(
            f"NATS keeps no stream for {channel!r}, so what is sent there is lost. Make one first: "
            f"{_make_stream(channel)}"
        )

    async def _consumer(self, channel: str, stream: str) -> Any:
        try:
            return await self._js.consumer_info(stream, _group(channel))
        except Exception as error:
            if not is_not_found(error):
                raise
            return None

    async def _add_consumer(self, channel: str, stream: str) -> Any:
        """Make repid's consumer, on this machine. Elsewhere a worker would be slow with it, for no visible reason."""
        place = self.place
        if place is None or place.host not in HERE:
            raise NotPullableError(
                f"NATS has no consumer {_group(channel)!r} on the stream {stream!r} yet. A Stepper makes none on "
                "another machine: it must let out one message at a time, and a worker would be slow with it. Make it: "
                f"nats consumer add {stream} {_group(channel)} --filter {channel} --target _INBOX.{_group(channel)} "
                f"--deliver-group {_group(channel)} --ack explicit --max-pending 1 --defaults"
            )
        api = import_module("nats.js.api")
        return await self._js.add_consumer(
            stream,
            api.ConsumerConfig(
                durable_name=_group(channel),
                deliver_group=_group(channel),
                deliver_subject=self.server._nc.new_inbox(),
                ack_policy=api.AckPolicy.EXPLICIT,
                max_ack_pending=1,
                filter_subject=channel,
            ),
        )

    async def _look(self, channel: str, window: int) -> ChannelSnapshot:
        stream = self._streams.get(channel)
        if stream is None:
            return unknown([channel])[0]
        info = await self._js.consumer_info(stream, _group(channel))
        working = info.num_ack_pending or 0
        waiting = info.num_pending or 0
        ready = await messages_of(
            self._js, stream, channel, info.delivered.stream_seq, min(window, waiting), channel=channel
        )
        dead, letters = await self._letters.look(channel, window)
        last, note = self._last.get(channel), ""
        in_work: tuple[MessageSnapshot, ...] = ()
        # The delivery that came last is the one that is in work, or that went back and will come first.
        if last is not None and working and info.delivered.consumer_seq == last._msg.metadata.sequence.consumer:  # type: ignore[attr-defined]
            if last.is_acted_on:
                ready, waiting, working = [pictured(last), *ready], waiting + 1, working - 1
                note = "one has come back, and is first"
            else:
                in_work = (pictured(last),)
        return ChannelSnapshot(
            channel=channel,
            waiting=waiting,
            ready=tuple(ready[:window]),
            working=working,
            in_work=in_work[:window],
            dead=dead,
            dead_letters=tuple(map(self.letter, letters)),
            note=note,
        )


class _Confirmed:
    """A message of the client whose settlement NATS confirms; the client itself sends and does not ask."""

    def __init__(self, message: Any) -> None:
        self._message = message

    def __getattr__(self, name: str) -> Any:
        return getattr(self._message, name)

    async def ack(self) -> None:
        await self._confirmed(b"+ACK")

    async def nak(self) -> None:
        await self._confirmed(b"-NAK")

    async def term(self) -> None:
        await self._confirmed(b"+TERM")

    async def _confirmed(self, word: bytes) -> None:
        if not self._message._client.is_connected and not await mended(self._message._client):
            raise ConnectionError("the connection to NATS is lost")
        await self._message._client.request(self._message.reply, word, timeout=CONFIRMED_WITHIN)


def _check_name(channel: str) -> None:
    """Refuse a channel that can be sent to and not received from."""
    if found := UNNAMEABLE.search(channel):
        raise NotPullableError(
            f"repid calls its consumer on NATS {_group(channel)!r}, and no consumer has {found[0]!r} in its name: it "
            f"cannot receive from {channel!r}. Choose another name for the channel."
        )


def _make_stream(subject: str) -> str:
    """Return the line for a shell that makes a stream of one subject."""
    return f"nats stream add {quote(UNNAMEABLE.sub('_', subject))} --subjects {quote(subject)} --defaults"


def _is_unheard(error: Exception) -> bool:
    return type(error).__name__ == "NoRespondersError"


def _group(channel: str) -> str:
    return f"{channel}_group"
