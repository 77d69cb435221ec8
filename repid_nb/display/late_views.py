"""Views that are loaded with the first record that needs them: few programs simulate, and all that show a Step wait."""

from __future__ import annotations

import sys
from importlib import import_module

__all__ = ["load_views_of"]

_VIEWS = {"repid_nb.simulation": "repid_nb.display.run_view"}


def load_views_of(record: object) -> bool:
    """Load the views of the room that a record's class comes from; return whether that made any known."""
    views = _VIEWS.get(type(record).__module__.rpartition(".")[0])
    if views is None or views in sys.modules:
        return False
    import_module(views)
    return True
