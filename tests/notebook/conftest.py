from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.kernel import Kernel, started_kernel


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    """A kernel for the tests of one file. Files about the interrupt button start one of their own."""
    with started_kernel(forked=True) as running:
        yield running
