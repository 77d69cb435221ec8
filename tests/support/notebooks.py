"""The notebooks: how they are run, and in which form they are committed.

Run as a program (`make notebooks`) it executes each tutorial in a fresh kernel and writes it back with its outputs.
What changes from run to run is left out, so a second run changes nothing: execution counts, widget state, tracebacks,
the kernel's version; random ids are drawn from a fixed seed. Cell ids stay.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from support.files import TUTORIALS
from support.forked import PROVISIONER
from support.kernel import KERNEL_TRANSPORT
from traitlets.config import Config

from repid_nb.widgets.saved_output import ERROR_HIDDEN

__all__ = ["KERNEL", "WIDGET_VIEW", "executed", "may_fail", "without_slowness"]

KERNEL = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# Message ids are random; the tutorials show them.
SEEDED_IDS = """
import random, uuid
_source = random.Random(0)
uuid.uuid4 = lambda: uuid.UUID(int=_source.getrandbits(128), version=4)
"""
# A busy machine takes its time over a step; none of those in the tutorials is meant to. A cell with the tag `simulated`
# shows times of a simulation, which are always the same.
SLOW = re.compile(r"(?<=· )(?:\d\d ms|\d+(?:\.\d+)? s)\b")
SAVED_FRAME = re.compile(r"<style>\.repid-nb-(?:saved|run) [^<]*</style><iframe[^>]*></iframe>")
ANSI = re.compile(r"\x1b\[[\d;]*m")
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def may_fail(cell: Any) -> bool:
    """Whether a cell shows an error on purpose."""
    return "raises-exception" in cell.metadata.get("tags", [])


def without_slowness(shown: str) -> str:
    """Return what a view shows as on a machine that is not busy."""
    return SLOW.sub("under 10 ms", shown)


def executed(path: Path, python: Path = Path(sys.executable)) -> nbformat.NotebookNode:
    """Execute a notebook top to bottom in a fresh kernel.

    Args:
        path: The notebook; the file stays as it is.
        python: The interpreter that the kernel runs in.

    Returns:
        The notebook in the form in which it is committed.

    Raises:
        nbclient.exceptions.CellExecutionError: A cell failed that may not.
    """
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as home:
        startup = Path(home, "profile_default", "startup")
        startup.mkdir(parents=True)
        (startup / "ids.py").write_text(SEEDED_IDS)
        client = NotebookClient(
            notebook,
            timeout=120,
            kernel_name="",
            kernel_manager_class=_kernel_of(python),
            config=Config(KernelManager={"transport": KERNEL_TRANSPORT, "connection_file": f"{home}/kernel.json"}),
            record_timing=False,
            store_widget_state=False,
            coalesce_streams=True,
            resources={"metadata": {"path": home}},
        )
        client.execute(env={**os.environ, "IPYTHONDIR": home})
    notebook.metadata = nbformat.from_dict(KERNEL)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count = None
            is_real = "simulated" not in cell.metadata.get("tags", [])
            cell.outputs = [lasting for output in cell.outputs if (lasting := _lasting(output, is_real)) is not None]
    return notebook


def _kernel_of(python: Path) -> type[AsyncKernelManager]:
    """Return what starts a kernel in the environment of an interpreter, whatever kernels are registered."""

    class Kernel(AsyncKernelManager):
        @property
        def kernel_spec(self) -> KernelSpec:
            return KernelSpec(
                argv=[str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
                metadata={"kernel_provisioner": {"provisioner_name": PROVISIONER}},
            )

    return Kernel


def _lasting(output: Any, is_real: bool = True) -> Any:
    """Return an output without what changes from run to run, or None where nothing is left."""
    match output.output_type:
        case "error":
            output.traceback = [_end_of(output)]
        case "execute_result" | "display_data":
            # What stands for a widget is an output of its own; the frame in it plays the page's whole script.
            if output.data.pop(WIDGET_VIEW, None) is not None and "text/html" not in output.data:
                return None
            if "image/svg+xml" in output.data:
                # GitHub takes drawings out of HTML, and shows those that are images.
                output.data.pop("text/html", None)
            if "text/html" in output.data:
                output.data["text/html"] = SAVED_FRAME.sub("", output.data["text/html"].removeprefix(ERROR_HIDDEN))
            for form, shown in output.data.items():
                if is_real and isinstance(shown, str):
                    output.data[form] = without_slowness(shown)
            if "execution_count" in output:
                output.execution_count = None
            # A progress bar of a busy machine leaves nothing but its place.
            if not any(output.data.values()):
                return None
    return output


def _end_of(error: Any) -> str:
    """Return the end of a traceback, the error with its notes; frames name files of this machine."""
    said = f"{error.ename}: {error.evalue}"
    _, found, notes = ANSI.sub("", "\n".join(error.traceback)).rpartition(said)
    return f"{said}{notes}" if found else said


def main() -> None:
    """Execute every tutorial and write it back."""
    for path in TUTORIALS:
        before = path.read_text(encoding="utf-8")
        after = nbformat.writes(executed(path)) + "\n"
        if after != before:
            path.write_text(after, encoding="utf-8")
        sys.stdout.write(f"{path.name}: {'unchanged' if after == before else 'written'}\n")


if __name__ == "__main__":
    main()
