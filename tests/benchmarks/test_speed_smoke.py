"""Gross regressions of speed. The goals themselves are `make bench`'s."""

from __future__ import annotations

import pytest
from benchmarks.rounds import Case, play

BARE = Case("bare", "--messages 10000")
OURS = Case("repid_nb", "--messages 10000")
MOST = 2.5


def test_a_message_costs_no_more_than_a_few_times_the_bare_limit(capsys: pytest.CaptureFixture[str]):
    # Whatever else a machine does makes a run dearer and never cheaper, so the first round in which it holds is enough.
    for samples in play([(OURS, BARE)], rounds=7):
        least = samples.least(OURS, BARE, "total", "cpu")
        cpu, wall = (samples.ratio(OURS, BARE, "total", kind) for kind in ("cpu", "wall"))
        # A busy machine can spoil either figure, and a gross regression spoils both: it stands at about 1.4 now.
        if min(least, cpu.median) <= MOST:
            break

    with capsys.disabled():
        print(f"\nrepid_nb over bare: CPU {cpu}, cheapest over cheapest {least:.2f}; wall {wall}")
    assert min(least, cpu.median) <= MOST
