"""Redis and Valkey streams: a consumer of its own in repid's group reads one entry at a time."""

from __future__ import annotations

import inspect
import os
import re
import socket
import sys
from collections import deque
from collections.abc import Sequence
from importlib import import_module
from typing import Any
from uuid import uuid4

from repid_nb.core.errors import NotPullableError, UnknownNameError
from repid_nb.core.memory.snapshot import ChannelSnapshot, DeadLetter, MessageSnapshot
from repid_nb.core.message import MessageAction, ReceivedMessageT
from repid_nb.stepping.brokers.adapter import Adapter, pictured
from repid_nb.stepping.brokers.places import Greeting
from repid_nb.stepping.brokers.redis_fields import fields_of, parts_of
from repid_nb.stepping.source import Knowledge

__all__ = ["RedisAdapter"]

PREFIX = "repid_nb-"
# Seconds between two signs of life for what is held, and after how many of them without one it is taken over.
ALIVE_EVERY = 5.0
DEAD_AFTER = 30.0
IN_WORK_SHOWN = 10
LARGEST_PENDING = 100
# What repid adds to a dead letter.
ADDED = (b"original_stream", b"original_id")


class RedisAdapter(Adapter):
    """Reads from a stream through a consumer in repid's group, which is gone again when the Stepper is closed.

    A stream has no way back to an entry's place. What is given back stays pending with this consumer, which hands it
    out first; when the Stepper is closed it is added again at the tail. What a Stepper held that is gone, such as that
    of a killed kernel, is taken over by the next one.
    """

    knows = Knowledge(
        broker="Redis",
        rejected="at the tail, under a new id",
        nacked="a dead letter, on repid:{channel}:dlq",
        given_back="kept by this Stepper, which has it next; when it is closed, at the tail under a new id",
        counts=True,
        peeks=True,
        dead_letters=True,
        keeps_ids=False,
    )
    port = 6379
    address_in = "_dsn"
    greeting = Greeting(b"PING\r\n", re.compile(rb"[+-]"))
    login = "redis://USER:PASSWORD@HOST:PORT"

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self._me = f"{PREFIX}{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
        self._kept: dict[str, deque[ReceivedMessageT]] = {}
        self._groups: set[str] = set()
        # Channels where an entry of ours may be pending although no step has it: a settlement did not get through.
        self._unsure: set[str] = set()
        # The ids that were handed out and are not settled yet.
        self._out: set[str] = set()

    def forget(self) -> None:
        self._groups.clear()

    async def open(self, channels: Sequence[str]) -> None:
        for channel in channels:
            if channel in self._groups:
                continue
            stream, group, _ = self._names(channel)
            try:
                await self.server._ensure_consumer_group(stream, group)
            except Exception as error:
                if "WRONGTYPE" in str(error):
                    raise NotPullableError(
                        f"On Redis {stream!r} is no stream, so it cannot be the queue of {channel!r}. Delete that key, "
                        "or give the server another stream_name_strategy."
                    ) from error
                raise
            await self._take_over(channel)
            self._groups.add(channel)

    def lost(self, channel: str, error: Exception) -> bool:
        is_lost = "NOGROUP" in str(error)
        if is_lost:
            self._groups.discard(channel)
        return is_lost

    async def pull(self, channel: str, within: float) -> ReceivedMessageT | None:
        stream, group, _ = self._names(channel)
        while self._kept.get(channel):
            kept = self._kept[channel].popleft()
            if await self._is_mine(channel, kept):
                self._out.add(str(kept.message_id))
                return kept
        if (message := await self._own(channel)) is not None:
            return message
        block = None if within <= 0 else max(1, int(within * 1000))
        new = await self._redis.xreadgroup(group, self._me, {stream: ">"}, count=1, block=block)
        if (message := self._message(channel, new)) is not None:
            return message
        await self._take_over(channel)
        return await self._own(channel)

    async def give_back(self, message: ReceivedMessageT) -> None:
        self._out.discard(str(message.message_id))
        if not message.is_acted_on:
            self._kept.setdefault(message.channel, deque()).append(message)

    async def leave(self, message: ReceivedMessageT) -> None:
        if not message.is_acted_on and await self._is_mine(message.channel, message):
            await message.reject()

    def kept(self) -> Sequence[ReceivedMessageT]:
        return [message for kept in self._kept.values() for message in kept]

    async def rescue(self, message: ReceivedMessageT) -> None:
        client = type(self._redis).from_url(self.server._dsn)
        try:
            fresh = self._received(message.channel, str(message.message_id), fields_of(message), client)
            await fresh.reject()
        finally:
            await client.aclose()

    async def done(self, message: ReceivedMessageT) -> None:
        # The answer to the settlement was awaited: it is taken in.
        self._out.discard(str(message.message_id))

    def where(self, action: MessageAction | None, channel: str) -> str:
        dead = self._names(channel)[2]
        if action is MessageAction.nacked:
            return "dropped: the server has no dlq_stream_strategy" if dead is None else f"a dead letter, on {dead}"
        return super().where(action, channel)

    def failed(self, word: str, error: Exception, message: ReceivedMessageT) -> str:
        self._out.discard(str(message.message_id))
        self._unsure.add(message.channel)
        return super().failed(word, error, message)

    def comes_again(self) -> str:
        return "it stays pending with this Stepper, which has it again before any other"

    def alive_every(self, message: ReceivedMessageT) -> float | None:  # noqa: ARG002  (the same for all)
        # repid's own interval is in whole seconds.
        return min(ALIVE_EVERY, self.server._min_idle_ms / 3000 or ALIVE_EVERY)

    async def look(self, channels: Sequence[str], window: int) -> list[ChannelSnapshot]:
        return [await self._look(channel, window) for channel in channels]

    async def resend(self, channel: str, message_id: str | None) -> int:
        stream, _, dead = self._names(channel)
        if dead is None:
            raise NotPullableError("This RedisServer has no dlq_stream_strategy: a nacked message is dropped.")
        entries = await self._redis.xrange(dead, message_id or "-", message_id or "+")
        if message_id is not None and not entries:
            raise UnknownNameError(f"No dead letter {message_id!r} on {channel!r}.")
        for entry_id, fields in entries:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.xadd(stream, {name: value for name, value in fields.items() if name not in ADDED})
                pipe.xdel(dead, entry_id)
                await pipe.execute()
        return len(entries)

    async def close(self) -> None:
        for channel in list(self._groups):
            try:
                await self._leave_group(channel)
            except Exception as error:
                if not self.lost(channel, error):
                    raise
        self._groups.clear()

    @property
    def _redis(self) -> Any:
        if self.server._redis is None:
            raise ConnectionError("the connection to Redis is closed")
        return self.server._redis

    def _names(self, channel: str) -> tuple[str, str, str | None]:
        """Return the stream, the group, and the stream of the dead letters, if there is one."""
        server = self.server
        dead = server._dlq_stream_strategy
        stream, group = server._stream_name_strategy(channel), server._consumer_group_strategy(channel)
        return stream, group, None if dead is None else dead(channel)

    def _message(self, channel: str, answer: Any) -> ReceivedMessageT | None:
        for _, entries in answer or ():
            for entry_id, fields in entries:
                self._out.add(entry_id.decode())
                # An entry that was deleted while it was pending has no fields any more.
                return self._received(channel, entry_id.decode(), fields or {}, self._redis)
        return None

    def _received(self, channel: str, entry_id: str, fields: Any, client: Any) -> ReceivedMessageT:
        server = self.server
        stream, group, dead = self._names(channel)
        kind = import_module("repid.connections.redis.message_broker").RedisReceivedMessage
        message: ReceivedMessageT = kind(
            **parts_of(fields),
            message_id=entry_id,
            channel=channel,
            stream_name=stream,
            consumer_group=group,
            redis_client=client,
            dlq_stream=dead,
            dlq_maxlen=server._dlq_maxlen,
            # repid 2.2 left it out.
            **({"server": server} if "server" in inspect.signature(kind).parameters else {}),
            consumer_name=self._me,
            min_idle_ms=server._min_idle_ms,
        )
        return message

    async def _own(self, channel: str) -> ReceivedMessageT | None:
        """Return an entry that is pending with this consumer although no step has it, or None."""
        if channel not in self._unsure:
            return None
        stream, group, _ = self._names(channel)
        ((_, entries),) = await self._redis.xreadgroup(group, self._me, {stream: "0"}, count=LARGEST_PENDING)
        lost = [entry for entry in entries if entry[0].decode() not in self._out]
        if not lost:
            self._unsure.discard(channel)
        return self._message(channel, [(stream, lost)])

    async def _leave_group(self, channel: str) -> None:
        stream, group, _ = self._names(channel)
        while self._kept.get(channel):
            await self.leave(self._kept[channel].popleft())
        # Not while something is pending: to delete a consumer deletes that, too.
        if not await self._redis.xpending_range(stream, group, "-", "+", 1, consumername=self._me):
            await self._redis.xgroup_delconsumer(stream, group, self._me)

    async def _is_mine(self, channel: str, message: ReceivedMessageT) -> bool:
        """Return whether an entry is still pending with this consumer: another may have claimed it meanwhile."""
        stream, group, _ = self._names(channel)
        entry = message.message_id
        return bool(await self._redis.xpending_range(stream, group, entry, entry, 1, consumername=self._me))

    async def _take_over(self, channel: str) -> None:
        """Claim what Steppers held that are gone, such as those of a kernel that was killed."""
        stream, group, _ = self._names(channel)
        for consumer in await self._redis.xinfo_consumers(stream, group):
            name = consumer["name"].decode()
            if not name.startswith(PREFIX) or name == self._me:
                continue
            idle = 0 if _is_gone(name) else int(DEAD_AFTER * 1000)
            entries = await self._redis.xpending_range(
                stream, group, "-", "+", 100, consumername=name, idle=idle or None
            )
            ids = [entry["message_id"] for entry in entries]
            if ids:
                await self._redis.xclaim(stream, group, self._me, min_idle_time=idle, message_ids=ids, justid=True)
                self._unsure.add(channel)
            if _is_gone(name) and len(ids) == consumer["pending"]:
                await self._redis.xgroup_delconsumer(stream, group, name)

    async def _look(self, channel: str, window: int) -> ChannelSnapshot:
        stream, group, dead = self._names(channel)
        kept = self._kept.get(channel, ())
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.xlen(stream)
            pipe.xinfo_groups(stream)
            pipe.xpending(stream, group)
            pipe.xpending_range(stream, group, "-", "+", IN_WORK_SHOWN)
            pipe.xlen(dead or "")
            pipe.xrevrange(dead or "", count=window or 1)
            length, groups, pending, entries, dead_count, newest = await pipe.execute(raise_on_error=False)
        mine = next((one for one in groups if one["name"] == group.encode()), None) if _is(groups, list) else None
        if mine is None:
            # No worker and no Stepper was here yet: all of it waits.
            waiting, after, working = length if _is(length, int) else 0, "-", 0
        else:
            waiting, after, working = mine["lag"], f"({mine['last-delivered-id'].decode()}", int(pending["pending"])
        ready = [pictured(message) for message in kept][:window]
        if window and waiting != 0:
            ready += [self._shown(channel, one) for one in await self._redis.xrange(stream, after, "+", count=window)]
        held = {message.message_id for message in kept}
        in_work = [one["message_id"] for one in entries if one["message_id"].decode() not in held] if working else []
        notes = ["how many wait is not known, because entries were deleted"] if waiting is None else []
        if kept:
            notes.append(f"{len(kept)} kept by this Stepper, because a stream has no way back")
        return ChannelSnapshot(
            channel=channel,
            waiting=None if waiting is None else waiting + len(kept),
            ready=tuple(ready[:window]),
            working=max(0, working - len(kept)),
            in_work=await self._entries(channel, in_work[:window]),
            dead=dead_count if _is(dead_count, int) else 0,
            dead_letters=self._letters(channel, newest) if window and _is(newest, list) else (),
            note="; ".join(notes),
        )

    async def _entries(self, channel: str, ids: Sequence[bytes]) -> tuple[MessageSnapshot, ...]:
        if not ids:
            return ()
        stream, _, _ = self._names(channel)
        async with self._redis.pipeline(transaction=False) as pipe:
            for one in ids:
                pipe.xrange(stream, one, one)
            found = await pipe.execute()
        return tuple(self._shown(channel, entries[0]) for entries in found if entries)

    def _letters(self, channel: str, newest: Sequence[Any]) -> tuple[DeadLetter, ...]:
        return tuple(self.letter(self._shown(channel, entry)) for entry in reversed(newest))

    def _shown(self, channel: str, entry: tuple[bytes, dict[bytes, bytes]]) -> MessageSnapshot:
        return MessageSnapshot(id=entry[0].decode(), channel=channel, **parts_of(entry[1]))


def _is(answer: object, kind: type) -> bool:
    """Say whether a request of a pipeline was answered; an error stands in the answer's place."""
    return isinstance(answer, kind)


def _is_gone(consumer: str) -> bool:
    """Say whether the process that a consumer is named after ran on this machine and has ended."""
    host, pid, _ = consumer.removeprefix(PREFIX).rsplit("-", 2)
    # On Windows there is no signal that only asks.
    if sys.platform == "win32" or host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
