"""axe-core: what is wrong with a page for readers who see little or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Page
from support.files import ROOT

__all__ = ["CONTRAST", "problems"]

CONTRAST = "color-contrast"

AXE = ROOT / "tests" / "node_modules" / "axe-core" / "axe.min.js"


def problems(page: Page, selector: str, rules: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return what axe finds wrong inside the elements that a selector names.

    Args:
        page: The page. JupyterLab's body has no height, without which axe finds no contrast to measure: it gets one.
        selector: Where to look.
        rules: The ids of the rules to look for; by default all. Another theme changes nothing but `CONTRAST`.

    Returns:
        For each rule that is broken its `id` and the `nodes` that break it.
    """
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    height = page.add_style_tag(content="html, body { height: 100vh !important; }")
    found: list[dict[str, Any]] = page.evaluate(
        """async ([selector, rules]) => {
            const wanted = rules.length ? {runOnly: rules} : {};
            const {violations} = await axe.run(selector, {resultTypes: ['violations'], ...wanted});
            return violations.map(
                rule => ({id: rule.id, nodes: rule.nodes.map(node => node.html.slice(0, 300) + node.failureSummary)}));
        }""",
        [selector, list(rules)],
    )
    height.evaluate("style => style.remove()")
    return found
