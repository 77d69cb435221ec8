"""What tests of brokers need of each: repid's server object for it, its queues, and the broker's own count.

    await broker.declare("orders")
    app.servers.register_server("default", broker.server(), is_default=True)
    assert await broker.counts("orders") == Counts(ready=3, held=0)

The counts come from the broker by another way than repid's connection.
"""

from __future__ import annotations

import asyncio
import re
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import nats
import redis.asyncio
from aiobotocore.session import get_session
from nats.js.api import AckPolicy, ConsumerConfig
from pika.exceptions import ConnectionClosedByBroker
from repid import AmqpServer, NatsServer, RedisServer, ServerT, SqsServer
from support import servers

__all__ = ["BROKERS", "Broker", "Counts", "Nats", "Rabbit", "Redis", "Sqs", "asked_until"]

# What RabbitMQ says of an error of its own, and how often it is asked again then.
INTERNAL_ERROR = 541
TRIES = 5
# Seconds for which a broker waits for a program that says nothing: what a test sees sooner was given back.
LONG = 600


@dataclass(frozen=True)
class Counts:
    """How many messages of a channel wait, and how many consumers have and have not settled."""

    ready: int
    held: int


class Broker(ABC):
    """One broker: its process, and what tests ask of it."""

    name: str

    def __init__(self, process: servers.ServerProcess) -> None:
        self.process = process

    @property
    @abstractmethod
    def dsn(self) -> str:
        """Its address, as repid takes it."""

    @abstractmethod
    def server(self, **options: Any) -> ServerT:
        """Return a new server object of repid for it, not yet connected."""

    async def declare(self, channel: str, **options: Any) -> None:  # noqa: B027  (Redis makes all by itself)
        """Make what repid needs for a channel: its queue and the one of its dead letters."""

    @abstractmethod
    async def counts(self, channel: str) -> Counts:
        """Return the broker's own count."""

    async def comes_to(self, channel: str, wanted: Counts) -> None:
        """Ask until the broker counts that; RabbitMQ counts anew ten times a second."""
        await asked_until(lambda: self.counts(channel), wanted)

    async def delete(self, channel: str) -> None:
        """Delete a channel's queue, as another program may."""
        raise NotImplementedError

    async def delete_consumer(self, channel: str) -> None:
        """Delete what repid reads a channel's stream through, where there is such a thing."""
        raise NotImplementedError

    @abstractmethod
    async def dead(self, channel: str) -> int:
        """Return how many dead letters a channel has."""


async def asked_until(ask: Callable[[], Awaitable[object]], wanted: object, seconds: float = 60) -> None:
    """Ask again and again until the answer is that one; fail with the last answer when it takes too long."""
    answer: object = None
    try:
        async with asyncio.timeout(seconds):
            for _ in iter(int, 1):
                answer = await ask()
                if answer == wanted:
                    return
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"{answer} after {seconds} s, and not {wanted}") from None


class Redis(Broker):
    """Valkey, in the place of Redis."""

    name = "redis"
    process: servers.Valkey

    @property
    def dsn(self) -> str:
        return f"redis://127.0.0.1:{self.process.port}/0"

    def server(self, **options: Any) -> RedisServer:
        # Where it blocks for longer, a worker that ends waits for that.
        return RedisServer(self.dsn, **{"block_ms": 200, **options})

    async def counts(self, channel: str) -> Counts:
        async with self.client() as client:
            try:
                (group,) = await client.xinfo_groups(f"repid:{channel}")
            except (redis.ResponseError, ValueError):  # no stream, or no group yet
                return Counts(await client.xlen(f"repid:{channel}"), 0)
            return Counts(group["lag"], group["pending"])

    async def dead(self, channel: str) -> int:
        async with self.client() as client:
            return int(await client.xlen(f"repid:{channel}:dlq"))

    async def delete(self, channel: str) -> None:
        async with self.client() as client:
            await client.delete(f"repid:{channel}")

    async def delete_consumer(self, channel: str) -> None:
        async with self.client() as client:
            await client.xgroup_destroy(f"repid:{channel}", f"repid:{channel}:group")

    @asynccontextmanager
    async def client(self) -> AsyncIterator[redis.asyncio.Redis]:
        client = redis.asyncio.Redis.from_url(self.dsn)
        try:
            yield client
        finally:
            await client.aclose()


class Nats(Broker):
    """NATS with JetStream; repid's dead letters need a stream of their own."""

    name = "nats"
    process: servers.NatsServer

    @property
    def dsn(self) -> str:
        return f"nats://127.0.0.1:{self.process.port}"

    def server(self, **options: Any) -> NatsServer:
        return NatsServer(self.dsn, **options)

    async def declare(self, channel: str, *, consumer: bool = True, **options: Any) -> None:
        """Make the streams and, unless told otherwise, a consumer that holds one message at a time.

        Args:
            options: More of the consumer's: `max_ack_pending`, `ack_wait` in seconds.
        """
        async with self.jetstream() as jetstream:
            for name in (channel, f"repid_{channel}_dlq"):
                await jetstream.add_stream(name=name, subjects=[name])
            if consumer:
                group = f"{channel}_group"
                settings = {"max_ack_pending": 1, "ack_wait": LONG, **options}
                await jetstream.add_consumer(
                    channel,
                    ConsumerConfig(
                        durable_name=group,
                        deliver_group=group,
                        deliver_subject=f"_INBOX.{group}",
                        ack_policy=AckPolicy.EXPLICIT,
                        **settings,
                    ),
                )

    async def counts(self, channel: str) -> Counts:
        async with self.jetstream() as jetstream:
            info = await jetstream.consumer_info(channel, f"{channel}_group")
            return Counts(info.num_pending or 0, info.num_ack_pending or 0)

    async def dead(self, channel: str) -> int:
        async with self.jetstream() as jetstream:
            return (await jetstream.stream_info(f"repid_{channel}_dlq")).state.messages

    async def delete(self, channel: str) -> None:
        async with self.jetstream() as jetstream:
            await jetstream.delete_stream(channel)
            await jetstream.delete_stream(f"repid_{channel}_dlq")

    async def delete_consumer(self, channel: str) -> None:
        async with self.jetstream() as jetstream:
            await jetstream.delete_consumer(channel, f"{channel}_group")

    @asynccontextmanager
    async def jetstream(self) -> AsyncIterator[nats.js.JetStreamContext]:
        client = await nats.connect(self.dsn)
        try:
            yield client.jetstream()
        finally:
            await client.close()


class Rabbit(Broker):
    """RabbitMQ 4 with queues of one type."""

    process: servers.RabbitMQ

    def __init__(self, process: servers.RabbitMQ, queue_type: str) -> None:
        super().__init__(process)
        self.queue_type = queue_type
        self.name = f"rabbit-{queue_type}"

    @property
    def dsn(self) -> str:
        return f"amqp://{self.process.user}:{self.process.password}@127.0.0.1:{self.process.port}/"

    def server(self, **options: Any) -> AmqpServer:
        return AmqpServer(self.dsn, **options)

    async def declare(
        self, channel: str, *, dead_letters: bool = True, dead_queue: bool = True, **arguments: Any
    ) -> None:
        """Make the queue and, unless told otherwise, `CHANNEL.dead` for what is nacked.

        Args:
            dead_letters: Whether the queue names that queue.
            dead_queue: Whether to make it, too.
            arguments: More of the queue's, with `_` for `-`: `x_max_priority`.
        """
        wanted = {"x-queue-type": self.queue_type, **{key.replace("_", "-"): value for key, value in arguments.items()}}
        if dead_letters:
            wanted |= {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": f"{channel}.dead"}
        for tries_left in reversed(range(TRIES)):
            try:
                await asyncio.to_thread(self._declare, channel, wanted, dead_letters and dead_queue)
                break
            except ConnectionClosedByBroker as error:
                # A quorum queue elects its leader first, and RabbitMQ gives up where a busy machine lets that wait.
                if error.reply_code != INTERNAL_ERROR or not tries_left:
                    raise

    async def counts(self, channel: str) -> Counts:
        ready = await asyncio.to_thread(self._ready, channel)
        return Counts(ready, await asyncio.to_thread(self._held, channel))

    async def dead(self, channel: str) -> int:
        return await asyncio.to_thread(self._ready, f"{channel}.dead")

    async def delete(self, channel: str) -> None:
        await asyncio.to_thread(self._delete, channel)

    def _delete(self, queue: str) -> None:
        with self.process.connected() as connection:
            connection.channel().queue_delete(queue)

    def _declare(self, channel: str, arguments: dict[str, Any], dead_queue: bool) -> None:
        with self.process.connected() as connection:
            if dead_queue:
                connection.channel().queue_declare(f"{channel}.dead", durable=True)
            connection.channel().queue_declare(channel, durable=True, arguments=arguments)

    def _ready(self, queue: str) -> int:
        with self.process.connected() as connection:
            return int(connection.channel().queue_declare(queue, passive=True).method.message_count)

    def _held(self, queue: str) -> int:
        """Return the count that is at most 0.1 s old: AMQP does not tell how many messages are held."""
        url = f"http://127.0.0.1:{self.process.metrics_port}/metrics/detailed?family=queue_coarse_metrics"
        with urllib.request.urlopen(url, timeout=60) as answer:
            metrics = answer.read().decode()
        found = re.search(
            rf'^rabbitmq_detailed_queue_messages_unacked{{.*queue="{queue}".*}} (\d+)$', metrics, re.MULTILINE
        )
        return int(found[1]) if found else 0


class Sqs(Broker):
    """SQS, played by moto."""

    name = "sqs"
    process: servers.Moto
    _keys: ClassVar = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}

    @property
    def dsn(self) -> str:
        return f"http://127.0.0.1:{self.process.port}"

    def server(self, **options: Any) -> SqsServer:
        return SqsServer(
            self.dsn,
            "us-east-1",
            **{**self._keys, "receive_wait_time_seconds": 1, "visibility_timeout": LONG, **options},
        )

    async def declare(self, channel: str, **attributes: str) -> None:
        """Make the queue, with more attributes such as `VisibilityTimeout`, and that of its dead letters."""
        async with self.client() as client:
            await client.create_queue(QueueName=channel, Attributes=attributes)
            await client.create_queue(QueueName=f"repid_{channel}_dlq")

    async def delete(self, channel: str) -> None:
        async with self.client() as client:
            for name in (channel, f"repid_{channel}_dlq"):
                await client.delete_queue(QueueUrl=(await client.get_queue_url(QueueName=name))["QueueUrl"])

    async def counts(self, channel: str) -> Counts:
        async with self.client() as client:
            url = (await client.get_queue_url(QueueName=channel))["QueueUrl"]
            told = (await client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]))["Attributes"]
            numbers = "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"
            return Counts(*(int(told[number]) for number in numbers))

    async def dead(self, channel: str) -> int:
        return (await self.counts(f"repid_{channel}_dlq")).ready

    def client(self) -> Any:
        return get_session().create_client("sqs", "us-east-1", endpoint_url=self.dsn, **self._keys)


# How to make each of a process that may be shared.
BROKERS = {
    "redis": (servers.Valkey, Redis),
    "nats": (servers.NatsServer, Nats),
    "rabbit-classic": (servers.RabbitMQ, lambda process: Rabbit(process, "classic")),
    "rabbit-quorum": (servers.RabbitMQ, lambda process: Rabbit(process, "quorum")),
    "sqs": (servers.Moto, Sqs),
}
