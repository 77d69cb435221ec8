"""Workers with limits: histories at random, and a worker that is cancelled before a turn of the loop."""

import random

import pytest
from soak.limits import faults_of_history, faults_of_turn, turns_of

SAMPLE = 20


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("first", range(0, 50, 10))
def test_no_limit_is_exceeded_and_nothing_is_lost_or_waits_for_ever(first, shuffled):
    seeds = range(first, first + 10)
    assert {seed: faults for seed in seeds if (faults := faults_of_history(seed, shuffled=shuffled))} == {}


def test_a_worker_with_limits_that_is_cancelled_loses_nothing_and_returns_every_lease():
    # The same ones each time; `make soak` takes every turn.
    turns = random.Random(1).sample(range(1, turns_of() + 1), SAMPLE)  # noqa: S311
    assert {turn: faults for turn in turns if (faults := faults_of_turn(turn, again_after=turn % 4))} == {}
