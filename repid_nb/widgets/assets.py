"""The script of the page, joined from its modules, and its style sheet.

The modules in `static/` import each other, so that node, editors and type checkers read them as they are. A browser
cannot: `anywidget` loads a script from a blob, where relative imports do not work. So the modules are joined here,
without a build step, each after those that it imports.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from repid_nb.display.colours import css_variables

__all__ = ["AssetError", "read_script", "read_style"]

STATIC = Path(__file__).parent / "static"
ENTRY = "workbench.mjs"
# The class of every widget, as the parts of the style sheets have it.
ROOT = ".repid-wb"
STYLES = ("workbench", "tools", "stage", "panels", "river", "room")

# A statement at the beginning of a line is at the top level, as the formatter of `make lint` makes sure.
IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w.]+)";\n', re.MULTILINE)
# Most of them are types, a third of the text, and the browser does not need them.
DOC_COMMENT = re.compile(r"^ */\*\*(?:(?!\*/).)*\*/\n", re.MULTILINE | re.DOTALL)
EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)
DECLARED = re.compile(r"^(export )?(?:async )?(?:function\*?|class|const|let|var) ([\w$]+)", re.MULTILINE)
# To join other forms, more than a word would have to be removed.
UNREADABLE = re.compile(
    r"^(?:import\b.*|export (?!(?:default|async function|function|class|const|let)\b).*|(?:const|let|var) [{\[].*)",
    re.MULTILINE,
)


class AssetError(RuntimeError):
    """The modules of the page do not fit together."""


def read_script(folder: Path = STATIC, entry: str = ENTRY) -> str:
    """Return the page's modules as one ES module, with the default export of the last one.

    Args:
        folder: The folder of the modules.
        entry: The module that everything starts from; only what it imports, directly or not, is joined.

    Raises:
        AssetError: An import names a module that is missing or a name that is not exported, modules import each other
            in a circle, two modules declare the same name at their top level, or an import or export has another form
            than `import { name } from "./module.mjs"` and `export` before a declaration.
    """
    modules = _in_order(folder, entry)
    _check_names(modules)
    return "\n".join(f"// {name}\n{_without_modules(text)}" for name, text in modules.items())


def read_style(folder: Path = STATIC, styles: Iterable[str] = STYLES, root: str = ROOT) -> str:
    """Return a page's style sheet: the colours of all views, then its parts in their order.

    Args:
        folder: The folder of the parts.
        styles: Their names; those of the workbench are one a region, and the room that they have last.
        root: The selector of the widget that the sheet is for. A page has the sheets of all widgets, in the order in
            which they came, so a widget that shares some parts with the workbench has a root of its own: a part that
            came once more would undo those that follow it in the workbench's sheet.
    """
    parts = [(folder / f"{name}.css").read_text(encoding="utf-8") for name in styles]
    return "\n".join([f"{ROOT} {{\n{css_variables()}\n}}\n", *parts]).replace(ROOT, root)


def _in_order(folder: Path, entry: str) -> dict[str, str]:
    """Return the text of each module by its name; each comes after those that it imports."""
    ordered: dict[str, str] = {}

    def add(name: str, importers: tuple[str, ...]) -> None:
        if name in importers:
            raise AssetError(f"Modules import each other in a circle: {' -> '.join([*importers, name])}.")
        if name in ordered:
            return
        try:
            text = (folder / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise AssetError(f"{importers[-1] if importers else folder}: there is no module {name}.") from None
        for imported, _ in _imports(text):
            add(imported, (*importers, name))
        ordered[name] = text

    add(entry, ())
    return ordered


def _imports(text: str) -> Iterator[tuple[str, list[str]]]:
    for names, module in IMPORT.findall(text):
        yield module, [name.strip() for name in names.split(",") if name.strip()]


def _check_names(modules: dict[str, str]) -> None:
    declared: dict[str, str] = {}
    exported: dict[str, set[str]] = {}
    for module, text in modules.items():
        if found := UNREADABLE.search(IMPORT.sub("", text)):
            raise AssetError(f"{module}: {found[0]!r} cannot be joined. Write it in another form.")
        names = DECLARED.findall(text)
        exported[module] = {name for export, name in names if export}
        for _, name in names:
            if name in declared:
                raise AssetError(f"{module} and {declared[name]} both declare {name}. Rename one of them.")
            declared[name] = module
    for module, text in modules.items():
        for imported, names in _imports(text):
            for name in names:
                if name not in exported[imported]:
                    raise AssetError(f"{module}: {imported} does not export {name!r}.")


def _without_modules(text: str) -> str:
    return EXPORT.sub("", IMPORT.sub("", DOC_COMMENT.sub("", text)))
