"""Faults planted by hand: one of them, and that all of them still fit the source; `make soak` plants all."""

import pytest
from soak.mutants import MUTANTS, occurrences, seen_by

SAMPLE = [mutant for mutant in MUTANTS if mutant.name == "one message too many at once"]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_what_a_mutant_replaces_stands_in_the_source_once(mutant):
    assert occurrences(mutant) == 1


@pytest.mark.parametrize("mutant", SAMPLE, ids=lambda mutant: mutant.name)
def test_a_planted_fault_is_seen(mutant, tmp_path):
    assert seen_by(mutant, tmp_path)
