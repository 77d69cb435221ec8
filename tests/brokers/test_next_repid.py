"""Server objects of repid 2.2, whose protocol is another: a worker and a Stepper work on them all the same."""

from __future__ import annotations

from pathlib import Path

from support.repid_2_2 import answers_of


def test_a_worker_and_a_stepper_work_on_a_server_of_repid_2_2():
    told = answers_of(Path(__file__).with_name("next_repid.py"))
    assert told["ran"] == 20
    assert told["by the worker"] == list(range(20))
    assert told["stepped"] == [0, 1, 2]
    assert told["settled"] == ["acked"] * 3
