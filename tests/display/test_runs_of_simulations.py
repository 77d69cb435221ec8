"""How simulations' runs are shown: as text, as HTML, and as plots."""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from simulation.queues import app_with
from support.script import run_script

from repid_nb import Run, Simulation, as_html, as_text, burst, constant, every
from repid_nb.core.errors import SimulationError
from repid_nb.display.run_words import number_text

HOSTILE = "<script>$x$\x1b[31m"


async def ship() -> None: ...


def make_run(*, workers: int = 1, seconds: float = 20) -> Run:
    simulation = Simulation(app_with(ship), seed=1)
    simulation.produce("orders", topic="ship", arrivals=every(1), priority=7)
    simulation.produce("orders", topic="ship", arrivals=burst(10, at=5), name="newsletter")
    simulation.produce(HOSTILE, topic=HOSTILE, arrivals=burst(2))
    simulation.takes("ship", constant(0.8))
    for number in range(workers):
        simulation.worker(f"packer {number + 1}", tasks_limit=1)
    return simulation.run(seconds=seconds)


@pytest.fixture(scope="module")
def run() -> Run:
    return make_run()


def test_a_run_reads_in_a_look(run: Run):
    shown = as_text(run)
    assert shown.splitlines()[0] == "Run of 20 s · 32 messages · 1.15 done a second · seed 1"
    assert "waiting  at most 12, at 5 s; 8.1 on average; 8 at the end" in shown
    assert "0 s |" in shown
    assert "|  20 s" not in shown
    for name in ("all messages", "channel", "orders", "priority", "packer 1", "95 %", "longest"):
        assert name in shown
    assert "packer 1: busy 95 % of its time; 0.95 of at most 1 at once" in shown
    assert "wait for ever: no actor listens there." in shown


def test_a_curve_is_told_in_a_sentence_with_its_bars(run: Run):
    shown = as_text(run.waiting_over_time("orders"))
    assert shown.startswith("waiting on orders: at most 10, at 5 s; ")
    assert shown.splitlines()[1].startswith("  0 s |")
    assert repr(run.working_over_time("packer 1")).startswith("in work at packer 1: at most 1, at 0 s; 0.9")
    assert "at most 10" in as_html(run.waiting_over_time("orders"))


def test_a_river_of_many_says_truly_how_many_there_were_at_most_however_short_the_peak():
    simulation = Simulation(app_with(ship))
    simulation.produce("orders", topic="ship", arrivals=every(5, count=200))
    simulation.produce("orders", topic="ship", arrivals=burst(25, at=501), name="newsletter")
    simulation.takes("ship", 0.0001)
    simulation.worker("first", tasks_limit=1)
    simulation.worker("second", starts=900)
    run = simulation.run(seconds=1000)
    said = "".join(fromstring(run.river().svg).itertext())
    assert run.waiting_over_time("orders").highest == 24
    assert "at most 24" in said
    assert "at most 1" in said


def test_what_others_have_written_is_escaped_in_both_forms(run: Run):
    assert "\x1b" not in as_text(run)
    assert "\x1b" not in as_html(run)
    assert "<script>" not in as_html(run)
    assert "mathjax_ignore" in as_html(run)


def test_the_html_is_whole_and_its_tables_have_headers(run: Run):
    class Tags(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []
            self.scopes = 0

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.open.append(tag)
            self.scopes += any(name == "scope" for name, _ in attrs)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    tags = Tags()
    tags.feed(as_html(run) + as_html(run.compare(run)) + as_html(run.total) + as_html(run.messages[0]))
    assert tags.open == []
    assert tags.scopes > 20


def test_a_large_number_is_written_out():
    numbers = (0.5312, 20.4, 99.6, 200.3, 1234.5)
    assert [number_text(number) for number in numbers] == ["0.53", "20", "100", "200", "1,234"]


def test_a_comparison_says_what_changed_and_by_how_much():
    one, two = make_run(), make_run(workers=2)
    shown = as_text(one.compare(two))
    assert shown.splitlines()[0] == "Two runs of 20 s · the same messages arrived"
    (median,) = [line.split() for line in shown.splitlines() if "in all, median" in line]
    assert median[-1] == "%"
    assert -100 < float(median[-2]) < 0


def test_a_message_tells_its_way(run: Run):
    shown = as_text(run.messages[4])
    assert "Message m5 · channel orders · topic 'ship' · priority 7 · acked" in shown
    assert "by packer 1 after" in shown
    assert "the actor returned" in shown
    waiting = next(message for message in run.messages if message.outcome == "waiting")
    assert "still waits" in as_text(waiting)


def test_other_records_have_forms_too(run: Run):
    assert as_text(run.total).startswith("all messages: 32 messages")
    assert as_text(run.total.waiting).startswith("median ")
    assert as_text(run.lives[0]) == "worker packer 1: running, 0 s to 20 s"


def test_showing_a_step_does_not_load_the_simulation():
    assert (
        run_script("""
        import sys
        from repid_nb import as_text
        from repid_nb.core.memory.snapshot import MessageSnapshot
        as_text(MessageSnapshot(id="m1", channel="c", payload=b""))
        print("repid_nb.simulation.run" in sys.modules)
    """)
        == "False\n"
    )


PLOTS = {
    "plot": lambda run: run.plot(),
    "waiting": lambda run: run.plot_waiting(),
    "two": lambda run: run.plot_waiting(run, labels=["one & <two>", "$x$"]),
    "times": lambda run: run.plot_waiting_times(),
    "utilisation": lambda run: run.plot_utilisation(),
}


def test_what_a_plot_of_waiting_times_says_of_a_run_stands_in_its_legend_and_across_no_curve(run: Run):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed here")
    (axes,) = run.plot_waiting_times(run, labels=["before", "after"]).figure.axes
    assert [text.get_text().partition(" within ")[0] for text in axes.get_legend().get_texts()] == [
        "before: 95 %",
        "after: 95 %",
    ]
    assert not axes.texts


@pytest.mark.parametrize("kind", PLOTS)
def test_a_plot_is_one_whole_svg_for_light_and_dark_pages(run: Run, kind: str):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed here")
    plot = PLOTS[kind](run)
    root = fromstring(plot.svg)
    assert root.get("role") == "img"
    assert root.get("aria-label") == plot.text == repr(plot)
    assert "prefers-color-scheme:dark" in plot.svg
    for inked in root.iter():
        style = inked.get("style") or ""
        assert "fill: #" not in style
        assert "stroke: #" not in style
    ids = [one.get("id") for one in root.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    for one in root.iter():
        for name, value in one.attrib.items():
            if name.endswith("href") or "url(#" in value:
                assert value.partition("#")[2].rstrip(")") in ids
    assert plot.svg == PLOTS[kind](run).svg
    assert len(plot.svg) < 150_000
    assert plot._repr_mimebundle_()["image/svg+xml"] == plot.svg


def test_a_plot_is_saved_as_svg_and_as_png(run: Run, tmp_path: Path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed here")
    plot = run.plot_waiting()
    assert plot.save(tmp_path / "run.svg").read_text(encoding="utf-8") == plot.svg
    assert plot.save(tmp_path / "run.png").read_bytes().startswith(b"\x89PNG")


def test_each_run_of_a_plot_has_one_label(run: Run):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed here")
    with pytest.raises(SimulationError, match="2 runs and 1 labels"):
        run.plot_waiting(run, labels=["one"])


@pytest.mark.parametrize(
    ("package", "ask"), [("matplotlib", lambda run: run.plot()), ("pandas", lambda run: run.to_frame())]
)
def test_what_is_not_installed_is_said_with_the_fix(run: Run, package: str, ask, monkeypatch: pytest.MonkeyPatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=f"pip install .*{package}"):
        ask(run)
