"""Hypothesis for these tests: what a busy machine takes long over is no fault of what is tested.

Tests take `given`, `settings` and `st` from here: whatever a test sets itself is added to this profile.
"""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

__all__ = ["given", "settings", "st"]

# Made of the one that Hypothesis has chosen, which in CI is another.
settings.register_profile("patient", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
