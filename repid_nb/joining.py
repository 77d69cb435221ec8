"""Joining a class: one line in each student's notebook."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from repid_nb.core.errors import BrokerError
from repid_nb.hosting.programs import INSTALL
from repid_nb.notebook.cells import in_kernel

if TYPE_CHECKING:
    from repid_nb.hosting.guest import Guest

__all__ = ["join"]


def join(address: str, name: str | None = None) -> Guest:
    """Take part in a teacher's queue. In a notebook the teacher's questions appear below the cell.

        teacher = join("redis://class:PASSWORD@HOST:PORT")
        await teacher.send("orders", {"number": 1}, topic="ship")

    Args:
        address: The line that `local_broker("redis", share=True)` prints in the teacher's notebook.
        name: Who sends, for the header `from`; the name of the user where none is given.

    Returns:
        A Guest, which sends.

    Raises:
        InvalidMessageError: The address or the name is not one.
        BrokerError: repid's client for Redis is not installed; with what to do.
    """
    try:
        guests: Any = import_module("repid_nb.hosting.guest")
    except ImportError as error:
        raise BrokerError(f"repid's client for Redis cannot be imported: {error}. {INSTALL}") from error
    guest: Guest = guests.Guest(address, name)
    if in_kernel():
        import_module("repid_nb.widgets.ballot").show_ballot(address, guest.name)
    return guest
