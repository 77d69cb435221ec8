"""The package's logger. It is silent until somebody listens (repid 2.1.4 exports one of the same kind)."""

from __future__ import annotations

import logging

__all__ = ["logger"]

logger = logging.getLogger("repid_nb")
logger.addHandler(logging.NullHandler())
