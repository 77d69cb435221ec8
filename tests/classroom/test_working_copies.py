"""The learner's copies of the notebooks: without outputs, renewed while untouched, never overwritten."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from repid_nb.classroom import start_over
from repid_nb.classroom.__main__ import main
from repid_nb.classroom.working_copies import lay_out
from repid_nb.core.errors import DeclarationError, UnknownNameError


@pytest.fixture
def originals(tmp_path: Path) -> Path:
    """A course of one chapter and one exercise, with outputs."""
    folder = tmp_path / "notebooks"
    (folder / "exercises").mkdir(parents=True)
    for name in ("01_messages", "exercises/routing-1"):
        write(folder / f"{name}.ipynb", "1 + 1")
    return folder


@pytest.fixture
def copies(originals: Path) -> Path:
    folder = originals.parent / "my_course"
    assert lay_out(originals, folder) == []
    return folder


def write(path: Path, source: str) -> None:
    cell = nbformat.v4.new_code_cell(source, id="one", execution_count=3)
    cell.outputs = [nbformat.v4.new_output("stream", text="the answer")]
    notebook = nbformat.v4.new_notebook(cells=[cell])
    notebook.metadata.language_info = {"name": "python"}
    nbformat.write(notebook, path)


def source(path: Path) -> str:
    return nbformat.read(path, as_version=4).cells[0].source


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.ipynb"))


def test_a_copy_has_the_cells_and_not_what_they_showed(copies: Path):
    for name in ("01_messages", "exercises/routing-1"):
        (cell,) = nbformat.read(copies / f"{name}.ipynb", as_version=4).cells
        assert (cell.source, cell.outputs, cell.execution_count) == ("1 + 1", [], None)


def test_an_untouched_copy_follows_its_original(originals: Path, copies: Path):
    write(originals / "01_messages.ipynb", "2 + 2")
    assert lay_out(originals, copies) == []
    assert source(copies / "01_messages.ipynb") == "2 + 2"
    assert names(copies) == ["01_messages.ipynb"]


def test_a_touched_copy_stays_and_the_newer_edition_is_put_beside_it_once(originals: Path, copies: Path):
    write(copies / "01_messages.ipynb", "mine")
    write(originals / "01_messages.ipynb", "2 + 2")
    (notice,) = lay_out(originals, copies)
    beside = next(name for name in names(copies) if "edition of" in name)
    assert f"01_messages.ipynb has a newer edition: yours is kept, and the new one is {beside} beside it." == notice
    assert (source(copies / "01_messages.ipynb"), source(copies / beside)) == ("mine", "2 + 2")
    assert lay_out(originals, copies) == []
    assert len(names(copies)) == 2


def test_a_second_newer_edition_overwrites_neither_of_the_two(originals: Path, copies: Path):
    write(copies / "01_messages.ipynb", "mine")
    for text in ("2 + 2", "3 + 3"):
        write(originals / "01_messages.ipynb", text)
        assert len(lay_out(originals, copies)) == 1
    assert sorted(source(copies / name) for name in names(copies)) == ["2 + 2", "3 + 3", "mine"]


def test_new_outputs_alone_are_no_newer_edition(originals: Path, copies: Path):
    write(copies / "01_messages.ipynb", "mine")
    path = originals / "01_messages.ipynb"
    path.write_text(path.read_text().replace("the answer", "another answer"))
    assert lay_out(originals, copies) == []
    assert names(copies) == ["01_messages.ipynb"]


def test_a_touched_copy_is_not_mentioned_as_long_as_there_is_no_newer_edition(originals: Path, copies: Path):
    write(copies / "01_messages.ipynb", "mine")
    assert lay_out(originals, copies) == []


def test_a_copy_that_was_deleted_comes_back(originals: Path, copies: Path):
    (copies / "01_messages.ipynb").unlink()
    lay_out(originals, copies)
    assert names(copies) == ["01_messages.ipynb"]


def test_what_lies_there_unknown_is_not_overwritten(originals: Path, copies: Path):
    (copies / ".editions.json").write_text("{")
    write(copies / "01_messages.ipynb", "mine")
    (notice,) = lay_out(originals, copies)
    assert "yours is kept" in notice
    assert source(copies / "01_messages.ipynb") == "mine"


@pytest.mark.parametrize("called", ["messages", "01_messages", "01_messages.ipynb"])
def test_starting_over_keeps_what_was_there_beside_the_fresh_copy(
    copies: Path, called: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(copies)
    write(copies / "01_messages.ipynb", "mine")
    started = start_over(called)
    assert re.fullmatch(r"01_messages \(kept \d{4}-\d\d-\d\d \d\d\.\d\d\)\.ipynb", started.kept)
    assert source(copies / started.kept) == "mine"
    assert source(copies / "01_messages.ipynb") == "1 + 1"
    assert "begins anew" in str(started)


def test_starting_over_twice_in_a_minute_keeps_both(copies: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(copies)
    for text in ("mine", "mine too"):
        write(copies / "01_messages.ipynb", text)
        start_over("messages")
    assert sorted(source(copies / name) for name in names(copies)) == ["1 + 1", "mine", "mine too"]


def test_a_notebook_starts_itself_over_and_an_exercise_too(copies: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(copies / "exercises")
    monkeypatch.setenv("JPY_SESSION_NAME", str(copies / "exercises" / "routing-1.ipynb"))
    write(copies / "exercises" / "routing-1.ipynb", "mine")
    assert start_over().notebook == "routing-1.ipynb"
    assert source(copies / "exercises" / "routing-1.ipynb") == "1 + 1"


def test_what_is_as_in_the_beginning_is_not_kept_twice(copies: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(copies)
    assert str(start_over("messages")) == "01_messages.ipynb is as it was in the beginning."
    assert names(copies) == ["01_messages.ipynb"]


def test_where_the_notebook_that_runs_is_not_known_its_name_is_asked_for(copies: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(copies)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    with pytest.raises(UnknownNameError, match=r'write its name: start_over\("routing"\)'):
        start_over()


def test_a_wrong_name_is_answered_with_the_nearest(copies: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(copies)
    with pytest.raises(UnknownNameError, match=r"There is no notebook 'mesages'. Did you mean 'messages'\?"):
        start_over("mesages")


def test_originals_are_left_alone(originals: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(originals)
    with pytest.raises(DeclarationError, match="This notebook is an original"):
        start_over("messages")


def test_the_program_does_both(originals: Path, copies: Path, capsys: pytest.CaptureFixture[str]):
    write(copies / "01_messages.ipynb", "mine")
    assert main([str(originals), str(copies), "--start-over", "messages"]) == 0
    assert "begins anew" in capsys.readouterr().out
    assert main([str(originals), str(copies), "--start-over", "mesages"]) == 1
    assert "Did you mean 'messages'?" in capsys.readouterr().err


def test_a_folder_without_notebooks_is_told_and_nothing_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main([str(tmp_path / "nowhere"), str(tmp_path / "copies")]) == 1
    assert "There is no notebook in" in capsys.readouterr().err
    assert not (tmp_path / "copies").exists()


@pytest.mark.parametrize("wrong", [3, ["routing"], print], ids=repr)
def test_what_is_no_name_of_a_notebook_is_told_in_words(copies: Path, monkeypatch: pytest.MonkeyPatch, wrong: object):
    monkeypatch.chdir(copies)
    with pytest.raises(UnknownNameError, match="Name the notebook in quotation marks"):
        start_over(wrong)  # type: ignore[arg-type]
