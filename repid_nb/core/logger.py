"""The package's logger. It is silent until a handler is added, as repid 2.1.4's is."""

from __future__ import annotations

import logging

__all__ = ["logger"]

logger = logging.getLogger("repid_nb")
logger.addHandler(logging.NullHandler())
