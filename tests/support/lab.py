"""A real JupyterLab in a real Chromium: a server process, and one page that a test drives as a person would."""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, TypeAlias

import nbformat
from playwright.sync_api import Browser, Error, Page, Playwright
from playwright.sync_api import TimeoutError as NotInTime
from support.files import ROOT
from support.forked import PROVISIONER
from support.kernel import KERNEL_TRANSPORT
from support.missing import skip_or_fail

__all__ = [
    "CHROMIUM_FLAGS",
    "PATIENCE",
    "READY",
    "TOLD_AT_ONCE",
    "Lab",
    "chromium",
    "chromium_for_tests",
    "jupyter_server",
    "launched_chromium",
    "write_notebook",
]

Theme: TypeAlias = Literal["light", "dark"]

SCREENSHOTS = ROOT / "build" / "screenshots"
# People look at them. To draw the whole of each notebook twice takes longer than to run it.
WITH_SCREENSHOTS = bool(os.environ.get("SCREENSHOTS"))

# The first that there is.
BROWSERS = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"]

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Below the ports that a system gives to whoever asks for any, which the kernels and connections of the tests that run
# at the same time do.
PORTS = range(20_000, 30_000)

# The settings of `make lab` and Binder.
SETTINGS = json.loads((ROOT / "binder" / "overrides.json").read_text(encoding="utf-8"))
# Cells out of sight exist too, so that a test can read the whole page.
SETTINGS["@jupyterlab/notebook-extension:tracker"]["windowingMode"] = "none"

# A configuration may be a program: JupyterLab's own kernels are forked too.
CONFIGURATION = f"""
import sys
sys.path.append({str(ROOT / "tests")!r})
import support.forked
c.KernelProvisionerFactory.default_provisioner_name = {PROVISIONER!r}
"""

# As `python -m jupyterlab`, without what jsonschema builds for a second and nothing asks for (tests/conftest.py).
START = "import runpy, sys; sys.modules['rfc3987_syntax'] = None; runpy.run_module('jupyterlab', run_name='__main__')"

# Without motion the workbench tells a step in stills. With this in a page, or in a context, it shows the end at once.
TOLD_AT_ONCE = """document.addEventListener('DOMContentLoaded', () => {
    const style = new CSSStyleSheet();
    style.replaceSync('.repid-wb { --wb-still: 0 !important }');
    document.adoptedStyleSheets.push(style);
});"""

# Milliseconds: JupyterLab takes 3 s to load, and on a busy machine ten times as long. With a Python that starts in the
# page it has taken two minutes there.
PATIENCE = 240_000

# Milliseconds after which the page asks a kernel that seems busy how it is. The page knows it from one message, and
# where that one did not come through, it would wait for ever.
ASKED_AGAIN_AFTER = 20_000

# Whether a page's notebook is loaded and its kernel is connected and idle.
READY = """() => {
    const panel = window.jupyterapp?.shell.currentWidget;
    const session = panel?.sessionContext;
    return session?.isReady && panel.context.isReady
        && session.session?.kernel?.connectionStatus === 'connected' && session.session.kernel.status === 'idle';
}"""

# One that is not connected yet cannot be asked, and one that is no longer does not answer.
ASK_AGAIN = """() => {
    const kernel = window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
    if (kernel?.connectionStatus === 'connected') kernel.requestKernelInfo().catch(() => {});
}"""

# The kernel answers it when it has run everything that was asked before.
ASK_LAST = """jupyterapp.shell.currentWidget.sessionContext.session.kernel
    .requestExecute({ code: '', silent: true, store_history: false, stop_on_error: false }).done"""

# Notebook 7 has no launcher.
EMPTIED = """() => !jupyterapp.commands.hasCommand('launcher:create')
    || [...jupyterapp.shell.widgets('main')].some(one => one.id.startsWith('launcher'))"""

# What a page that never gets ready is waiting for.
SEEN = """() => {
    const panel = window.jupyterapp?.shell.currentWidget;
    const session = panel?.sessionContext;
    const kernel = session?.session?.kernel;
    return {
        opened: [...window.jupyterapp?.shell.widgets('main') ?? []].map(one => one.title.label),
        current: panel?.title.label,
        session: session?.isReady,
        notebook: panel?.context?.isReady,
        connection: kernel?.connectionStatus,
        kernel: kernel?.status,
        dialogs: [...document.querySelectorAll('.jp-Dialog')].map(one => one.innerText),
    };
}"""


def chromium() -> str | None:
    """Return the path of the system's Chromium, or None. Playwright's own downloads are not used.

    The shell without a window is the same browser, starts in a third of the time, and is what Playwright itself takes.
    """
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def chromium_for_tests() -> str:
    """Return the path of the system's Chromium; where it has none, the test is skipped, or fails in CI."""
    return chromium() or skip_or_fail("Chromium is not installed (Debian: apt-get install chromium-headless-shell)")


def launched_chromium(playwright: Playwright, executable: str, flags: Sequence[str] = ()) -> Browser:
    """Start Chromium with a fresh profile."""
    return playwright.chromium.launch(executable_path=executable, args=[*CHROMIUM_FLAGS, *flags])


def write_notebook(root: Path, name: str, *cells: str) -> str:
    """Write a notebook of these code cells into a server's folder, and return its name."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata.kernelspec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(notebook, root / name)
    return name


@contextmanager
def jupyter_server(root: Path, python: Path = Path(sys.executable)) -> Iterator[str]:
    """Serve JupyterLab on a free port of this machine, apart from anybody's own settings.

    Args:
        root: The folder whose notebooks it shows.
        python: The interpreter of the environment that serves.

    Yields:
        Its address.
    """
    with tempfile.TemporaryDirectory() as home:
        config = Path(home, "config")
        (config / "labconfig").mkdir(parents=True)
        (config / "labconfig" / "default_setting_overrides.json").write_text(json.dumps(SETTINGS))
        (config / "jupyter_server_config.py").write_text(CONFIGURATION)
        folders = {
            "JUPYTER_CONFIG_DIR": str(config),
            "JUPYTER_DATA_DIR": f"{home}/data",
            "JUPYTER_RUNTIME_DIR": f"{home}/runtime",
            "IPYTHONDIR": f"{home}/ipython",
            "JUPYTERLAB_SETTINGS_DIR": f"{home}/settings",
            "JUPYTERLAB_WORKSPACES_DIR": f"{home}/workspaces",
        }
        options = [
            "--no-browser",
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={random.choice(PORTS)}",  # noqa: S311  (no secret)
            f"--KernelManager.transport={KERNEL_TRANSPORT}",
            f"--ServerApp.root_dir={root}",
            "--IdentityProvider.token=",
            "--LabApp.expose_app_in_browser=True",
            "--JupyterNotebookApp.expose_app_in_browser=True",
            *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
        ]
        log = Path(home, "server.log")
        with log.open("w") as output:
            server = subprocess.Popen(  # noqa: S603  (an interpreter of the tests' own)
                [python, "-X", "faulthandler", "-c", START, *options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **folders},
            )
            try:
                yield _address_once_it_answers(server, Path(home, "runtime"), log)
            finally:
                server.terminate()
                try:
                    # It ends its kernels first, which a busy machine takes its time over.
                    server.wait(timeout=60)
                except subprocess.TimeoutExpired:
                    # Where Jupyter hangs in its own ending, no test has failed; its stacks say where.
                    server.send_signal(signal.SIGABRT)
                    server.wait()
                    sys.stderr.write(f"JupyterLab's server did not end:\n{log.read_text()[-8000:]}\n")


def _address_once_it_answers(server: subprocess.Popen[bytes], runtime: Path, log: Path) -> str:
    """Return the address at which a server says it serves: it takes another port where the one asked for is taken."""
    # A busy machine takes a minute over what else takes three seconds.
    give_up = time.monotonic() + 180
    while time.monotonic() < give_up:
        with suppress(OSError, ValueError):
            address = json.loads((runtime / f"jpserver-{server.pid}.json").read_text())["url"].rstrip("/")
            with urllib.request.urlopen(f"{address}/api/status", timeout=5):  # noqa: S310  (this machine's own server)
                return str(address)
        with suppress(subprocess.TimeoutExpired):
            server.wait(timeout=0.1)
            break
    raise AssertionError(log.read_text())


class Lab:
    """JupyterLab in a page that other tests have used before and will use after this one.

    Loading JupyterLab takes seconds, so it stays. All that a test opens is closed after it, kernels and all; window and
    mouse are put back before it. To change the theme takes about a second, so that one stays, too.

    Attributes:
        page: Playwright's page, for what a person would look for and click.
        script_errors: What the page's scripts raised and nobody caught.
    """

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self._address = address
        self.script_errors: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.set_viewport_size({"width": 1280, "height": 900})
        page.emulate_media(reduced_motion="no-preference")
        page.mouse.move(0, 0)
        page.on("pageerror", self._note)

    def open_notebook(self, path: str) -> None:
        """Open a notebook, by its path below the server's folder, and wait for its kernel."""
        if self._is_loaded():
            self._finish(f"jupyterapp.commands.execute('docmanager:open', {{path: {json.dumps(path)}}})")
        else:
            self.page.goto(f"{self._address}/doc/tree/{path}")
        self.wait_idle()

    def run_cells(self, root: Path, name: str, *cells: str) -> None:
        """Open a new notebook of these cells, in the server's folder `root`, and run them; none may fail."""
        self.open_notebook(write_notebook(root, name, *cells))
        assert self.run_all(), self.failed_cells()

    def wait_idle(self) -> None:
        """Wait until the notebook is loaded and its kernel is connected and idle."""
        for _ in range(0, PATIENCE, ASKED_AGAIN_AFTER):
            try:
                self.page.wait_for_function(READY, polling=20, timeout=ASKED_AGAIN_AFTER)
            except NotInTime:
                self.page.evaluate(ASK_AGAIN)
            else:
                return
        raise AssertionError(f"never ready: {self.page.evaluate(SEEN)}")

    def wait_for(self, condition: str, arg: object = None) -> None:
        """Wait until a condition of the page holds; asked with each picture that it draws, it would draw for that."""
        self.page.wait_for_function(condition, arg=arg, polling=20)

    def run_all(self) -> bool:
        """Run every cell; return whether all ran and none failed that was not to."""
        # The command is over at the first error, also at one that is announced by the tag raises-exception; the cells
        # below, which the kernel has already been sent, run on.
        self._finish("jupyterapp.commands.execute('notebook:run-all-cells')")
        self._finish(ASK_LAST)
        self.wait_idle()
        return self.failed_cells() == []

    def restart(self) -> None:
        """Restart the kernel, as the menu does once its question is answered."""
        self._finish("jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
        self.wait_idle()

    def failed_cells(self) -> list[str]:
        """Return the cells that did not run, or show an error without the tag raises-exception: source and error."""
        sources: list[str] = self.page.evaluate(
            """() => jupyterapp.shell.currentWidget.content.model.sharedModel.cells
                .filter(cell => cell.cell_type === 'code' && cell.source.trim())
                .filter(cell => cell.execution_count === null || (
                    !cell.metadata.tags?.includes('raises-exception')
                    && cell.outputs.some(output => output.output_type === 'error')))
                .map(cell => [cell.source, ...cell.outputs.filter(output => output.output_type === 'error')
                    .map(output => `${output.ename}: ${output.evalue}`)].join('\\n→ '))"""
        )
        return sources

    @property
    def theme(self) -> Theme:
        """Which of JupyterLab's own themes is on."""
        return "light" if self.page.locator("body").get_attribute("data-jp-theme-light") == "true" else "dark"

    def set_theme(self, theme: Theme) -> None:
        """Switch to JupyterLab's own light or dark, where it is not on."""
        if self.theme == theme:
            return
        name = f"JupyterLab {theme.capitalize()}"
        self._finish(f"jupyterapp.commands.execute('apputils:change-theme', {{theme: '{name}'}})")
        self.page.wait_for_selector(
            f"body[data-jp-theme-light='{'true' if theme == 'light' else 'false'}']", state="attached"
        )

    def both_themes(self) -> Iterator[Theme]:
        """Yield the theme that is on, switch, and yield the other, which stays."""
        yield self.theme
        self.set_theme("dark" if self.theme == "light" else "light")
        yield self.theme

    def screenshot(self, name: str) -> None:
        """Where pictures are wanted, keep one of the whole notebook, scrolled out of sight or not, as `name`.png."""
        if not WITH_SCREENSHOTS:
            return
        with self.in_sight():
            # Of a long page Playwright's own screenshot takes two to three times as long.
            browser = self.page.context.new_cdp_session(self.page)
            picture = browser.send("Page.captureScreenshot", {"format": "png", "optimizeForSpeed": True})
            browser.detach()
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        (SCREENSHOTS / f"{name}.png").write_bytes(base64.b64decode(picture["data"]))

    @contextmanager
    def in_sight(self) -> Iterator[None]:
        """Make the window as high as the whole notebook."""
        size = self.page.viewport_size
        assert size is not None
        scroller = self.page.locator(".jp-WindowedPanel-outer:visible")
        hidden = scroller.evaluate("outer => outer.scrollHeight - outer.clientHeight")
        if hidden:
            self.page.set_viewport_size({"width": size["width"], "height": size["height"] + hidden})
        scroller.evaluate("outer => { outer.scrollTop = 0; return new Promise(requestAnimationFrame); }")
        yield
        if hidden:
            self.page.set_viewport_size(size)

    def close(self) -> None:
        """Leave the page to the next test: with nothing open; or, where a dialog wants an answer, to be loaded anew."""
        self.page.remove_listener("pageerror", self._note)
        if self._is_loaded() and self.page.locator(".jp-Dialog").count() == 0:
            self._close_all()
        else:
            self.page.goto("about:blank")

    def _is_loaded(self) -> bool:
        return self.page.url.startswith(self._address)

    def _close_all(self) -> None:
        # Disposing of a notebook, unlike closing it, asks nobody whether to save. Without any JupyterLab shows its
        # launcher. A view that was put beside a notebook goes too.
        self._finish(
            """(async panels => {
                await Promise.all(panels.map(panel => panel.sessionContext?.shutdown()));
                panels.forEach(panel => panel.dispose());
            })([...jupyterapp.shell.widgets('main')].filter(panel => !panel.id.startsWith('launcher')))"""
        )
        # It comes a moment later, and would come to the front of what the next test opens.
        self.wait_for(EMPTIED)

    def _note(self, error: Error) -> None:
        self.script_errors.append(error.stack or str(error))

    def _finish(self, promise: str) -> None:
        # Awaited inside `evaluate` it would have no time limit.
        self.page.evaluate(
            f"""() => {{
                window.finished = false;
                Promise.resolve({promise}).finally(() => {{ window.finished = true; }});
            }}"""
        )
        self.wait_for("window.finished")
