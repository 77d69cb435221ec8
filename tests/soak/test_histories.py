"""Histories by seed: servers, workers, Steppers, subscribers and clients mixed, and all that must hold held."""

import comm
import pytest
from soak.histories import try_seed

# The oldest anywidget that is declared reads its traits in a way that traitlets has given up.
pytestmark = pytest.mark.filterwarnings("ignore:Deprecated in traitlets:DeprecationWarning")

# Ten tests of so many histories each: a bad one is found by its seed.
HISTORIES = 16


@pytest.mark.parametrize("start", range(0, 10 * HISTORIES, HISTORIES))
def test_whatever_happens_each_message_is_in_one_place_and_each_record_is_true(start, monkeypatch):
    monkeypatch.setattr(comm, "create_comm", comm.DummyComm)
    failures = [try_seed(seed, {}) for seed in range(start, start + HISTORIES)]
    assert not any(failures), "\n".join(str(failure) for failure in failures if failure)
