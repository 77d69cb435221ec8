"""Reading what a callable declares: its name, and its signature with every annotation an object."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from repid_nb.core.errors import DeclarationError

__all__ = ["UnresolvedAnnotationError", "name_of", "signature_of"]


class UnresolvedAnnotationError(DeclarationError, NameError):
    """An annotation names something that cannot be found."""


def signature_of(fn: Callable[..., Any], fn_locals: Mapping[str, Any] | None) -> inspect.Signature:
    """Return a signature whose annotations are objects, also where they were written as text.

    Args:
        fn: Any callable.
        fn_locals: Names to look in before the function's module, such as those of the caller's function.

    Raises:
        UnresolvedAnnotationError: An annotation names something that is in neither.
    """
    try:
        return inspect.signature(fn, locals=fn_locals, eval_str=True)
    except NameError as error:
        raise UnresolvedAnnotationError(
            f"An annotation of {name_of(fn)!r} cannot be resolved: {error}. Define or import it before the function, "
            f"in the module or the function that declares it, and not only under `if TYPE_CHECKING:`."
        ) from error


def name_of(fn: Callable[..., Any]) -> str:
    """Return a callable's name; for a partial its function's, for an object its class's."""
    while isinstance(fn, partial):
        fn = fn.func
    return getattr(fn, "__name__", type(fn).__name__)
