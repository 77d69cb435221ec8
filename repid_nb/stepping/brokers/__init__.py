"""Stepping brokers through repid's server objects; repid itself is imported only where its servers are registered."""

from repid_nb.stepping.brokers.choose import source_of

__all__ = ["source_of"]
