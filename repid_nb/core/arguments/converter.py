"""Reading an actor's arguments from payload and headers, as repid 2.1.4 does (`repid.converter`)."""

from __future__ import annotations

import importlib.util
import inspect
import json
import warnings
from collections.abc import Callable, Iterable
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from repid_nb.core.actor import ActorData, ActorExecutionContext, FnParams
from repid_nb.core.arguments.annotations import type_of
from repid_nb.core.arguments.dependencies import get_full_payload_marker
from repid_nb.core.arguments.inputs import JSON_TYPES, ArgumentSource, ConverterBase
from repid_nb.core.callables import name_of
from repid_nb.core.description import ConverterInputSchema, CorrelationId
from repid_nb.core.errors import DeclarationError, InvalidMessageError
from repid_nb.core.message import ReceivedMessageT

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["ArgumentSource", "BasicConverter", "DefaultConverter", "PydanticConverter"]


class PydanticConverter(ConverterBase):
    """Validates payload and headers with pydantic models made from the function's signature.

    Args:
        fn_locals: The local names at the declaration, for annotations written as text.

    Raises:
        DeclarationError: The signature cannot be read from a message: `*args`, `**kwargs`, a positional-only
            dependency, one field declared in two ways, or an annotation that cannot be resolved (also a NameError).
    """

    def __init__(
        self, fn: Callable[..., Any], *, fn_locals: dict[str, Any] | None = None, correlation_id: CorrelationId | None
    ) -> None:
        super().__init__(fn, fn_locals=fn_locals, correlation_id=correlation_id)
        for parameter in self.inputs.parameters.values():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                raise DeclarationError(
                    f"{self.name}: *args and **kwargs are unsupported, because nothing says what to read into them; "
                    f"name the parameters instead of {parameter}, or use BasicConverter."
                )
        root = None if self.full_payload is None else self._root_model(self.full_payload)
        fields = [(each.name, each) for each in self.inputs.all_payload() if each is not self.full_payload]
        headers = ((header.name or each.name, each) for header, each in self.inputs.all_headers())
        self.payload_pydantic_model = _build_model(f"{self.name}_payload", fields, base=root)
        self.headers_pydantic_model = _build_model(f"{self.name}_headers", headers)
        self._args = [parameter.name for parameter in self.positional]
        self._kwargs = [parameter.name for parameter in self.named]
        self._fields = {name for name, _ in fields}
        # The positional-only arguments that no dependency reads too.
        self._own_args = [name for name in self._args if name not in self.inputs.wanted_by_dependencies()]
        if self.full_payload is not None:
            self._kwargs.append(self.full_payload.name)
        self._read_json = _reader(self.payload_pydantic_model, "json", whole=root is not None)
        self._read_dict = _reader(self.headers_pydantic_model, "python", whole=False)

    def _root_model(self, parameter: inspect.Parameter) -> type[BaseModel]:
        root: type[BaseModel] = type_of(parameter.annotation)
        if not hasattr(root, "model_validate_json"):
            advice = "For a payload that is no object use a RootModel, such as RootModel[list[int]]."
            if get_origin(root) in (Union, UnionType) and get_full_payload_marker(root) is not None:
                advice = "The payload of a message is never missing as a whole: leave `| None` out."
            elif get_origin(root) in (Union, UnionType):
                choices = " | ".join("None" if one is NoneType else name_of(one) for one in get_args(root))
                advice = f"For one of several models: RootModel[{choices}], and read {parameter.name}.root."
            raise DeclarationError(
                f"{self.name}: FullPayload() needs a pydantic model, and {parameter.name!r} is {root!r}. {advice}"
            )
        return root

    async def convert_inputs(
        self, *, message: ReceivedMessageT, actor: ActorData, actor_context: ActorExecutionContext
    ) -> FnParams:
        """Read the positional and the keyword arguments from JSON in UTF-8; an empty payload counts as `{}`.

        Raises:
            InvalidMessageError: The content type is not JSON, or a dependency lacks an argument.
            pydantic.ValidationError: Payload or headers do not fit the signature.
        """
        loaded: dict[str, Any] = {}
        if self._read_json is not None:
            if message.content_type not in JSON_TYPES:
                self.refuse(message.content_type)
            try:
                read = self._read_json(message.payload or b"{}")
            except ValueError as error:
                self._advise(error)
                raise
            loaded = read[0] if self.full_payload is None else self._spread(read)
        args: list[Any] = []
        if self._args:
            args = [loaded[name] for name in self._args]
            for name in self._own_args:
                del loaded[name]
        if not self.inputs.dependencies:
            return args, loaded
        headers = {} if self._read_dict is None else self._read_dict(message.headers or {})[0]
        resolved = await self.resolve_dependencies(
            message=message, actor=actor, actor_context=actor_context, args=args, kwargs=loaded, headers=headers
        )
        # Without the fields that only the dependencies read.
        return args, {**{name: loaded[name] for name in self._kwargs}, **resolved}

    def _spread(self, read: BaseModel) -> dict[str, Any]:
        """Return the model under its parameter's name, and each field that has its own parameter."""
        loaded = {name: getattr(read, name) for name in self._fields}
        if self.full_payload is not None:
            loaded[self.full_payload.name] = read
        return loaded

    def _advise(self, error: ValueError) -> None:
        """Add the fix as a note to an error of pydantic, whose text cannot be changed."""
        from pydantic import ValidationError  # noqa: PLC0415  (pydantic is loaded by the first actor, not before)

        whole = [each for each in error.errors() if not each["loc"]] if isinstance(error, ValidationError) else []
        if any(each["type"] == "json_invalid" for each in whole):
            error.add_note(
                "The payload is not JSON. send_message_json writes it; send_message takes bytes as they are."
            )
        elif self.full_payload is None and any(each["type"] == "model_type" for each in whole):
            error.add_note(
                f"{self.name!r} reads its arguments by name, so the payload must be a JSON object, such as "
                f'{{"name": value}}. To take the payload whole, give the actor one parameter annotated FullPayload(), '
                f"for a list: Annotated[RootModel[list[int]], FullPayload()]."
            )

    def get_input_schema(self) -> ConverterInputSchema:
        """Return the JSON schemas of payload and headers, with references into an AsyncAPI document."""
        return ConverterInputSchema(
            payload_schema=_schema(self.payload_pydantic_model),
            content_type="application/json" if self.payload_pydantic_model is not None else "",
            headers_schema=_schema(self.headers_pydantic_model),
            correlation_id=self.correlation_id,
        )


class BasicConverter(ConverterBase):
    """Reads arguments from a JSON object without validating anything.

    As in repid 2.1.4, an argument that is neither in the payload nor has a default is `inspect.Parameter.empty`.
    `**kwargs`, or else `*args`, takes the fields that no other parameter takes.

    Raises:
        DeclarationError: A dependency is positional-only, a parameter is marked FullPayload(), or an annotation
            cannot be resolved (also a NameError).
    """

    def __init__(
        self, fn: Callable[..., Any], *, fn_locals: dict[str, Any] | None = None, correlation_id: CorrelationId | None
    ) -> None:
        super().__init__(fn, fn_locals=fn_locals, correlation_id=correlation_id)
        if self.full_payload is not None:
            raise DeclarationError(
                f"{self.name}: FullPayload() requires PydanticConverter; use it for this actor, or remove the marker "
                f"from {self.full_payload.name!r}."
            )
        self._args = [(parameter.name, parameter.default) for parameter in self.positional]
        self._kwargs = [(parameter.name, parameter.default) for parameter in self.named]
        self._shared = self.inputs.wanted_by_dependencies() & {name for name, _ in self._args}
        kinds = {parameter.kind for parameter in self.inputs.parameters.values()}
        self.all_args = inspect.Parameter.VAR_POSITIONAL in kinds
        self.all_kwargs = inspect.Parameter.VAR_KEYWORD in kinds
        self._read_json = _json_reader()
        self.header_defaults = {
            header.name or parameter.name: parameter.default
            for header, parameter in self.inputs.all_headers()
            if parameter.default is not parameter.empty
        }

    async def convert_inputs(
        self, *, message: ReceivedMessageT, actor: ActorData, actor_context: ActorExecutionContext
    ) -> FnParams:
        """Read the positional and the keyword arguments from a JSON object, or from an empty payload.

        Raises:
            InvalidMessageError: The content type is not JSON, the payload is not an object, or a dependency lacks an
                argument or a header (then it is also a KeyError).
            json.JSONDecodeError: The payload is not JSON.
        """
        loaded = self._load_payload(message)
        args = [loaded.pop(name, default) for name, default in self._args]
        kwargs = {name: loaded.pop(name, default) for name, default in self._kwargs}
        if self.all_kwargs:
            kwargs.update(loaded)
        elif self.all_args:
            args.extend(loaded.values())
        if not self.inputs.dependencies:
            return args, kwargs
        resolved = await self.resolve_dependencies(
            message=message,
            actor=actor,
            actor_context=actor_context,
            args=args,
            kwargs={**kwargs, **loaded, **(self._shared_values(args) if self._shared else {})},
            headers={**self.header_defaults, **(message.headers or {})},
        )
        return args, {**kwargs, **resolved}

    def _shared_values(self, args: list[Any]) -> dict[str, Any]:
        """Return the positional-only arguments that were read and that dependencies read too."""
        values = zip(self._args, args, strict=False)
        is_missing = inspect.Parameter.empty
        return {name: value for (name, _), value in values if name in self._shared and value is not is_missing}

    def _load_payload(self, message: ReceivedMessageT) -> dict[str, Any]:
        if not message.payload:
            return {}
        if message.content_type not in JSON_TYPES:
            self.refuse(message.content_type)
        loaded = self._read_json(message.payload)
        if not isinstance(loaded, dict):
            raise InvalidMessageError(
                f"Payload must be a JSON dict object, and it is a {type(loaded).__name__}. {self.name!r} reads its "
                f'arguments by name: send an object, such as {{"name": value}}.'
            )
        return loaded

    def get_input_schema(self) -> ConverterInputSchema:
        """Refuse: only pydantic can make the schema."""
        raise NotImplementedError("BasicConverter does not support schema generation; use PydanticConverter.")


class DefaultConverter(PydanticConverter):
    """`PydanticConverter`, or where pydantic is not installed `BasicConverter`."""

    def __new__(
        cls, fn: Callable[..., Any], *, fn_locals: dict[str, Any] | None = None, correlation_id: CorrelationId | None
    ) -> Any:
        if importlib.util.find_spec("pydantic") is None:
            return BasicConverter(fn, fn_locals=fn_locals, correlation_id=correlation_id)
        import pydantic  # noqa: PLC0415  (loaded by the first actor, not before)

        if not pydantic.VERSION.startswith("2."):
            raise DeclarationError(
                f"Unsupported Pydantic version {pydantic.VERSION}, only 2.x is supported; install pydantic>=2.7,<3, "
                f"or use BasicConverter."
            )
        return super().__new__(cls)


def _json_reader() -> Callable[[bytes], Any]:
    """Return a function that does what `json.loads` does, with pydantic's faster reader where that can."""
    try:
        from pydantic_core import from_json  # noqa: PLC0415  (loaded by the first actor, not before)
    except ImportError:
        return json.loads

    def read(payload: bytes) -> Any:
        try:
            return from_json(payload)
        except ValueError:
            # pydantic's refuses UTF-16, lone surrogates and deep nesting, and its errors differ from json's.
            return json.loads(payload)

    return read


def _build_model(
    name: str, parameters: Iterable[tuple[str, inspect.Parameter]], *, base: type[BaseModel] | None = None
) -> type[BaseModel] | None:
    """Make a model with a field for each name, on top of `base` if given; None where there is nothing to read."""
    from pydantic import ConfigDict, Field, PydanticSchemaGenerationError, create_model  # noqa: PLC0415  (as below)
    from pydantic.fields import FieldInfo  # noqa: PLC0415

    fields: dict[str, Any] = {}
    for field, parameter in parameters:
        if field == "model_config":
            raise DeclarationError(
                f"{field!r} cannot be read by that name, because pydantic keeps it for itself. Give the parameter "
                f"another name, and where messages say {field!r}: Annotated[..., Field(alias={field!r})]."
            )
        required = parameter.default is parameter.empty
        annotation = Any if parameter.annotation is parameter.empty else parameter.annotation
        if field not in fields:
            fields[field] = (annotation, Field() if required else parameter.default)
            continue
        known_annotation, known_default = fields[field]
        same_default = isinstance(known_default, FieldInfo) if required else known_default == parameter.default
        if known_annotation != annotation or not same_default:
            raise DeclarationError(
                f"Conflicting declarations of {field!r} in {name}; the second is `{parameter}`. The actor and its "
                f"dependencies read the same field or header: give it one type and one default (for a header one "
                f"shared alias, such as User = Annotated[str, Header()]), or another name."
            )
    if not fields:
        return base
    # No code uses an instance's methods, so a parameter may have the name of one, such as json or model_dump.
    options: dict[str, Any] = {"__base__": base} if base else {"__config__": ConfigDict(protected_namespaces=())}
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=r"Field name .* shadows an attribute", category=UserWarning)
            return create_model(name, **options, **fields)
    except PydanticSchemaGenerationError as error:
        what = str(error).partition("schema for ")[2].partition(". ")[0]
        raise DeclarationError(
            f"The arguments cannot be read from JSON, because pydantic does not know how to read {what}. Make it a "
            f"dataclass or a BaseModel, or annotate the parameter with a type that JSON has, such as dict."
        ) from error


def _reader(
    model: type[BaseModel] | None, form: Literal["json", "python"], *, whole: bool
) -> Callable[..., Any] | None:
    """Return a function that reads a message with the model, into a tuple whose first item has the fields.

    For a model that the application wrote (`whole`) it returns an instance, from the model's own method, which may have
    been replaced.
    """
    if model is None:
        return None
    if whole:
        return model.model_validate_json if form == "json" else model.model_validate
    from pydantic_core import SchemaValidator  # noqa: PLC0415  (loaded by the first actor, not before)

    schema = model.__pydantic_core_schema__
    if model.__pydantic_complete__ and schema["type"] == "model" and schema["schema"]["type"] == "model-fields":
        # Only the fields are read: a model would also make an instance, which nothing uses.
        fields = SchemaValidator(schema["schema"], schema.get("config"))
        return fields.validate_json if form == "json" else fields.validate_python
    validate = model.model_validate_json if form == "json" else model.model_validate
    return lambda given: (validate(given).__dict__,)


def _schema(model: type[BaseModel] | None) -> dict[str, Any] | None:
    return None if model is None else model.model_json_schema(ref_template="#/components/schemas/{model}")
