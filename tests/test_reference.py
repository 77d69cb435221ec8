"""The reference of the web site: every public name has a page, and its examples run."""

import ast
import asyncio
import inspect
import re
import sys
from pathlib import Path

import pytest
from support.files import ROOT

import repid_nb

sys.path.append(str(ROOT / "site"))
from reference import EXAMPLES, themes, write_reference

CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)


def test_every_public_name_has_a_place_in_the_reference():
    placed = [name for names in themes().values() for module, name in names if module != "repid_nb.classroom"]
    assert sorted(placed) == repid_nb.__all__


def test_a_class_is_shown_with_what_it_has_from_another_class_of_ours_and_nothing_of_pythons(tmp_path: Path):
    write_reference(tmp_path / "pages")
    asked = "".join(page.read_text(encoding="utf-8") for page in (tmp_path / "pages").glob("*.md"))
    stepper = asked.partition("stepping.stepper.Stepper\n")[2].partition("```")[0]
    assert ":inherited-members: object" in stepper
    snapshot = asked.partition("snapshot.QueuesSnapshot\n")[2].partition("```")[0]
    assert "Mapping" in snapshot.partition(":inherited-members:")[2]


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.md")), ids=lambda path: path.stem)
def test_an_example_of_the_reference_does_what_it_says(example: Path, monkeypatch: pytest.MonkeyPatch):
    # An example is for a learner who has seen no hint yet; other tests in this process may have.
    monkeypatch.setattr("repid_nb.classroom.hints._given", {})
    names = {"__name__": "__main__"}
    for block in CODE.findall(example.read_text(encoding="utf-8")):
        code = compile(block, example.name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        ended = eval(code, names)  # noqa: S307  (our own text)
        if inspect.iscoroutine(ended):
            asyncio.run(ended)
