"""Google Pub/Sub, played: its gRPC methods that repid and a Stepper call, on 127.0.0.1."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc.aio
from repid.connections.pubsub.protocol import proto

__all__ = ["Pubsub"]


class Pubsub:
    """One topic and one subscription of each name that was declared. What comes back does so after its deadline."""

    def __init__(self) -> None:
        self.waiting: dict[str, deque[Any]] = {}
        self.held: dict[str, tuple[str, Any]] = {}
        # The deadlines, in seconds, that were asked for.
        self.deadlines: list[int] = []
        self.port = 0
        self._number = 0
        self._arrived = asyncio.Event()

    @property
    def dsn(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Pubsub]:
        """Listen on a port of its own."""
        server = grpc.aio.server()
        for service, methods in {
            "Publisher": {"Publish": self._publish},
            "Subscriber": {"Pull": self._pull, "Acknowledge": self._acknowledge, "ModifyAckDeadline": self._modify},
        }.items():
            handlers = {name: grpc.unary_unary_rpc_method_handler(method) for name, method in methods.items()}
            server.add_generic_rpc_handlers(
                (grpc.method_handlers_generic_handler(f"google.pubsub.v1.{service}", handlers),)
            )
        self.port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            yield self
        finally:
            await server.stop(None)

    async def _publish(self, request: bytes, context: Any) -> bytes:
        asked = proto.PublishRequest.deserialize(request)
        queue = self.waiting.get(asked.topic.rsplit("/", 1)[1])
        if queue is None:
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such topic")
        for message in asked.messages:
            self._number += 1
            message.message_id = str(self._number)
            queue.append(message)
        self._arrived.set()
        return proto.PublishResponse(message_ids=[message.message_id for message in asked.messages]).serialize()

    async def _pull(self, request: bytes, context: Any) -> bytes:
        # subscription = 1 comes first, and is shorter than 128 bytes here; it is followed by max_messages = 1.
        assert request.endswith(b"\x18\x01")
        name = request[2 : 2 + request[1]].decode().rsplit("/", 1)[1]
        if name not in self.waiting:
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such subscription")
        while not self.waiting[name]:
            self._arrived.clear()
            await self._arrived.wait()
        message = self.waiting[name].popleft()
        ack_id = f"ack-{message.message_id}"
        self.held[ack_id] = (name, message)
        answer = proto.ReceivedMessage(ack_id=ack_id, message=message, delivery_attempt=1)
        return proto.StreamingPullResponse(received_messages=[answer]).serialize()

    async def _acknowledge(self, request: bytes, _context: Any) -> bytes:
        for ack_id in proto.AcknowledgeRequest.deserialize(request).ack_ids:
            self.held.pop(ack_id, None)
        return b""

    async def _modify(self, request: bytes, _context: Any) -> bytes:
        asked = proto.ModifyAckDeadlineRequest.deserialize(request)
        self.deadlines.append(asked.ack_deadline_seconds)
        for ack_id in asked.ack_ids:
            # A second is a long time here: what is to come back soon is back at once.
            if asked.ack_deadline_seconds <= 1 and ack_id in self.held:
                name, message = self.held.pop(ack_id)
                self.waiting[name].append(message)
                self._arrived.set()
        return b""
