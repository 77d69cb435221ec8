"""The workbench in a tab beside the notebook, as far as Python has a hand in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sidecar import Sidecar
from support.notebooks import WIDGET_VIEW

from repid_nb import InMemoryServer, Repid, Router, Stepper, Workbench


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Repid:
    monkeypatch.setenv("JPY_SESSION_NAME", "03_workbench.ipynb")
    made, router = Repid(), Router(channel="tasks")
    made.servers.register_server("default", InMemoryServer(), is_default=True)
    made.include_router(router)
    return made


@pytest.fixture
def tabs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Sidecar]]:
    """The tabs that were opened, whether they are closed by now or not."""
    made: list[Sidecar] = []
    begin = Sidecar.__init__

    def noted(self: Sidecar, **given: object) -> None:
        begin(self, **given)
        made.append(self)

    monkeypatch.setattr(Sidecar, "__init__", noted)
    return made


def shown(tab: Sidecar) -> str:
    return tab.outputs[0]["data"][WIDGET_VIEW]["model_id"]


async def test_the_page_offers_it_where_a_jupyter_server_runs_the_notebook(app: Repid, monkeypatch: pytest.MonkeyPatch):
    assert Workbench(Stepper(app)).beside == "offered"
    monkeypatch.delenv("JPY_SESSION_NAME")
    assert Workbench(Stepper(app)).beside == ""


async def test_what_the_page_wants_opens_in_a_tab_beside_the_notebook(app: Repid, tabs: list[Sidecar]):
    workbench = Workbench(Stepper(app))
    workbench.beside = "wanted"
    (tab,) = tabs
    assert (tab.anchor, tab.title, shown(tab)) == ("split-right", "Workbench", workbench.model_id)
    assert workbench.beside == "offered"


async def test_wanted_again_it_opens_anew_because_the_reader_may_have_closed_the_tab(app: Repid, tabs: list[Sidecar]):
    workbench = Workbench(Stepper(app))
    for _ in range(2):
        workbench.beside = "wanted"
    assert [tab.comm is None for tab in tabs] == [True, False]


async def test_when_its_cell_runs_again_the_new_workbench_takes_its_place_in_the_tab(app: Repid, tabs: list[Sidecar]):
    stepper = Stepper(app)
    Workbench(stepper).beside = "wanted"
    again = Workbench(stepper)
    (tab,) = tabs
    assert shown(tab) == again.model_id
    again.close()
    assert tab.comm is None
