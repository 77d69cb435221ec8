"""Checking that an answer is of the wanted kind, with a sentence for the learner where it is not."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any, ParamSpec, Protocol, TypeVar

from repid_nb.classroom.sandbox import is_in_sandbox
from repid_nb.core.errors import DeclarationError
from repid_nb.core.naming import a_kind
from repid_nb.printable import short

__all__ = ["AnswerKind", "Function", "Refused", "called_as", "described", "not_for_answers"]

P = ParamSpec("P")
R = TypeVar("R")


class Refused(Exception):  # noqa: N818  (it carries a sentence for the learner, and reports no fault)
    """The answer cannot be tried; the text is the sentence that the learner reads."""


class AnswerKind(Protocol):
    """A kind of answer that an exercise asks for."""

    def refuse(self, answer: Any) -> None:
        """Raise Refused, with a sentence for the learner, where the answer is of another kind."""
        ...


@dataclass(frozen=True, slots=True)
class Function:
    """A function with the parameters of an example.

    Attributes:
        written: The first line of the example, as a learner would write it: `async def send_mails(app, mails)`. The
            check passes its parameters, those before a `*` by position, those after it by name.
        or_async: Whether the answer may be async although the example is not.
    """

    written: str
    or_async: bool = False

    def refuse(self, answer: Any) -> None:
        """Raise Refused unless the answer can be called like the example."""
        wanted = f"It wants a function that begins with `{self.written}:`."
        example = _example(self.written)
        if answer is None or answer is ...:
            raise Refused(f"check got {described(answer)}: there is nothing to try yet. {wanted}")
        if isinstance(answer, str):
            raise Refused(f"check got {described(answer)}. {wanted} Give its name without quotation marks.")
        if inspect.iscoroutine(answer):
            answer.close()
            raise Refused(
                f"check got a coroutine, which is what calling an async function gives. {wanted} "
                "Pass the function itself, without parentheses after its name."
            )
        if isinstance(answer, type) or not callable(answer):
            raise Refused(
                f"check got {described(answer)}, not a function. {wanted} Pass the function itself, without calling it."
            )
        problem = _misfit(answer, example)
        if problem is not None:
            made_by = getattr(answer, "__qualname__", "").split(".<locals>.")[:-1]
            advice = f" If it is what `{made_by[-1]}` returned, pass `{made_by[-1]}` itself." if made_by else ""
            raise Refused(f"`{_signature(answer)}` cannot be called as `{example.call}`: {problem}. {wanted}{advice}")
        if example.is_async and not _is_async(answer):
            raise Refused(
                f"`{_signature(answer)}` is a plain function, but what it has to do must be awaited. "
                f"{wanted} Write `async def`, and `await` inside."
            )
        if _is_async(answer) and not (example.is_async or self.or_async):
            raise Refused(f"`{_signature(answer)}` is an async function. {wanted} Write `def`, without `async`.")


def not_for_answers(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function of the course so that an answer cannot call it.

    An answer that calls it means a function of its own with the same name.
    """

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        if is_in_sandbox():
            name = function.__name__
            raise Refused(
                f"Your code called `{name}`, and that is the function of the course: the cell that imports it has "
                f"replaced yours. Give your own `{name}` another name, and run its cell again."
            )
        return function(*args, **kwargs)

    return called


def called_as(example: str, *, about: Callable[[Any], str] | None = None) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function of the course so that a call with the wrong arguments is refused in words.

    Args:
        example: How it is called: `check("routing-1", answer)`.
        about: Makes a further sentence of the first argument, where there is one.

    Returns:
        The decorator. The function then raises DeclarationError where Python would raise a bare TypeError.
    """

    def decorated(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)

        @wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                signature.bind(*args, **kwargs)
            except TypeError as error:
                problem = str(error)
            else:
                return function(*args, **kwargs)
            further = about(args[0]) if about is not None and args else ""
            raise DeclarationError(f"Write it as `{example}`: {problem}.{further}")

        return called

    return decorated


def described(value: Any) -> str:
    """Return a description of a value for a sentence: `None`, `the text 'x'`, `a Router`, `the class Router`."""
    if value is None or value is ...:
        return "None" if value is None else "`...`"
    if isinstance(value, str):
        return f"the text {short(value)}"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if isinstance(value, (bool, int, float, bytes)):
        return f"{'the number ' if type(value) in (int, float) else ''}{short(value)}"
    return a_kind(value)


@dataclass(frozen=True, slots=True)
class _Example:
    name: str
    positional: tuple[str, ...]
    by_name: tuple[str, ...]
    is_async: bool

    @property
    def call(self) -> str:
        return f"{self.name}({', '.join([*self.positional, *(f'{name}=...' for name in self.by_name)])})"


@cache
def _example(written: str) -> _Example:
    found = ast.parse(f"{written}: ...").body[0]
    assert isinstance(found, (ast.FunctionDef, ast.AsyncFunctionDef))  # noqa: S101  (an exercise's author wrote it)
    return _Example(
        name=found.name,
        positional=tuple(one.arg for one in found.args.args),
        by_name=tuple(one.arg for one in found.args.kwonlyargs),
        is_async=isinstance(found, ast.AsyncFunctionDef),
    )


def _misfit(answer: Callable[..., Any], example: _Example) -> str | None:
    try:
        signature = inspect.signature(answer)
    except (TypeError, ValueError):
        return None  # a function written in C may have no signature; then the call shows whether it fits
    try:
        signature.bind(*example.positional, **dict.fromkeys(example.by_name))
    except TypeError as error:
        return str(error)
    return None


def _is_async(answer: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(answer) or inspect.iscoroutinefunction(type(answer).__call__)


def _signature(answer: Callable[..., Any]) -> str:
    name = getattr(answer, "__name__", None) or type(answer).__name__
    try:
        signature = inspect.signature(answer)
        bare = [one.replace(annotation=inspect.Parameter.empty) for one in signature.parameters.values()]
        parameters = str(signature.replace(parameters=bare, return_annotation=inspect.Signature.empty))
    except Exception:  # the repr of a learner's default may raise
        parameters = "(...)"
    return f"{'lambda' if name == '<lambda>' else name}{parameters}"
