"""Servers and send operations, by name (repid 2.1.4)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, Protocol, cast

from repid_nb.core.description import Channel, ExternalDocs, MessageSchema, SendOperation, Tag, as_channel
from repid_nb.core.errors import DeclarationError, UnknownNameError
from repid_nb.core.message import ServerT
from repid_nb.core.naming import a_kind, nearest_name

__all__ = ["ForeignServerT", "MessageRegistry", "ServerRegistry", "standing_in"]


# By the identity of a server: the one that is used in its place, in this context.
_stand_ins: ContextVar[Mapping[int, ServerT]] = ContextVar("repid_nb_stand_ins", default={})  # noqa: B039  (never changed)


@contextmanager
def standing_in(server: ServerT, original: ServerT) -> Iterator[None]:
    """Let every app find `server` in the place of another one, in this context: for a copy of a world."""
    ServerRegistry.has_stand_ins = True
    token = _stand_ins.set({**_stand_ins.get(), id(original): server})
    try:
        yield
    finally:
        _stand_ins.reset(token)


class ForeignServerT(Protocol):
    """A server object of repid's, of 2.1 or of 2.2: to a type checker what it takes and returns are other types."""

    @property
    def host(self) -> str: ...
    def connection(self) -> AbstractAsyncContextManager[Any]: ...
    @property
    def publish(self) -> Callable[..., Coroutine[Any, Any, None]]: ...
    @property
    def subscribe(self) -> Callable[..., Coroutine[Any, Any, Any]]: ...


class ServerRegistry:
    """The servers of an app, one of them the default (`app.servers`)."""

    # Until there is one, a look-up does not pay for the question.
    has_stand_ins: ClassVar[bool] = False

    def __init__(self) -> None:
        self._servers: dict[str, ServerT] = {}
        self._default_server: str | None = None

    def register_server(self, name: str, server: ServerT | ForeignServerT, *, is_default: bool = False) -> None:
        """Register a server in place of an older one of that name. The first server, or `is_default`, is the default.

        Raises:
            DeclarationError: The name is not a str, or a class was given, not an object of it.
        """
        if not isinstance(name, str):
            raise DeclarationError(f"The name of a server must be a str, not {a_kind(name)}.")
        if isinstance(server, type):
            raise DeclarationError(
                f"register_server takes a server, not the class {server.__name__}: write {server.__name__}()."
            )
        self._servers[name] = cast("ServerT", server)
        if is_default or self._default_server is None:
            self._default_server = name

    def get_server(self, name: str | None = None) -> ServerT | None:
        """Return the server of that name, by default the default server; None when there is none."""
        is_known = (self._default_server if name is None else name) in self._servers
        return self.find(name) if is_known else None

    def find(self, name: str | None = None) -> ServerT:
        """Do what `get_server` does, but raise an UnknownNameError that names the nearest known name."""
        wanted = self._default_server if name is None else name
        server = self._servers.get(wanted) if isinstance(wanted, str) else None
        if server is not None:
            return _stand_ins.get().get(id(server), server) if self.has_stand_ins else server
        if name is None:
            raise UnknownNameError(
                "No default server configured. "
                "Register one: app.servers.register_server('default', InMemoryServer(), is_default=True).",
            )
        raise UnknownNameError(f"Server {name!r} not found.{nearest_name(name, self._servers)}")

    def registered(self, name: str | None = None) -> ServerT | None:
        """Return what `get_server` returns where nothing stands in for it."""
        return self._servers.get(self._default_server if name is None else name)  # type: ignore[arg-type]  # None is no key

    def list_servers(self) -> dict[str, ServerT]:
        """Return the servers by name."""
        return self._servers.copy()

    def get_default_server(self) -> ServerT | None:
        """Return the default server; None when no server is registered."""
        return self.get_server()

    def set_default_server(self, name: str) -> None:
        """Make a registered server the default.

        Raises:
            UnknownNameError: No server has that name.
        """
        self.find(name)
        self._default_server = name

    @property
    def default(self) -> ServerT:
        """The default server.

        Raises:
            UnknownNameError: No server is registered.
        """
        return self.find()

    def __getitem__(self, name: str) -> ServerT:
        return self.find(name)


class MessageRegistry:
    """The send operations of an app, by operation id (`app.messages`)."""

    def __init__(self) -> None:
        self._operations: dict[str, SendOperation] = {}

    def get_operation(self, operation_id: str) -> SendOperation | None:
        """Return the operation of that id; None when it is not registered."""
        return self._operations.get(operation_id)

    def find(self, operation_id: str) -> SendOperation:
        """Do what `get_operation` does, but raise an UnknownNameError that names the nearest known id."""
        operation = self._operations.get(operation_id) if isinstance(operation_id, str) else None
        if operation is None:
            raise UnknownNameError(
                f"Operation {operation_id!r} not found.{nearest_name(operation_id, self._operations)}",
            )
        return operation

    def list_operations(self) -> dict[str, SendOperation]:
        """Return the operations by id, in the order in which they were registered."""
        return self._operations.copy()

    def register_operation(
        self,
        *,
        operation_id: str,
        channel: Channel | str,
        title: str | None = None,
        summary: str | None = None,
        description: str | None = None,
        messages: Sequence[MessageSchema] | None = None,
        security: Sequence[Any] | None = None,
        tags: Sequence[Tag] | None = None,
        external_docs: ExternalDocs | None = None,
        bindings: Any | None = None,
    ) -> None:
        """Register a send operation: a name for "send this to that channel".

        Args:
            operation_id: The id to send by. An older operation with this id is replaced.
            title: What the AsyncAPI document says of the operation, as with the arguments after it.

        Raises:
            DeclarationError: The channel is neither a `Channel` nor its address.
        """
        self._operations[operation_id] = SendOperation(
            channel=as_channel(channel, f"Operation {operation_id!r}: the channel"),
            title=title,
            summary=summary,
            description=description,
            messages=tuple(messages or ()),
            security=tuple(security or ()),
            tags=tuple(tags or ()),
            external_docs=external_docs,
            bindings=bindings,
        )
