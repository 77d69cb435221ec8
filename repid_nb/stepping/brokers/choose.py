"""Which source goes with which server."""

from __future__ import annotations

from repid_nb.core.errors import NotPullableError
from repid_nb.core.message import ServerT
from repid_nb.core.naming import a_kind
from repid_nb.stepping.memory import MemorySource, as_memory
from repid_nb.stepping.source import Source

__all__ = ["source_of"]


def source_of(server: ServerT, owner: object) -> Source:
    """Return the source for a server.

    Args:
        owner: The object that uses it. When the owner is collected as garbage, what it held goes back.

    Raises:
        NotPullableError: It cannot hand out one message at a time.
    """
    memory = as_memory(server)
    if memory is not None:
        return MemorySource(memory, owner)
    raise NotPullableError(
        f"A Stepper needs an InMemoryServer, not {a_kind(server)}: only that hands out one message at a time.",
    )
