from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.kernel import Kernel, started_kernel


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    with started_kernel() as running:
        yield running
