"""Scenes that are cut before a turn of the loop: a sample; `make soak` cuts each before every turn."""

import random

import pytest
from soak.cuts import Cut, cuts_of, faults_of_cut
from soak.scenarios import SCENES

SAMPLE = 8


@pytest.mark.parametrize("scene", SCENES)
def test_a_scene_that_is_not_cut_ends_well(scene):
    assert not faults_of_cut(Cut(scene, 0))


@pytest.mark.parametrize("scene", SCENES)
def test_a_scene_that_is_cut_loses_nothing_and_leaves_nothing(scene):
    cuts = list(cuts_of(scene))
    # The same ones each time.
    for cut in random.Random(scene).sample(cuts, min(SAMPLE, len(cuts))):  # noqa: S311  (chance that comes again)
        assert not faults_of_cut(cut), cut
