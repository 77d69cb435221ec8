"""An AsyncAPI 3.0 document of an application, from its routers and registries.

The document is repid 2.1.4's, field by field. It differs only where repid's would break the AsyncAPI 3.0 JSON schema
or could not be written as JSON: names of tags that no key or pointer may hold, a tag given twice, a discriminator in
OpenAPI's form, an empty address of external documentation, and values that JSON does not have.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from repid_nb.asyncapi.components import Components, component_key, pointer_token, present, unique_name
from repid_nb.asyncapi.messages import add_messages
from repid_nb.core.actor import ActorData
from repid_nb.core.description import Channel, Contact, ExternalDocs, License, SendOperation, Tag
from repid_nb.core.errors import SerializationError
from repid_nb.core.message import ServerT

__all__ = ["AsyncAPIGenerator"]


class _Router(Protocol):
    @property
    def channels(self) -> list[Channel]: ...

    @property
    def actors(self) -> list[ActorData]: ...


class _Servers(Protocol):
    def list_servers(self) -> dict[str, ServerT]: ...


class _Operations(Protocol):
    def list_operations(self) -> dict[str, SendOperation]: ...


class AsyncAPIGenerator:
    """Describes an application as an AsyncAPI 3.0 document (repid 2.1.4's class of this name)."""

    def __init__(
        self,
        *,
        routers: Sequence[_Router],
        servers: _Servers,
        messages: _Operations,
        title: str = "Repid API",
        version: str = "0.1.0",
        description: str | None = None,
        terms_of_service: str | None = None,
        contact: Contact | None = None,
        license: License | None = None,  # noqa: A002  (repid's keyword)
        tags: Sequence[Tag] | None = None,
        external_docs: ExternalDocs | None = None,
    ) -> None:
        """Store the arguments; nothing is read before `generate_schema`.

        Args:
            routers: The routers; their actors become receive operations, their channels the document's channels.
            version: The version of the application, not of AsyncAPI.
        """
        self.routers = routers
        self.servers = servers
        self.messages = messages
        self.title = title
        self.version = version
        self.description = description
        self.terms_of_service = terms_of_service
        self.contact = contact
        self.license = license
        self.tags = tags
        self.external_docs = external_docs

    def generate_schema(self) -> dict[str, Any]:
        """Return the document.

        Returns:
            Plain JSON: dicts, lists, text, numbers, booleans and None; changing it changes no object of the app.

        Raises:
            SerializationError: A part of an example, binding, schema or security scheme has no JSON form.
        """
        components = Components()
        # A router makes its actors anew each time, and messages are found by the identity of their actor.
        routed = [(router.channels, _by_channel(router.actors)) for router in self.routers]
        actors = [actor for _, by_channel in routed for group in by_channel.values() for actor in group]
        operations = self.messages.list_operations()
        keys = add_messages(actors, operations.values(), components)
        # The order of these calls decides how clashing names are numbered.
        return _plain_json(
            {
                "asyncapi": "3.0.0",
                "info": self._info(components),
                "servers": {
                    name: _server(name, server, components) for name, server in self.servers.list_servers().items()
                },
                "channels": _channels(routed, operations.values(), keys, components),
                "operations": _operations(actors, operations, keys, components),
                "components": components.sections,
            }
        )

    def _info(self, components: Components) -> dict[str, Any]:
        contact, licence = self.contact, self.license
        named = {"name": contact.name, "url": contact.url, "email": contact.email} if contact else {}
        return {
            "title": self.title,
            "version": self.version,
            **present(
                {
                    "description": self.description,
                    "termsOfService": self.terms_of_service,
                    "contact": present(named) or None,
                    "license": present({"name": licence.name, "url": licence.url}) if licence else None,
                    "tags": components.tags(self.tags) or None,
                    "externalDocs": components.external_docs(self.external_docs),
                }
            ),
        }


def _by_channel(actors: Iterable[ActorData]) -> dict[str, list[ActorData]]:
    groups: dict[str, list[ActorData]] = {}
    for actor in actors:
        groups.setdefault(actor.channel_address, []).append(actor)
    return groups


def _server(name: str, server: ServerT, components: Components) -> dict[str, Any]:
    return {
        "host": server.host,
        "protocol": server.protocol,
        **components.described(server),
        **present(
            {
                "protocolVersion": server.protocol_version,
                "pathname": server.pathname,
                "variables": server.variables,
                "bindings": components.bindings("serverBindings", name, server.bindings),
                "security": components.security(server.security or (), f"{name}_server") or None,
            }
        ),
    }


def _channels(
    routed: Iterable[tuple[list[Channel], dict[str, list[ActorData]]]],
    operations: Iterable[SendOperation],
    keys: Mapping[int, str],
    components: Components,
) -> dict[str, Any]:
    channels: dict[str, dict[str, Any]] = {}
    for declared, by_channel in routed:
        for channel in declared:
            received = by_channel.get(channel.address, ())
            channels[channel.address] = _channel(channel, [keys[id(actor)] for actor in received], components)
    for operation in operations:
        address, known = operation.channel.address, channels.get(operation.channel.address, {})
        sent = _channel(operation.channel, [keys[id(schema)] for schema in operation.messages], components)
        messages = {**sent.get("messages", {}), **known.get("messages", {})}
        channels[address] = known | sent | ({"messages": messages} if messages else {})
    return channels


def _channel(channel: Channel, messages: Iterable[str], components: Components) -> dict[str, Any]:
    return components.described(channel) | present(
        {
            "bindings": components.bindings("channelBindings", channel.address, channel.bindings),
            "messages": {key: components.refer("messages", key) for key in messages} or None,
        }
    )


def _operations(
    actors: Iterable[ActorData],
    sent: Mapping[str, SendOperation],
    keys: Mapping[int, str],
    components: Components,
) -> dict[str, Any]:
    operations: dict[str, Any] = {}
    for actor in actors:
        # The id of a send operation stays, because senders use it.
        taken = operations.keys() | sent.keys()
        operation_id = unique_name(component_key(f"receive_{actor.name}", fallback="receive"), taken)
        operations[operation_id] = {
            "action": "receive",
            **_operation(operation_id, actor, actor.channel_address, [keys[id(actor)]], components),
            **present({"bindings": components.bindings("operationBindings", actor.name, actor.bindings)}),
        }
    for operation_id, operation in sent.items():
        messages = [keys[id(schema)] for schema in operation.messages]
        operations[operation_id] = {
            "action": "send",
            **_operation(operation_id, operation, operation.channel.address, messages, components),
            **present({"bindings": components.bindings("operationBindings", operation_id, operation.bindings)}),
        }
    return operations


def _operation(
    operation_id: str,
    source: ActorData | SendOperation,
    address: str,
    messages: Iterable[str],
    components: Components,
) -> dict[str, Any]:
    channel = f"#/channels/{pointer_token(address)}"
    return {
        "channel": {"$ref": channel},
        **components.described(source),
        **present(
            {
                "messages": [{"$ref": f"{channel}/messages/{pointer_token(key)}"} for key in messages] or None,
                "security": components.security(source.security or (), f"{operation_id}_operation") or None,
            }
        ),
    }


def _plain_json(document: dict[str, Any]) -> dict[str, Any]:
    from pydantic_core import to_json  # noqa: PLC0415  (importing repid_nb stays cheap)

    try:
        text = to_json(document, inf_nan_mode="strings")
    except ValueError as error:
        raise SerializationError(
            f"The AsyncAPI document cannot be written as JSON{_culprit(document)}: {error}. "
            "Give examples, bindings, schemas and security schemes as JSON values or pydantic models."
        ) from error
    plain: dict[str, Any] = json.loads(text)
    return plain


def _culprit(document: dict[str, Any]) -> str:
    """Return the path in the document of the first value that has no JSON form, as the end of a sentence."""
    from pydantic_core import to_json  # noqa: PLC0415  (as above)

    way: list[str] = []
    node: Any = document
    while isinstance(node, dict):
        for name, value in node.items():
            try:
                to_json(value, inf_nan_mode="strings")
            except ValueError:
                way.append(str(name))
                node = value
                break
        else:
            break
    return f", because of {'/'.join(way)}" if way else ""
