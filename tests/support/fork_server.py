"""Forks fresh kernels: a program of the interpreter in which they are to run.

    python fork_server.py CONTROL

To start a kernel is mostly to import the same modules again. This process has imported them, and each kernel is a fork
of it. It has no thread, no event loop and no ZeroMQ context: a fork of it is what a new process is once it has
imported. It has nothing of `repid_nb`, and nothing of ipywidgets, which looks for its kernel when it is imported.
Only the seed of hashes is the same for all forks of one server.

CONTROL is the number of an inherited socket. Each message on it asks for a kernel, as JSON: `command`, `cwd` and
`env`. With it come the standard streams and a connection of that kernel alone. On the connection the process's number
is told, and at its end the exit code. A kernel whose connection is closed is killed; so are all when the control socket
is.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
from contextlib import suppress

LONGEST_REQUEST = 1 << 18

# The kernel, what it loads before its first cell, and what a cell with an actor loads. Older versions lack some.
IMPORTED = [
    "ipykernel.kernelapp",
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "IPython.utils.wildcard",
    "tornado.platform.asyncio",
    "concurrent.futures.thread",
    "difflib",
    "pydantic.fields",
    "pydantic.main",
    "pydantic.type_adapter",
    "pydantic.types",
    "xml.etree.ElementTree",
]


class Kernel:
    """A process that was forked, and the connection to the one that asked for it."""

    def __init__(self, pid: int, connection: socket.socket) -> None:
        self._pid = pid
        self.connection = connection
        self.ending = os.pidfd_open(pid)

    def end(self) -> None:
        """Kill it if it still runs, and tell its exit code."""
        os.kill(self._pid, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        with suppress(OSError):
            self.connection.send(str(code).encode())
        self.forget()

    def forget(self) -> None:
        """Close what belongs to the server."""
        os.close(self.ending)
        self.connection.close()


def serve(control: socket.socket) -> list[str] | None:
    """Fork the kernels that are asked for, until nobody is left to ask.

    Returns:
        In a fork, the command that it is to run; in the server, at its end, None.
    """
    kernels: list[Kernel] = []
    while True:
        watched = [control, *(kernel.ending for kernel in kernels), *(kernel.connection for kernel in kernels)]
        ready, _, _ = select.select(watched, [], [])
        for kernel in [one for one in kernels if one.ending in ready or one.connection in ready]:
            kernel.end()
            kernels.remove(kernel)
        if control not in ready:
            continue
        request, descriptors, _, _ = socket.recv_fds(control, LONGEST_REQUEST, 4)
        if not request:
            for kernel in kernels:
                kernel.end()
            return None
        *streams, connection = descriptors
        pid = os.fork()
        if pid == 0:
            control.close()
            for kernel in kernels:
                kernel.forget()
            return become(**json.loads(request), streams=streams, connection=socket.socket(fileno=connection))
        for stream in streams:
            os.close(stream)
        kernels.append(Kernel(pid, socket.socket(fileno=connection)))


def become(
    *, command: list[str], cwd: str, env: dict[str, str], streams: list[int], connection: socket.socket
) -> list[str]:
    """Make of a fork what a new process would be."""
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(cwd)
    os.environ.clear()
    # A kernel ends when this one is not its parent any more.
    os.environ.update(env, JPY_PARENT_PID=str(os.getppid()))
    with connection:
        connection.send(str(os.getpid()).encode())
    return command


def run(command: list[str]) -> None:
    """Do what `python -m MODULE ARGUMENT...` does."""
    _python, _m, module, *arguments = command
    sys.orig_argv = command
    sys.argv = ["-m", *arguments]
    sys.path[0] = os.getcwd()  # noqa: PTH109  (text, as Python puts it there)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    # Read once, when ipykernel is imported.
    os.environ["JPY_PARENT_PID"] = str(os.getpid())
    for name in IMPORTED:
        with suppress(ImportError):
            importlib.import_module(name)
    # Of what is imported nothing is thrown away: a fork need not look at it, and copy it, to see that.
    gc.freeze()
    if (asked := serve(socket.socket(fileno=int(sys.argv[1])))) is not None:
        run(asked)
