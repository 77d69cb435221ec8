"""Limits, compared with repid 2.2 in an environment of its own: the same scenarios, event by event."""

from __future__ import annotations

import json
import logging
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import repid
from differential import limits_scenarios
from differential.differences import LIMIT_DIFFERENCES
from support.repid_2_2 import answers_of

import repid_nb

OF_LIMITS = [
    "ActorLimits",
    "ActorLimitsPropagation",
    "BackpressureFallback",
    "BackpressurePolicy",
    "BackpressureResource",
    "BackpressureStrategy",
    "LimitPolicyT",
    "MessageLimits",
    "OnOversizedPayloadT",
    "OversizedPayloadAction",
    "OversizedPayloadPolicyT",
    "ReservationLeaseT",
]


@pytest.fixture(scope="module")
def theirs() -> dict[str, Any]:
    """What repid 2.2 does: its events by scenario, its signatures, its public names."""
    return answers_of(Path(limits_scenarios.__file__))


# Ours, on a server object of repid 2.1.4.
MIXED = SimpleNamespace(
    **{name: getattr(repid_nb, name) for name in repid_nb.__all__ if name != "InMemoryServer"},
    InMemoryServer=repid.InMemoryServer,
)


def ours(name: str, lib: Any = repid_nb) -> Any:
    """Return our events of a scenario, as they come back from JSON."""
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return json.loads(json.dumps(limits_scenarios.events_of(lib, name)))
    finally:
        logging.disable(level)


def agrees(their: Any, our: Any) -> bool:
    """Say whether two events are the same; an error of ours may be of a kind below theirs."""
    if isinstance(their, dict) and "error" in their:
        return isinstance(our, dict) and their["error"][0] in our.get("error", ())
    if isinstance(their, list):
        return isinstance(our, list) and len(their) == len(our) and all(map(agrees, their, our))
    return their == our


@pytest.mark.parametrize("name", sorted(limits_scenarios.SCENARIOS))
def test_a_scenario_of_limits_goes_as_in_repid_2_2(name, theirs):
    expected = theirs["events"][name]
    assert expected, "the scenario noted nothing"
    found = ours(name)
    assert agrees(expected, found), [pair for pair in zip(expected, found, strict=False) if not agrees(*pair)]


@pytest.mark.parametrize(
    "name", ["a_workers_limit", "a_channels_limit", "an_actors_limit", "a_policy_makes_a_message_wait"]
)
def test_limits_hold_on_a_server_of_repid_2_1_as_in_repid_2_2(name, theirs):
    assert agrees(theirs["events"][name], ours(name, MIXED))


def test_the_names_of_limits_are_those_of_repid_2_2(theirs):
    assert [name for name in OF_LIMITS if name not in theirs["names"]] == []
    assert [name for name in OF_LIMITS if name not in repid_nb.__all__] == []


def test_what_declares_and_applies_limits_has_the_parameters_of_repid_2_2(theirs):
    for name, expected in theirs["signatures"].items():
        found = limits_scenarios.signatures_of(repid_nb)[name]
        for parameter, default in expected.items():
            if parameter in ("limits", "limit_policies", "actor_limits_propagation") or name in OF_LIMITS:
                # Where none are given, repid has a word of its own for it.
                is_none_given = default == "NotSet"
                assert found[parameter] == ("None" if is_none_given else default), f"{name}({parameter}=)"


# The differences on purpose, one test a row


def test_every_row_has_its_test():
    assert [row.test for row in LIMIT_DIFFERENCES if row.test not in globals()] == []


def test_left_for_other_workers(theirs):
    assert theirs["events"]["two_workers_of_one_channel"] == [["running", 1]]
    assert ours("two_workers_of_one_channel") == [["running", 2]]


def test_a_pause_at_once(theirs):
    begin, after = theirs["events"]["a_pause_of_a_channel_with_a_queue"]
    assert begin == ["begin", ["q1", "q2", "s1"]]
    assert ours("a_pause_of_a_channel_with_a_queue") == [["begin", ["s1"]], after]


def test_all_limits_or_none(theirs):
    # Which of its limits a message gets first depends there on where they lie in memory.
    assert theirs["events"]["a_routers_limit_and_an_actors"][0][1] in (["a1", "a2"], ["a1", "a2", "b1"])
    assert ours("a_routers_limit_and_an_actors") == [["begin", ["a1", "a2", "b1"]]]


def test_in_order(theirs):
    assert theirs["events"]["a_small_payload_behind_a_large_one"] == [["begin", ["a1", "b1"]]]
    assert ours("a_small_payload_behind_a_large_one") == [["begin", ["a1"]]]


def test_after_a_pause(theirs):
    assert theirs["events"]["two_channels_that_wait_for_one_boundary"][1] == ["after b1", ["a2", "a3", "b2"]]
    assert ours("two_channels_that_wait_for_one_boundary")[1] == ["after b1", ["a2", "a3", "b2", "b3"]]


def test_back_in_its_place(theirs):
    ((_, left),) = theirs["events"]["what_is_left_when_a_worker_ends"]
    assert sorted(left) == ["m1", "m2", "m3"]
    assert left != ["m1", "m2", "m3"]
    assert ours("what_is_left_when_a_worker_ends") == [["left", ["m1", "m2", "m3"]]]


def test_tasks_limit(theirs):
    assert theirs["events"]["a_tasks_limit"][:2] == [["begin", ["m1", "m2"]], ["warned", ["DeprecationWarning"]]]
    assert ours("a_tasks_limit")[:2] == [["begin", ["m1", "m2"]], ["warned", []]]
    assert agrees(theirs["events"]["a_tasks_limit"][2], ours("a_tasks_limit")[2]), "both refuse the two together"


def test_no_limits_given(theirs):
    assert agrees(theirs["events"]["limits_that_are_none"], [["refused", "None", {"error": ["TypeError"]}]])
    assert ours("limits_that_are_none") == [["accepted", "None"]]


def test_policies_without_reserve(theirs):
    assert {event[0] for event in theirs["events"]["policies_that_cannot_reserve"]} == {"accepted"}
    assert {event[0] for event in ours("policies_that_cannot_reserve")} == {"refused"}
