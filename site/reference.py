"""The reference: a page a theme, each public name from its docstring, under examples that tests run."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import repid_nb

__all__ = ["EXAMPLES", "THEMES", "themes", "write_reference"]

EXAMPLES = Path(__file__).with_name("examples")

# The title of each page, and where its names are at home: a room or a module of `repid_nb`.
THEMES = {
    "step": ("Step a worker", ["stepping", "widgets", "display", "picture"]),
    "app": (
        "Send, route, run",
        ["app", "test_client", "notebook", "core.routing", "core.actor", "core.limits", "core.logger", "core.worker"],
    ),
    "memory": ("The queue", ["core.memory", "hosting", "joining"]),
    "arguments": ("Payloads and arguments", ["core.arguments", "core.serializer"]),
    "simulation": ("Many messages on a clock that jumps", ["simulation"]),
    "asyncapi": ("Describe what you have", ["asyncapi", "core.description"]),
    "protocols": ("Protocols and types", ["core.message"]),
}
CLASSROOM = ("classroom", "Exercises")


def themes() -> dict[str, list[tuple[str, str]]]:
    """Return the public names of each page, each with its module.

    Raises:
        LookupError: A public name is on no page.
    """
    pages: dict[str, list[tuple[str, str]]] = {theme: [] for theme in THEMES}
    for home, name in _public():
        theme = next((one for one, (_, homes) in THEMES.items() if _is_in(home, homes)), None)
        if theme is None:
            raise LookupError(f"No page of the reference has {home}: name it in THEMES.")
        pages[theme].append((home, name))
    pages[CLASSROOM[0]] = [("repid_nb.classroom", name) for name in import_module("repid_nb.classroom").__all__]
    return {theme: names for theme, names in pages.items() if names}


def write_reference(into: Path) -> None:
    """Write the pages, as sources for Sphinx."""
    into.mkdir()
    titles = {theme: title for theme, (title, _) in THEMES.items()} | dict([CLASSROOM])
    pages = themes()
    for theme, names in pages.items():
        example = EXAMPLES / f"{theme}.md"
        parts = [f"# {titles[theme]}", example.read_text(encoding="utf-8") if example.exists() else ""]
        (into / f"{theme}.md").write_text("\n\n".join([*parts, *map(_entry, names)]) + "\n", encoding="utf-8")
    listing = "\n".join(pages)
    (into / "index.md").write_text(f"# Reference\n\n```{{toctree}}\n:maxdepth: 2\n\n{listing}\n```\n", encoding="utf-8")


def _entry(name: tuple[str, str]) -> str:
    module, attribute = name
    value = getattr(import_module(module), attribute)
    is_class = isinstance(value, type)
    kind = "autoclass" if is_class else "autofunction" if hasattr(value, "__code__") else "autodata"
    members = _members(value) if is_class else ""
    return f"```{{eval-rst}}\n.. {kind}:: {module}.{attribute}{members}\n```"


def _members(kind: type) -> str:
    """Ask for a class's members, also those that it has from another class of ours."""
    others = ", ".join(base.__name__ for base in kind.__mro__ if base.__module__.partition(".")[0] != "repid_nb")
    return f"\n   :members:\n   :inherited-members: {others}"


def _public() -> list[tuple[str, str]]:
    """Return the public names, each with its module, in the order in which type checkers are told them."""
    stub = ast.parse((Path(repid_nb.__file__).with_name("__init__.pyi")).read_text(encoding="utf-8"))
    imports = (node for node in stub.body if isinstance(node, ast.ImportFrom))
    return [(str(node.module), alias.name) for node in imports for alias in node.names]


def _is_in(home: str, homes: list[str]) -> bool:
    return any(f"{home}.".startswith(f"repid_nb.{one}.") for one in homes)
