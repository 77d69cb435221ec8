"""Dependencies: what an actor may have beside its payload, such as headers and results of other functions.

Names, signatures and behaviour are repid 2.1.4's (`repid.dependencies`).
"""

from __future__ import annotations

import asyncio
import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from repid_nb.core.actor import ActorData, ActorExecutionContext
from repid_nb.core.arguments.annotations import metadata_everywhere, metadata_of
from repid_nb.core.callables import asyncify, name_of, never_runs, signature_of
from repid_nb.core.errors import DeclarationError, InvalidMessageError
from repid_nb.core.message import ReceivedMessageT
from repid_nb.core.naming import is_of_repid

__all__ = [
    "DependencyContext",
    "DependencyT",
    "Depends",
    "FullPayload",
    "Header",
    "Inputs",
    "MissingHeaderError",
    "ReadAtOnce",
    "get_dependency",
    "get_full_payload_marker",
    "resolve_all",
    "validate_dependency",
]


class MissingHeaderError(InvalidMessageError, KeyError):
    """A header that a parameter needs is not in the message."""

    # KeyError.__str__ would show the repr of the message.
    __str__ = Exception.__str__


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyContext:
    """What a dependency may use while it is resolved for one message.

    Attributes:
        parsed_args: The actor's positional-only arguments.
        parsed_kwargs: The other arguments read from the payload, by name.
        parsed_headers: The headers that were read, by name.
        headers_id_to_name: The header's name, by the `id` of its `Header` object.
    """

    message: ReceivedMessageT
    actor: ActorData
    actor_context: ActorExecutionContext
    parsed_args: list[Any]
    parsed_kwargs: dict[str, Any]
    parsed_headers: dict[str, Any]
    headers_id_to_name: dict[int, str]


@runtime_checkable
class DependencyT(Protocol):
    """Any object in an `Annotated` that has a `resolve` is a dependency."""

    async def resolve(self, *, context: DependencyContext) -> Any: ...


class FullPayload:
    """Marks the one parameter, a pydantic model, that the whole payload is read into.

    In `order: Annotated[Order, FullPayload()]` the model's fields stand at the top of the JSON object and not under
    the name `order`.
    """

    __slots__ = ()


class ReadAtOnce:
    """Base of the markers whose value can be read without waiting."""

    __slots__ = ()

    def read(self, context: DependencyContext) -> Any:
        raise NotImplementedError

    async def resolve(self, *, context: DependencyContext) -> Any:
        return self.read(context)


class Header(ReadAtOnce):
    """Marks a parameter that is read from a header: `user: Annotated[str, Header()]`.

    Args:
        name: The header's name, where it is not the parameter's.
    """

    __slots__ = ("name",)

    def __init__(self, *, name: str | None = None) -> None:
        self.name = name

    def read(self, context: DependencyContext) -> Any:
        name = context.headers_id_to_name.get(id(self), self.name)
        if name not in context.parsed_headers:
            raise MissingHeaderError(
                f"The message has no header {name!r} that was read for {context.actor.name!r}. Send it with "
                f"headers={{{name!r}: ...}}, or give the parameter a default; a function given to Depends.override "
                f"can read only the headers that the first one declared."
            )
        return context.parsed_headers[name]


class Depends:
    """Marks a parameter that takes another function's result: `db: Annotated[Database, Depends(get_db)]`.

    The function's own parameters are read from the payload too, or are dependencies in their turn.

    Args:
        fn: A function or coroutine function, without positional-only parameters.
        run_in_process: Run a plain function in a pool of processes instead of threads.
        pool_executor: Run a plain function in this pool.

    Raises:
        DeclarationError: It is not a function or has a `yield`, both ways to run are given, a parameter is
            positional-only, or an annotation cannot be resolved (then it is also a NameError).
    """

    __slots__ = ("_fn", "_fn_locals", "inputs", "name")

    def __init__(
        self, fn: Callable[..., Any], *, run_in_process: bool = False, pool_executor: Executor | None = None
    ) -> None:
        frame = inspect.currentframe()
        caller = frame.f_back if frame is not None else None
        self._fn_locals = caller.f_locals if caller is not None else None
        self.override(fn, run_in_process=run_in_process, pool_executor=pool_executor)

    def override(
        self, fn: Callable[..., Any], *, run_in_process: bool = False, pool_executor: Executor | None = None
    ) -> None:
        """Replace the function, for a test.

        The actor's declaration settled what is read from payload and headers: the new function can take only that, or
        must have defaults.
        """
        if not callable(fn):
            raise DeclarationError(
                f"Depends takes a function, and was given {fn!r}. Write the function's name alone: Depends(find), "
                f"not Depends(find())."
            )
        if never_runs(fn):
            raise DeclarationError(
                f"{name_of(fn)}: a dependency with `yield` is not supported. Return the value; what is to be closed "
                f"after the run, close in a middleware of the actor."
            )
        if run_in_process and pool_executor is not None:
            raise DeclarationError("Specify either 'run_in_process' or 'pool_executor', not both.")
        inputs = Inputs.of(fn, self._fn_locals)
        for parameter in inputs.payload:
            if parameter.kind is parameter.POSITIONAL_ONLY:
                raise DeclarationError(
                    f"{name_of(fn)}: positional-only arguments in dependencies are not supported; "
                    f"remove the '/' after {parameter.name!r}."
                )
            if get_full_payload_marker(parameter.annotation) is not None:
                raise DeclarationError(
                    f"{name_of(fn)}: FullPayload() in a dependency is not supported, only an actor takes the payload "
                    f"whole. Remove the marker from {parameter.name!r}, and name the fields that the dependency needs."
                )
        self._fn = asyncify(fn, run_in_process=run_in_process, executor=pool_executor)
        self.name = name_of(fn)
        self.inputs = inputs

    async def resolve(self, *, context: DependencyContext) -> Any:
        resolved = await resolve_all(self.inputs.dependencies, context)
        for parameter in self.inputs.payload:
            name = parameter.name
            if name not in context.parsed_kwargs and parameter.default is parameter.empty:
                raise InvalidMessageError(
                    f"Dependency {self.name!r} needs {name!r}, which was not read from the payload. Make it "
                    f"a parameter of the actor too, or give it a default."
                )
            resolved[name] = context.parsed_kwargs.get(name, parameter.default)
        return await self._fn(**resolved)


@dataclass(frozen=True, slots=True)
class Inputs:
    """A function's parameters, sorted by where their arguments come from.

    Attributes:
        payload: The parameters read from the payload.
        dependencies: The dependencies of the other parameters, by parameter name.
    """

    parameters: Mapping[str, inspect.Parameter]
    payload: tuple[inspect.Parameter, ...]
    dependencies: dict[str, DependencyT]

    @classmethod
    def of(cls, fn: Callable[..., Any], fn_locals: Mapping[str, Any] | None) -> Inputs:
        """Sort the parameters of a function; `*args` and `**kwargs` are of neither kind.

        Raises:
            DeclarationError: A marker is in a place where it has no effect, or comes from the library repid.
        """
        parameters = signature_of(fn, fn_locals).parameters
        names = {**getattr(inspect.unwrap(fn), "__globals__", {}), **(fn_locals or {})}
        payload: list[inspect.Parameter] = []
        dependencies: dict[str, DependencyT] = {}
        for parameter in parameters.values():
            _check_markers(name_of(fn), parameter, names)
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            dependency = get_dependency(parameter.annotation)
            if dependency is None:
                payload.append(parameter)
            elif parameter.kind is parameter.POSITIONAL_ONLY:
                raise DeclarationError(
                    f"{name_of(fn)}: dependencies in positional-only arguments are not supported; "
                    f"remove the '/' after {parameter.name!r}."
                )
            else:
                dependencies[parameter.name] = dependency
        return cls(parameters, tuple(payload), dependencies)

    def all_payload(self) -> Iterator[inspect.Parameter]:
        """Yield the parameters read from the payload, then those of nested dependencies."""
        yield from self.payload
        for dependency in self.dependencies.values():
            if isinstance(dependency, Depends):
                yield from dependency.inputs.all_payload()

    def wanted_by_dependencies(self) -> set[str]:
        """Return the names of what the dependencies, at any depth, read from the payload."""
        nested = (one for one in self.dependencies.values() if isinstance(one, Depends))
        return {parameter.name for dependency in nested for parameter in dependency.inputs.all_payload()}

    def all_headers(self) -> Iterator[tuple[Header, inspect.Parameter]]:
        """Yield each header with its parameter, those of nested dependencies in their place."""
        for name, dependency in self.dependencies.items():
            if isinstance(dependency, Header):
                yield dependency, self.parameters[name]
            elif isinstance(dependency, Depends):
                yield from dependency.inputs.all_headers()


async def resolve_all(dependencies: Mapping[str, DependencyT], context: DependencyContext) -> dict[str, Any]:
    """Resolve dependencies side by side and return their values, both by parameter name."""
    resolved: dict[str, Any] = {}
    waiting: dict[str, DependencyT] = {}
    for name, dependency in dependencies.items():
        # A task costs more than reading the rest of the message, so only a class with its own `resolve` gets one.
        if getattr(type(dependency), "resolve", None) is ReadAtOnce.resolve:
            resolved[name] = dependency.read(context)  # type: ignore[attr-defined]  # it is a ReadAtOnce
        else:
            waiting[name] = dependency
    if waiting:
        values = await asyncio.gather(*(dependency.resolve(context=context) for dependency in waiting.values()))
        resolved.update(zip(waiting, values, strict=True))
    return resolved


def get_dependency(annotation: Any) -> DependencyT | None:
    """Return the first dependency in an annotation, or None. The class `Header` itself does not count."""
    for metadata in metadata_of(annotation):
        if not _is_class_of(metadata, ReadAtOnce) and isinstance(metadata, DependencyT):
            return metadata
    return None


def get_full_payload_marker(annotation: Any) -> FullPayload | None:
    """Return the `FullPayload()` in an annotation, or None."""
    return next((one for one in metadata_of(annotation) if isinstance(one, FullPayload)), None)


def validate_dependency(annotation: Any, default: Any = None) -> None:
    """Warn of a marker's class where an instance is meant, and of a marker as a default; at the caller's caller."""
    if isinstance(default, (Depends, ReadAtOnce, FullPayload)):
        kind = type(default).__name__
        warnings.warn(
            f"A {kind} as a default value is not resolved: the function would be given the {kind} object itself. "
            f"Write it beside the type, such as Annotated[str, {kind}({'...' * isinstance(default, Depends)})].",
            UserWarning,
            stacklevel=3,
        )
        return
    for metadata in metadata_of(annotation):
        if _is_class_of(metadata, ReadAtOnce, FullPayload):
            warnings.warn(
                f"Using the class {metadata.__name__} directly as dependency has no effect: "
                f"write {metadata.__name__}() with parentheses.",
                UserWarning,
                stacklevel=3,
            )
            return


def _check_markers(function: str, parameter: inspect.Parameter, names: Mapping[str, Any]) -> None:
    """Refuse a marker that would have no effect: the sender's payload would fill a parameter that is to be injected."""
    is_gathered = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    found = () if is_gathered else metadata_of(parameter.annotation)
    is_injected = not is_gathered and get_dependency(parameter.annotation) is not None
    everywhere = metadata_everywhere(parameter.annotation, lambda text: eval(text, {}, names))  # noqa: S307  (as signature_of does)
    for metadata in everywhere:
        kind = metadata.__name__ if inspect.isclass(metadata) else type(metadata).__name__
        if is_of_repid(metadata) and (hasattr(metadata, "resolve") or kind == "FullPayload"):
            raise DeclarationError(
                f"{function}: {parameter.name!r} has the marker {kind} of the library repid, which means nothing here. "
                f"Import it from repid_nb."
            )
        has_effect = is_injected or any(metadata is one for one in found)
        if not has_effect and isinstance(metadata, FullPayload | DependencyT) and not inspect.isclass(metadata):
            where = (
                f"on {str(parameter).partition(':')[0]}" if is_gathered else f"inside the type of {parameter.name!r}"
            )
            raise DeclarationError(
                f"{function}: {kind} {where} has no effect, and the payload would fill the parameter. Give a parameter "
                f"of its own the marker, outermost: Annotated[..., {kind}({'...' * isinstance(metadata, Depends)})]."
            )


def _is_class_of(metadata: Any, *classes: type) -> bool:
    return inspect.isclass(metadata) and issubclass(metadata, classes)
