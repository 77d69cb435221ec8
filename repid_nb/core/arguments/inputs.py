"""Reading a function's signature before any message comes: the common half of the converters."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from repid_nb.core.actor import ActorData, ActorExecutionContext
from repid_nb.core.arguments.dependencies import (
    DependencyContext,
    Header,
    Inputs,
    get_full_payload_marker,
    resolve_all,
)
from repid_nb.core.callables import name_of
from repid_nb.core.description import CorrelationId
from repid_nb.core.errors import DeclarationError, InvalidMessageError
from repid_nb.core.message import ReceivedMessageT

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["JSON_TYPES", "ArgumentSource", "ConverterBase"]


@dataclass(frozen=True, slots=True)
class ArgumentSource:
    """Where one argument of an actor is read from.

    Attributes:
        paths: Where in the payload or the headers the argument may stand, first choice first; each is a name, or a name
            and the keys and indices below it.
    """

    name: str
    kind: Literal["payload", "header", "dependency", "full payload"]
    paths: tuple[tuple[str | int, ...], ...] = ()


# A message without a content type counts as JSON (repid 2.1.4).
JSON_TYPES = frozenset((None, "", "application/json"))


class ConverterBase:
    """What both converters know of a function before any message comes."""

    payload_pydantic_model: type[BaseModel] | None = None
    headers_pydantic_model: type[BaseModel] | None = None

    def __init__(
        self, fn: Callable[..., Any], *, fn_locals: dict[str, Any] | None = None, correlation_id: CorrelationId | None
    ) -> None:
        self.fn = fn
        self.name = name_of(fn)
        self.correlation_id = correlation_id
        # A module's own names go before those of the function that declares the actor, as in repid.
        names = {**(fn_locals or {}), **getattr(inspect.unwrap(fn), "__globals__", {})}
        self.inputs = Inputs.of(fn, names)
        self.full_payload: inspect.Parameter | None = None
        self.positional: list[inspect.Parameter] = []
        self.named: list[inspect.Parameter] = []
        for parameter in self.inputs.payload:
            if parameter.kind is parameter.POSITIONAL_ONLY:
                self.positional.append(parameter)
            elif get_full_payload_marker(parameter.annotation) is None:
                self.named.append(parameter)
            elif self.full_payload is None:
                self.full_payload = parameter
            else:
                raise DeclarationError(
                    f"{self.name}: only one FullPayload() marker is allowed per actor, and both "
                    f"{self.full_payload.name!r} and {parameter.name!r} have it; remove one."
                )
        self.headers_id_to_name = self._name_headers()

    def _name_headers(self) -> dict[int, str]:
        names: dict[int, str] = {}
        for header, parameter in self.inputs.all_headers():
            name = header.name or parameter.name
            known = names.setdefault(id(header), name)
            if known != name:
                # The last name wins for both in repid too; there it is silent.
                names[id(header)] = name
                warnings.warn(
                    f"{self.name}: {known!r} and {name!r} share one Header() object, so both are read from the header "
                    f"{name!r}. Write a Header() for each.",
                    UserWarning,
                    stacklevel=2,
                )
        return names

    async def resolve_dependencies(
        self,
        *,
        message: ReceivedMessageT,
        actor: ActorData,
        actor_context: ActorExecutionContext,
        args: list[Any],
        kwargs: dict[str, Any],
        headers: dict[str, Any],
    ) -> dict[str, Any]:
        """Return the dependencies' values by parameter name, given what was read from the message."""
        context = DependencyContext(
            message=message,
            actor=actor,
            actor_context=actor_context,
            parsed_args=args,
            parsed_kwargs=kwargs,
            parsed_headers=headers,
            headers_id_to_name=self.headers_id_to_name,
        )
        return await resolve_all(self.inputs.dependencies, context)

    def refuse(self, content_type: str | None) -> NoReturn:
        """Raise the InvalidMessageError for a message whose content type is not JSON (repid 2.1.4)."""
        raise InvalidMessageError(
            f"Unsupported content type: {content_type!r}. {self.name!r} reads its arguments from JSON: "
            f"send the message with send_message_json, or with content_type='application/json'. To take any "
            f"bytes, give the actor one parameter annotated Message and read its payload."
        )

    def argument_sources(self) -> Mapping[str, ArgumentSource]:
        """Return each argument's source, by parameter name in order, without `*args` and `**kwargs`."""
        return self._known_sources

    @cached_property
    def _known_sources(self) -> Mapping[str, ArgumentSource]:
        return {source.name: source for source in self._sources()}

    def _sources(self) -> Iterator[ArgumentSource]:
        payload = {parameter.name for parameter in self.inputs.payload}
        for name, parameter in self.inputs.parameters.items():
            dependency = self.inputs.dependencies.get(name)
            if parameter is self.full_payload:
                yield ArgumentSource(name, "full payload")
            elif isinstance(dependency, Header):
                header = self.headers_id_to_name[id(dependency)]
                yield ArgumentSource(name, "header", _paths(self.headers_pydantic_model, header))
            elif dependency is not None:
                yield ArgumentSource(name, "dependency")
            elif name in payload:
                yield ArgumentSource(name, "payload", _paths(self.payload_pydantic_model, name))


def _paths(model: type[BaseModel] | None, field: str) -> tuple[tuple[str | int, ...], ...]:
    alias = None if model is None else model.model_fields[field].validation_alias
    if alias is None:
        return ((field,),)
    choices = getattr(alias, "choices", [alias])
    return tuple((choice,) if isinstance(choice, str) else tuple(choice.path) for choice in choices)
