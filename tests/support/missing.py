"""What a machine of one's own may lack: a browser, a broker, the built site."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

__all__ = ["skip_or_fail"]


def skip_or_fail(missing: str) -> NoReturn:
    """Skip the test with what is missing as its reason; where CI is set, fail it."""
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)
