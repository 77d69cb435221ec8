"""Dead letters of NATS: on a subject of their own, read where a stream keeps it, and sent again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from repid_nb.core.errors import UnknownNameError
from repid_nb.core.memory.snapshot import MessageSnapshot

__all__ = ["Letters", "is_not_found", "jetstream_of", "messages_of"]

LETTERS_LIMIT = 1000
# By how many times more of a stream is read where it keeps too few letters at its end.
WIDER = 8
# What repid adds to a dead letter.
ADDED = "x-repid-original-channel"


class Letters:
    """Reads the stream that keeps a channel's dead letters; it may keep other subjects too."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._streams: dict[str, str] = {}

    def subject(self, channel: str) -> str | None:
        """Return the subject of a channel's dead letters; None where what is nacked is dropped."""
        strategy = self._server._dlq_topic_strategy
        subject: str | None = None if strategy is None else strategy(channel)
        return subject

    async def look(self, channel: str, window: int) -> tuple[int | None, Sequence[MessageSnapshot]]:
        """Return how many letters there are, None where no stream keeps them, and the newest."""
        subject = self.subject(channel)
        if subject is None:
            return 0, ()
        jetstream = jetstream_of(self._server)
        try:
            if subject not in self._streams:
                self._streams[subject] = await jetstream.find_stream_name_by_subject(subject)
            state = (await jetstream.stream_info(self._streams[subject], subjects_filter=subject)).state
        except Exception as error:
            if not is_not_found(error):
                raise
            self._streams.pop(subject, None)
            return None, ()
        dead = (state.subjects or {}).get(subject, 0)
        return dead, await self._newest(channel, subject, state, min(window, dead))

    async def resend(self, channel: str, message_id: str | None) -> int:
        """Publish one or all letters again; a letter is gone only once NATS has confirmed the message.

        Raises:
            UnknownNameError: There is no letter with that id.
        """
        _, letters = await self.look(channel, LETTERS_LIMIT)
        wanted = [letter for letter in letters if message_id in (None, letter.id)]
        if message_id is not None and not wanted:
            raise UnknownNameError(f"No dead letter {message_id!r} on {channel!r}.")
        jetstream = jetstream_of(self._server)
        for letter in wanted:
            await jetstream.publish(channel, letter.payload, headers=letter.headers)
            stream, sequence = str(letter.id).rsplit(":", 1)
            await jetstream.delete_msg(stream, int(sequence))
        return len(wanted)

    async def _newest(self, channel: str, subject: str, state: Any, number: int) -> Sequence[MessageSnapshot]:
        letters: list[MessageSnapshot] = []
        span = number
        # The end of the stream may be of other subjects, and has gaps where letters were sent again.
        while len(letters) < number:
            after = max(state.first_seq, state.last_seq - span + 1) - 1
            letters = await messages_of(
                jetstream_of(self._server), self._streams[subject], subject, after, span, channel=channel
            )
            if after < state.first_seq:
                break
            span *= WIDER
        return letters[-number:] if number else ()


def jetstream_of(server: Any) -> Any:
    """Return the client's access to JetStream.

    Raises:
        ConnectionError: The server is not connected.
    """
    if server._js is None:
        raise ConnectionError("the connection to NATS is closed")
    return server._js


async def messages_of(
    jetstream: Any, stream: str, subject: str, after: int, limit: int, *, channel: str
) -> list[MessageSnapshot]:
    """Return messages of a stream in their order, without taking them; as many as there are, up to a limit.

    Args:
        subject: Those of this subject.
        channel: The channel that they are shown as messages of.
        after: Those after this number in the stream.
    """
    found: list[MessageSnapshot] = []
    while len(found) < limit:
        try:
            raw = await jetstream.get_msg(stream, seq=after + 1, subject=subject, next=True)
        except Exception as error:
            if not is_not_found(error):
                raise
            break
        after = raw.seq
        headers = {name: value for name, value in (raw.headers or {}).items() if name != ADDED} or None
        found.append(
            MessageSnapshot(
                id=f"{stream}:{raw.seq}",
                channel=channel,
                payload=raw.data or b"",
                headers=headers,
                content_type=(headers or {}).get("content-type"),
            )
        )
    return found


def is_not_found(error: Exception) -> bool:
    """Say whether NATS has no such stream, consumer or message."""
    return type(error).__name__ == "NotFoundError"
