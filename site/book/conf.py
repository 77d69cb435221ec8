"""How Sphinx makes the book."""

import re
from pathlib import Path
from typing import Any

from ipython_pygments_lexers import IPython3Lexer
from sphinx.util import inspect

project = "repid_nb"
author = "the repid_nb team"
project_copyright = author
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["**/.ipynb_checkpoints", "static"]

# The committed outputs are what a reader sees; a cell runs when the reader asks for it.
nb_execution_mode = "off"
nb_merge_streams = True
nb_mime_priority_overrides = [("html", "text/html", 0)]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
# A notebook's widget has its plain HTML beside it; README and CHANGELOG link to files that are not pages.
suppress_warnings = ["mystnb.unknown_mime_type", "myst.xref_missing", "myst.header"]

add_module_names = False
python_use_unqualified_type_names = True
maximum_signature_line_length = 60
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_attr_annotations = True

html_theme = "furo"
html_title = "repid_nb"
html_static_path = ["static"]
html_favicon = "icon.svg"
html_css_files = ["book.css"]
# Outside the book: seen from its folder of static files.
html_js_files = ["../../site.js", ("../../live/book.mjs", {"type": "module"})]
# A reader who searches for a word wants the chapter before an attribute of that name.
html_search_scorer = str(Path(__file__).with_name("scorer.js"))
html_theme_options = {"navigation_with_keys": True, "top_of_page_buttons": []}
html_show_sphinx = False
html_show_sourcelink = False
html_copy_source = False
copybutton_selector = "div.cell_input div.highlight pre, div.highlight-python pre"


def setup(app: Any) -> None:
    """Mend, in the finished pages, what Sphinx and its theme write that a screen reader cannot use."""
    # A cell may start a program by an exclamation mark.
    app.add_lexer("python", IPython3Lexer)
    # The functions that a name dispatches to, one for each kind of record, are not ways to call it.
    inspect.is_singledispatch_function = lambda _: False
    # After the theme, which makes its list of chapters in the same event.
    app.connect("html-page-context", mend, priority=900)


def mend(_app: Any, _page: str, _template: str, context: dict[str, Any], _doctree: Any) -> None:
    """Give the captions of lists a level, and make the lines of a long signature lines and not a list."""
    for part in ("body", "furo_navigation_tree"):
        text = context.get(part) or ""
        text = text.replace('class="caption" role="heading"', 'class="caption" role="heading" aria-level="2"')
        context[part] = PARAMETERS.sub(lambda found: LINE.sub(r'<span class="sig-line">\1</span>', found[1]), text)


LINE = re.compile(r"<dd>(.*?)</dd>", re.DOTALL)
PARAMETERS = re.compile(r"<dl>\s*((?:<dd>(?:(?!<dl).)*?</dd>\s*)+)</dl>", re.DOTALL)
