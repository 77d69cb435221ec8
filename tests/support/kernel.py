"""A real ipykernel for tests: run a cell, look at everything it put out, press the interrupt button."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager
from support.forked import PROVISIONER

__all__ = ["KERNEL_TRANSPORT", "Cell", "Kernel", "started_kernel"]

ANSWER_TIMEOUT = 120.0

# Ports are chosen before a kernel starts and bound by it later: another process that starts one at that time may take
# them. A socket that is a file has a name of its own; elsewhere its path may be too long for the system.
KERNEL_TRANSPORT = "ipc" if sys.platform == "linux" else "tcp"


@dataclass
class Cell:
    """What one cell did.

    Attributes:
        stdout: Everything it printed.
        stderr: Everything on standard error, warnings and unseen task errors among them.
        data: The mime bundles it displayed and, last, its result.
        error: The name of the exception it ended with, or None.
        message: The text of that exception.
        traceback: The traceback as shown, with its terminal colours.
    """

    stdout: str = ""
    stderr: str = ""
    data: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None
    message: str = ""
    traceback: str = ""

    @property
    def result(self) -> str | None:
        """The text form of the last thing displayed."""
        return self.data[-1].get("text/plain") if self.data else None

    @property
    def shown(self) -> str:
        """What it printed, and the text form of all that it displayed."""
        return self.stdout + "".join(bundle.get("text/plain", "") for bundle in self.data)


class Kernel:
    """One running kernel and a client to it."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self._manager = manager
        self._client = client

    def execute(
        self,
        code: str,
        *,
        interrupt_at: str | None = None,
        timeout: float = ANSWER_TIMEOUT,
        cell_id: str | None = None,
    ) -> Cell:
        """Run one cell to its end.

        Args:
            code: The cell.
            cell_id: What the front end calls the cell; None for a front end that does not tell.
            interrupt_at: Press the interrupt button once this text is shown.
            timeout: Seconds without any message after which the kernel counts as hung.

        Returns:
            What the cell did.
        """
        if cell_id is None:
            # Otherwise a kernel drops what is asked just after a cell that failed.
            request = self._client.execute(code, stop_on_error=False)
        else:
            session = self._client.session
            content = {
                "code": code,
                "silent": False,
                "store_history": True,
                "allow_stdin": False,
                "stop_on_error": False,
            }
            message = session.msg("execute_request", content, metadata={"cellId": cell_id})
            self._client.shell_channel.send(message)
            request = message["header"]["msg_id"]
        cell = Cell()
        while True:
            message = self._client.get_iopub_msg(timeout=timeout)
            if message["parent_header"].get("msg_id") != request:
                continue
            content = message["content"]
            match message["msg_type"]:
                case "stream" if content["name"] == "stdout":
                    cell.stdout += content["text"]
                case "stream":
                    cell.stderr += content["text"]
                case "execute_result" | "display_data":
                    cell.data.append(content["data"])
                case "error":
                    cell.error, cell.message = content["ename"], content["evalue"]
                    cell.traceback = "\n".join(content["traceback"])
                case "status" if content["execution_state"] == "idle":
                    self._client.get_shell_msg(timeout=timeout)
                    return cell
            if interrupt_at is not None and interrupt_at in cell.shown:
                interrupt_at = None
                self.interrupt()

    def interrupt(self) -> None:
        """Press the interrupt button."""
        self._manager.interrupt_kernel()

    def restart(self) -> None:
        """Restart the kernel as the button does, and wait until it answers."""
        self._manager.restart_kernel()
        self._client.wait_for_ready(timeout=ANSWER_TIMEOUT)

    @property
    def is_alive(self) -> bool:
        """Whether the kernel's process runs."""
        return bool(self._manager.is_alive())


@contextmanager
def started_kernel(*, forked: bool = False) -> Iterator[Kernel]:
    """Start a kernel that reads nobody's own profile; shut it down afterwards.

    Args:
        forked: Fork it from a process that has imported what a kernel imports, which takes a fifth of the time; where
            the start itself or the signals are not what is tested.
    """
    with tempfile.TemporaryDirectory() as home:
        manager = KernelManager(
            kernel_name="python3", transport=KERNEL_TRANSPORT, connection_file=f"{home}/kernel.json"
        )
        if forked:
            manager.kernel_spec.metadata["kernel_provisioner"] = {"provisioner_name": PROVISIONER}
        manager.start_kernel(env={**os.environ, "IPYTHONDIR": home, "JUPYTER_CONFIG_DIR": home}, cwd=home)
        client = manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=ANSWER_TIMEOUT)
            yield Kernel(manager, client)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
            manager.cleanup_resources()
            manager.context.term()
