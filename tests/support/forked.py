"""Kernels that are forked instead of started: for tests that run many and look at none of them closely."""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
from functools import cache
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

__all__ = ["PROVISIONER", "ForkedProvisioner"]

SERVER = Path(__file__).with_name("fork_server.py")
LONGEST_ANSWER = 64


class ForkedProcess:
    """A kernel's process, asked like a `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        told = connection.recv(LONGEST_ANSWER)
        if not told:
            raise RuntimeError("The fork server has ended. What it said is on standard error.")
        self.pid = int(told)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None and select.select([self._connection], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self) -> int:
        if self.returncode is None:
            # Without an answer the server has died, and its kernels with it.
            self.returncode = int(self._connection.recv(LONGEST_ANSWER) or -signal.SIGKILL)
            self._connection.close()
        return self.returncode

    def send_signal(self, signum: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, signum)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class ForkServer:
    """The process of one interpreter that kernels are forked from; it ends with this process."""

    def __init__(self, python: str, settings: dict[str, str]) -> None:
        others = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  (an interpreter of the tests' own)
                [python, SERVER, str(theirs.fileno())],
                env={**others, **settings},
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        atexit.register(self._close)

    def fork(self, command: list[str], *, cwd: str | None = None, env: dict[str, str]) -> ForkedProcess:
        """Start a kernel.

        Args:
            command: `[python, "-m", module, *arguments]`.
            cwd: Where it runs.
            env: Its environment.
        """
        request = {"command": command, "cwd": str(cwd or Path.cwd()), "env": env}
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, Path(os.devnull).open() as nothing:
            streams = [nothing.fileno(), 1, 2]
            socket.send_fds(self._control, [json.dumps(request).encode()], [*streams, theirs.fileno()])
        return ForkedProcess(ours)

    def _close(self) -> None:
        self._control.close()
        self._process.wait()


@cache
def fork_server(python: str, settings: frozenset[tuple[str, str]]) -> ForkServer:
    """Return the server of an interpreter that was started with these variables: Python reads its own only then."""
    return ForkServer(python, dict(settings))


class ForkedProvisioner(LocalProvisioner):
    """Starts a kernel as Jupyter's own does, but for the forking."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        settings = frozenset(one for one in kwargs["env"].items() if one[0].startswith("PYTHON"))
        self.process = fork_server(cmd[0], settings).fork(cmd, **self._scrub_kwargs(kwargs))
        # It leads a group of its own.
        self.pid = self.pgid = self.process.pid
        self.cwd = kwargs.get("cwd", Path.cwd())
        return self.connection_info


FORKED = "forked"
KernelProvisionerFactory.provisioners[FORKED] = EntryPoint(
    FORKED, f"{__name__}:{ForkedProvisioner.__name__}", KernelProvisionerFactory.GROUP_NAME
)
# What a kernel's specification or a server's configuration names. Only Linux tells by a descriptor that a process ends.
PROVISIONER = FORKED if sys.platform == "linux" else "local-provisioner"
