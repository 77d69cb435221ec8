"""The messages of an AsyncAPI document: what actors receive and what operations send (repid 2.1.4's fields)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from repid_nb.asyncapi.components import Components, present
from repid_nb.core.actor import ActorData
from repid_nb.core.description import (
    ActorMessageMetadata,
    ConverterInputSchema,
    CorrelationId,
    MessageExample,
    MessageSchema,
    SendOperation,
)
from repid_nb.core.errors import NotDescribableError

__all__ = ["add_messages"]


def add_messages(
    actors: Iterable[ActorData], operations: Iterable[SendOperation], components: Components
) -> dict[int, str]:
    """Add every message to the components.

    Args:
        actors: The actors; each receives one message, described by its signature.
        operations: The operations; each sends the messages that it was registered with.
        components: Collects the messages, their schemas, tags, links and bindings.

    Returns:
        The key of each message by the identity (`id`) of the actor or the MessageSchema that it describes.
    """
    keys: dict[int, str] = {}
    for actor in actors:
        keys[id(actor)] = components.add("messages", actor.name, _received_message(actor, components))
    for operation in operations:
        for schema in operation.messages:
            keys[id(schema)] = components.add("messages", schema.name, _sent_message(schema, components))
    return keys


def _received_message(actor: ActorData, components: Components) -> dict[str, Any]:
    metadata, read = actor.message_schema, _input_schema(actor)
    return {
        "name": actor.name,
        **(_message_metadata(actor.name, metadata, components) if metadata else {}),
        **present(
            {
                "payload": components.schema(read.payload_schema),
                "contentType": read.content_type,
                "headers": components.schema(read.headers_schema),
                "correlationId": _correlation_id(read.correlation_id),
                "deprecated": actor.deprecated or None,
            }
        ),
    }


def _input_schema(actor: ActorData) -> ConverterInputSchema:
    try:
        return actor.converter.get_input_schema()
    except Exception as error:
        why = str(error).partition("\n\nFor further information")[0].rstrip(".")
        raise NotDescribableError(
            f"The AsyncAPI document cannot describe what actor {actor.name!r} takes: {why}. Annotate its parameters "
            f"with types that JSON has, read by PydanticConverter."
        ) from error


def _sent_message(schema: MessageSchema, components: Components) -> dict[str, Any]:
    return {
        "name": schema.name,
        **_message_metadata(schema.name, schema, components),
        **present(
            {
                "contentType": schema.content_type,
                # Headers before payload: of two definitions with one name the first keeps it.
                "headers": components.schema(schema.headers),
                "payload": components.schema(schema.payload),
                "correlationId": _correlation_id(schema.correlation_id),
                "deprecated": schema.deprecated or None,
            }
        ),
    }


def _message_metadata(
    name: str, metadata: ActorMessageMetadata | MessageSchema, components: Components
) -> dict[str, Any]:
    fields = components.described(metadata)
    if isinstance(metadata.bindings, dict) and metadata.bindings:
        key = components.add("messageBindings", f"{name}-message_bindings", metadata.bindings)
        fields["bindings"] = components.refer("messageBindings", key)
    if metadata.examples:
        fields["examples"] = [_example(example) for example in metadata.examples]
    return fields


def _example(example: MessageExample) -> dict[str, Any]:
    return present(
        {"name": example.name, "summary": example.summary, "headers": example.headers, "payload": example.payload}
    )


def _correlation_id(where: CorrelationId | None) -> dict[str, Any] | None:
    return present({"location": where.location, "description": where.description}) if where else None
