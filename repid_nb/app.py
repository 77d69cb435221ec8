"""The app: servers, operations and routers under one name (repid 2.1.4, `repid.main`)."""

from __future__ import annotations

import math
import signal
from collections.abc import Callable, Coroutine, Iterable, Sequence
from copy import copy
from functools import partial
from typing import Any, TypeAlias

from repid_nb.core.actor import ActorExecutionContext
from repid_nb.core.checks import check_message
from repid_nb.core.description import Contact, ExternalDocs, License, RunnerInfo, Tag
from repid_nb.core.errors import DeclarationError, DestinationError
from repid_nb.core.events import Observer, Published, guarded
from repid_nb.core.limits import ActorLimitsPropagation, LimitPolicyT, MessageLimits
from repid_nb.core.message import MessageData, MessagePublisherT, SerializerT, ServerT
from repid_nb.core.middleware import ActorMiddlewareT, ProducerMiddlewareT, check_middlewares, pipeline
from repid_nb.core.registry import MessageRegistry, ServerRegistry
from repid_nb.core.routing.router import Router
from repid_nb.core.routing.routes import ForeignRouterT
from repid_nb.core.serializer import default_serializer as json_serializer
from repid_nb.core.uncopied import Uncopied
from repid_nb.core.worker.signals import stop_on_signals
from repid_nb.given import check_number, check_serializer
from repid_nb.limits.gate import gate_of
from repid_nb.limits.gated_worker import worker_of
from repid_nb.limits.limited import Declared
from repid_nb.notebook.exits import exit_raises
from repid_nb.notebook.foreign_loops import running_loop

__all__ = ["Repid"]

TASKS_LIMIT = 1000

BeforeT: TypeAlias = Callable[[ServerT, str], Coroutine[Any, Any, None]]


class Repid(Uncopied):
    """An application: registers servers and operations, includes routers, sends messages, runs workers.

    Args:
        title: The title in the `info` of the AsyncAPI document, as the arguments up to `external_docs` are.
        version: The application's own version.
        default_serializer: Turns the payloads of `send_message_json` into bytes.
        actor_middlewares: Run around every actor, outermost first.
        producer_middlewares: Run around every publish, outermost first.

    Raises:
        DeclarationError: A middleware or the serializer cannot be called, or a call would not run it.
    """

    _instead = "For a second app, put what makes it into a function and call that again."

    def __init__(
        self,
        *,
        title: str = "Repid AsyncAPI",
        version: str = "0.0.1",
        description: str | None = None,
        terms_of_service: str | None = None,
        contact: Contact | None = None,
        license: License | None = None,  # noqa: A002  (repid's name)
        tags: Sequence[Tag] | None = None,
        external_docs: ExternalDocs | None = None,
        default_serializer: SerializerT | None = None,
        actor_middlewares: Sequence[ActorMiddlewareT] | None = None,
        producer_middlewares: Sequence[ProducerMiddlewareT] | None = None,
    ) -> None:
        self.title = title
        self.version = version
        self.description = description
        self.terms_of_service = terms_of_service
        self.contact = contact
        self.license = license
        self.tags = tags
        self.external_docs = external_docs
        check_serializer("default_serializer", default_serializer)
        self.default_serializer: SerializerT = default_serializer or json_serializer
        self._servers = ServerRegistry()
        self._messages = MessageRegistry()
        self._router = Router(middlewares=actor_middlewares)
        check_middlewares("Repid", producer_middlewares, "(call_next, channel, message, server_specific_parameters)")
        self._producer_middlewares = tuple(producer_middlewares or ())
        self._producing = pipeline(self._producer_middlewares)
        # Of a copy: the app that it is a copy of, in the end.
        self._original: Repid | None = None
        self._observers: tuple[tuple[Observer, BeforeT | None], ...] = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._router.listed()}>"

    @property
    def servers(self) -> ServerRegistry:
        """The servers, by name: `app.servers.register_server(...)`, `app.servers.default`."""
        return self._servers

    @property
    def messages(self) -> MessageRegistry:
        """The send operations, by id: `app.messages.register_operation(...)`."""
        return self._messages

    @property
    def producer_middlewares(self) -> tuple[ProducerMiddlewareT, ...]:
        """The middleware around every publish, outermost first."""
        return self._producer_middlewares

    @property
    def router(self) -> Router:
        """The app's own router, in which all others are included."""
        return self._router

    def include_router(self, router: Router | ForeignRouterT) -> None:
        """Include a router, so that its actors listen. Including it again adds nothing.

        Args:
            router: A Router of repid_nb, or of repid itself.

        Raises:
            DeclarationError: It is not a router.
        """
        self._router.include_router(router)

    async def run_worker(
        self,
        *,
        graceful_shutdown_time: float = 25.0,
        messages_limit: float = math.inf,
        limits: MessageLimits | None = None,
        limit_policies: Sequence[LimitPolicyT] = (),
        tasks_limit: int = TASKS_LIMIT,
        actor_limits_propagation: ActorLimitsPropagation = "sum",
        register_signals: Iterable[signal.Signals] | None = None,
        health_check_server: None = None,
        asyncapi_server: None = None,
        server_name: str | None = None,
    ) -> RunnerInfo:
        """Pull, route, run and settle messages until a limit is reached or a signal says stop.

        Cancelled, the worker gives its messages back: the queue is as if they had not been pulled.

        Args:
            graceful_shutdown_time: Seconds that running actors have to finish once the worker stops.
            messages_limit: The worker ends after exactly this many messages; unrouted ones do not count (repid 2.1.4).
            limits: How much the worker takes off the queues at once, in place of `tasks_limit` (repid 2.2); None for
                `tasks_limit` messages, and `MessageLimits()` for no limit. Channels, routers and actors have limits of
                their own.
            limit_policies: Limits of your own for every message (repid 2.2).
            tasks_limit: How many messages may run at once, at least 1.
            actor_limits_propagation: Whether a channel whose actors all have limits is limited to their sum: `sum`, or
                `off` (repid 2.2).
            register_signals: The signals that stop the worker; None for SIGINT and SIGTERM (in a notebook kernel
                SIGTERM only, the kernel's own SIGINT handler is left alone), [] for none.
            health_check_server: Only None: repid itself has this server.
            asyncapi_server: Only None: repid itself has this server, and `asyncapi_html` gives the page.
            server_name: The server; None for the default.

        Returns:
            How many messages ran.

        Raises:
            UnknownNameError: There is no such server.
            NotConnectedError: Its connection is not open.
            DeclarationError: A limit has the wrong type or makes no sense, or one of the two HTTP servers is asked for.
        """
        if health_check_server is not None or asyncapi_server is not None:
            raise DeclarationError(
                "The health-check and AsyncAPI servers are repid's own; repid_nb runs without them. "
                "Leave them out, and use app.asyncapi_html() for the page.",
            )
        check_number("graceful_shutdown_time", graceful_shutdown_time, "a number of seconds, such as 25.0")
        check_number("messages_limit", messages_limit, "a number of messages; leave it out for no limit")
        check_number("tasks_limit", tasks_limit, "a number of messages, at least 1")
        if tasks_limit < 1:
            raise DeclarationError(f"tasks_limit must be at least 1, not {tasks_limit}.")
        if limits is not None and tasks_limit != TASKS_LIMIT:
            raise DeclarationError("Specify either 'limits' or 'tasks_limit', not both.")
        server = self._servers.find(server_name)
        routes = self._router.routes()
        gate = gate_of(Declared(routes.by_channel, routes.channels, limits, limit_policies, actor_limits_propagation))
        if not routes.by_channel or messages_limit <= 0:
            return RunnerInfo(processed=0)
        worker = worker_of(self.execution_context(server), routes.by_channel, gate)
        running_loop()
        with exit_raises(), stop_on_signals(register_signals, worker.stop):
            processed = await worker.run(
                messages_limit=messages_limit,
                tasks_limit=tasks_limit if limits is None else limits.max_messages,
                graceful_shutdown_time=graceful_shutdown_time,
            )
        return RunnerInfo(processed=processed)

    def copy(self, router: Router) -> Repid:
        """Return an app like this one, without servers and with another router.

        What an actor sends by this app, while a Stepper of the other one runs it, goes to the other one's server.
        """
        other = copy(self)
        other._servers, other._router = ServerRegistry(), router  # noqa: SLF001  (the same class)
        other._original = self._original or self  # noqa: SLF001
        return other

    def original_server(self, name: str | None = None) -> ServerT | None:
        """Return the server in whose place this copy's own stands: that of the app which actors know; or None."""
        return None if self._original is None else self._original.servers.registered(name)

    def execution_context(self, server: ServerT) -> ActorExecutionContext:
        """Return the context that a worker on `server` gives to actors' dependencies."""
        return ActorExecutionContext(
            server=server,
            publish=self._publisher(server),
            default_serializer=self.default_serializer,
        )

    def observe(self, observer: Observer, before: BeforeT | None = None) -> Callable[[], None]:
        """Call `observer` with a `Published` for each message that the app sends, to whichever server.

        When it raises, that is logged, and it is called no more.

        Args:
            before: Is awaited before each message is sent, with the server and the channel. What it raises, the sender
                gets, and nothing is sent.

        Returns:
            A function that ends the calls.
        """
        both = guarded(observer), before
        self._observers = (*self._observers, both)

        def end() -> None:
            self._observers = tuple(one for one in self._observers if one is not both)

        return end

    def address_of(self, channel: str | None, operation_id: str | None) -> str:
        """Return the channel of a message, given the channel itself or an operation id.

        Raises:
            DestinationError: Both of them, or neither.
            UnknownNameError: There is no such operation.
        """
        if operation_id is None:
            if channel is None:
                raise DestinationError("Either 'channel' or 'operation_id' must be specified.")
            return channel
        if channel is not None:
            raise DestinationError("Specify either 'channel' or 'operation_id', not both.")
        return self._messages.find(operation_id).channel.address

    def generate_asyncapi_schema(self) -> dict[str, Any]:
        """Return the AsyncAPI 3.0 document of the app: its servers, channels, actors and operations."""
        from repid_nb.asyncapi.document import AsyncAPIGenerator  # noqa: PLC0415  (few need the document)

        return AsyncAPIGenerator(
            routers=[self._router.routes()],
            servers=self._servers,
            messages=self._messages,
            title=self.title,
            version=self.version,
            description=self.description,
            terms_of_service=self.terms_of_service,
            contact=self.contact,
            license=self.license,
            tags=None if self.tags is None else list(self.tags),
            external_docs=self.external_docs,
        ).generate_schema()

    def asyncapi_html(
        self,
        *,
        sidebar: bool = True,
        info: bool = True,
        servers: bool = True,
        operations: bool = True,
        messages: bool = True,
        schemas: bool = True,
        errors: bool = True,
        expand_message_examples: bool = True,
    ) -> str:
        """Return the AsyncAPI document as one HTML page that needs no network; a notebook shows it in a frame.

        Args:
            sidebar: Whether to show the table of contents; the other arguments, whether to show that part.
            info: Title, version, description.
            operations: Channels with their send and receive operations.
            schemas: The schemas that messages share.
            errors: Pointers in the document that lead nowhere, if there are any.
            expand_message_examples: Whether examples are shown unfolded.
        """
        from repid_nb.asyncapi.page import asyncapi_html  # noqa: PLC0415  (few need the page)

        return asyncapi_html(
            self.generate_asyncapi_schema(),
            sidebar=sidebar,
            info=info,
            servers=servers,
            operations=operations,
            messages=messages,
            schemas=schemas,
            errors=errors,
            expand_message_examples=expand_message_examples,
        )

    async def send_message(
        self,
        *,
        channel: str | None = None,
        operation_id: str | None = None,
        payload: bytes,
        headers: dict[str, str] | None = None,
        content_type: str | None = None,
        server_name: str | None = None,
        server_specific_parameters: dict[str, Any] | None = None,
    ) -> None:
        """Send raw bytes.

        Args:
            channel: The channel's address. Either this or an operation id, never both.
            operation_id: A registered operation, which names the channel.
            headers: Names and values, such as the topic.
            server_name: The server; None for the default.
            server_specific_parameters: Options of the server; `InMemoryServer` takes `priority` and `message_id`.

        Raises:
            DestinationError: Both of channel and operation id, or neither.
            UnknownNameError: There is no such operation or server.
            InvalidMessageError: The payload is not bytes, or the headers are not str to str.
            NotConnectedError: The server's connection is not open.
        """
        address = self.address_of(channel, operation_id)
        publishing = self._publish(address, payload, headers, content_type, server_name, server_specific_parameters)
        if publishing is not None:
            await publishing

    async def send_message_json(
        self,
        *,
        operation_id: str | None = None,
        channel: str | None = None,
        payload: Any,
        headers: dict[str, str] | None = None,
        serializer: SerializerT | None = None,
        server_name: str | None = None,
        server_specific_parameters: dict[str, Any] | None = None,
    ) -> None:
        """Send a payload as JSON, with content type `application/json`.

        Args:
            operation_id: A registered operation, which names the channel.
            channel: The channel's address. Either this or an operation id, never both.
            payload: A dict, a list or a pydantic model; datetimes, UUIDs, Decimals and dataclasses may be in it.
            headers: Names and values, such as the topic.
            serializer: Turns the payload into bytes, instead of the app's default.
            server_name: The server; None for the default.
            server_specific_parameters: Options of the server.

        Raises:
            SerializationError: A part of the payload has no JSON form; the message says which.
            DestinationError: Both of channel and operation id, or neither.
            UnknownNameError: There is no such operation or server.
            InvalidMessageError: The headers are not str to str.
            NotConnectedError: The server's connection is not open.
        """
        if serializer is not None:
            check_serializer("serializer", serializer)
        body = (serializer or self.default_serializer)(payload)
        address = self.address_of(channel, operation_id)
        publishing = self._publish(address, body, headers, "application/json", server_name, server_specific_parameters)
        if publishing is not None:
            await publishing

    def _publish(  # noqa: PLR0917  (on the way of each message: by position it costs less)
        self,
        channel: str,
        payload: bytes,
        headers: dict[str, str] | None,
        content_type: str | None,
        server_name: str | None,
        server_specific_parameters: dict[str, Any] | None,
    ) -> Coroutine[Any, Any, Any] | None:
        """Publish a message; return a coroutine that does so when awaited, or None where it is done already."""
        server = self._servers.find(server_name)
        is_watched = self._producer_middlewares or self._observers
        # Otherwise no code sees the message on its way, so no MessageData is made.
        if not is_watched and getattr(type(server), "publishes_at_once", False):
            server.publish_nowait(  # type: ignore[attr-defined]  # the ability that it has
                channel, payload, headers, content_type, None, server_specific_parameters
            )
            return None
        message = MessageData(payload=payload, headers=headers, content_type=content_type)
        check_message(channel, message)
        return self._publisher(server)(channel, message, server_specific_parameters)

    async def _publish_and_tell(
        self, server: ServerT, publish: Callable[[], Coroutine[Any, Any, None]], channel: str, message: MessageData
    ) -> None:
        for _, before in self._observers:
            if before is not None:
                await before(server, channel)
        await publish()
        for tell, _ in self._observers:
            tell(Published(channel, message))

    def _publisher(self, server: ServerT) -> MessagePublisherT:
        def publish(
            channel: str,
            message: MessageData,
            server_specific_parameters: dict[str, Any] | None,
        ) -> Coroutine[Any, Any, None]:
            publishing = partial(
                server.publish, channel=channel, message=message, server_specific_parameters=server_specific_parameters
            )
            return self._publish_and_tell(server, publishing, channel, message) if self._observers else publishing()

        return self._producing.around(publish)
