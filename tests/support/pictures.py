"""README's pictures of the workbench, taken in a real JupyterLab: `python -m support.pictures` in `tests`."""

from __future__ import annotations

import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright
from support.files import ROOT
from support.lab import TOLD_AT_ONCE, Lab, chromium, jupyter_server, launched_chromium
from support.shop import SHOP

__all__ = ["take"]

WIDTH, HEIGHT = 998, 900

STORY = (
    SHOP
    + """
messages = [
    {"topic": "ship_order", "payload": {"number": 1}},
    {"topic": "refund", "payload": {"number": 2}},
    {"label": "to nobody", "topic": "nobody", "payload": {"number": 3}},
    {"label": "first class", "topic": "ship_order", "payload": {"number": 4}, "priority": 9},
]
workbench = Workbench(app, messages=messages)
for one in messages[:3]:
    await workbench.stepper.send("orders", one["payload"], topic=one["topic"])
workbench
"""
)


def take(folder: Path = ROOT / "notebooks" / "images") -> None:
    """Take a picture of a step, light and dark."""
    executable = chromium()
    if executable is None:
        raise FileNotFoundError("Chromium is not installed.")
    with (
        sync_playwright() as playwright,
        tempfile.TemporaryDirectory() as root,
        jupyter_server(Path(root)) as address,
    ):
        browser = launched_chromium(playwright, executable)
        page = browser.new_page(device_scale_factor=2)
        page.add_init_script(TOLD_AT_ONCE)
        lab = Lab(page, address)
        page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        page.emulate_media(reduced_motion="reduce")
        lab.run_cells(Path(root), "story.ipynb", STORY)
        bench = page.locator(".repid-wb")
        bench.get_by_role("button", name="Step", exact=True).click()
        bench.locator(".wb-settlement").wait_for()
        lab.wait_idle()
        for theme in ("light", "dark"):
            lab.set_theme(theme)
            # While it changes its theme, JupyterLab covers the page.
            page.wait_for_selector("#jupyterlab-splash", state="detached")
            page.mouse.move(0, 0)
            page.evaluate("document.activeElement.blur()")
            _keep(bench.screenshot(), folder / f"workbench-{theme}.png")
        browser.close()


def _keep(picture: bytes, path: Path) -> None:
    """Write a picture with as many colours as it needs to look the same."""
    with Image.open(BytesIO(picture)) as opened:
        few = opened.convert("RGB").quantize(colors=128, dither=Image.Dither.NONE)
        few.save(path, optimize=True)


if __name__ == "__main__":
    take()
