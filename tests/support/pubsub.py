"""Google Pub/Sub, played: its gRPC methods that repid and a Stepper call, on 127.0.0.1."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
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
        # By subscription: the topic of its dead letters, and at which delivery a message becomes one.
        self.policies: dict[str, tuple[str, int]] = {}
        self._deliveries: Counter[str] = Counter()
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
            "Publisher": {"Publish": self._publish, "ListTopicSubscriptions": self._list},
            "Subscriber": {
                "GetSubscription": self._get,
                "Pull": self._pull,
                "Acknowledge": self._acknowledge,
                "ModifyAckDeadline": self._modify,
            },
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
        # subscription = 1 comes first, and is shorter than 128 bytes here; return_immediately = 2, max_messages = 3.
        name, rest = await self._named(request, context)
        at_once, number = rest[:2] == b"\x10\x01", rest[-1]
        while not self.waiting[name] and not at_once:
            self._arrived.clear()
            await self._arrived.wait()
        answers = []
        while self.waiting[name] and len(answers) < number:
            message = self.waiting[name].popleft()
            ack_id = f"{name}-{message.message_id}"
            self.held[ack_id] = (name, message)
            self._deliveries[ack_id] += 1
            # Without a policy they are not counted.
            delivery = self._deliveries[ack_id] if name in self.policies else 0
            answers.append(proto.ReceivedMessage(ack_id=ack_id, message=message, delivery_attempt=delivery))
        return proto.StreamingPullResponse(received_messages=answers).serialize()

    async def _get(self, request: bytes, context: Any) -> bytes:
        name, _ = await self._named(request, context)
        if name not in self.policies:
            return b""
        topic, most = self.policies[name]
        path = f"projects/project/topics/{topic}".encode()
        policy = b"\x0a" + bytes([len(path)]) + path + b"\x10" + bytes([most])
        return b"\x6a" + bytes([len(policy)]) + policy

    async def _list(self, request: bytes, context: Any) -> bytes:
        name, _ = await self._named(request, context)
        path = f"projects/project/subscriptions/{name}".encode()
        return b"\x0a" + bytes([len(path)]) + path

    async def _named(self, request: bytes, context: Any) -> tuple[str, bytes]:
        name = request[2 : 2 + request[1]].decode().rsplit("/", 1)[1]
        if name not in self.waiting:
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such thing")
        return name, request[2 + request[1] :]

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
                dead, most = self.policies.get(name, ("", 0))
                self.waiting[dead if most and self._deliveries[ack_id] >= most else name].append(message)
                self._arrived.set()
        return b""
