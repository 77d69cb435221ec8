"""A static web server for the site, under a sub-path: what it was asked for, and how to take it away."""

from __future__ import annotations

import socket
import sys
import threading
from contextlib import suppress
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

__all__ = ["StaticHost"]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A browser that goes away in the middle of an answer is not the host's fault.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class StaticHost:
    """Serves a folder on loopback, as a host does that knows only files; the system chooses the port.

    Attributes:
        origin: `http://127.0.0.1:...`.
        base: The address of the folder.
        asked: The paths that were asked for, relative to the folder, in order.
    """

    def __init__(self, folder: Path, prefix: str) -> None:
        self.asked: list[str] = []
        host = self

        class Handler(SimpleHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            extensions_map = {  # noqa: RUF012
                **SimpleHTTPRequestHandler.extensions_map,
                ".js": "text/javascript",
                ".mjs": "text/javascript",
                ".wasm": "application/wasm",
            }

            def __init__(self, *arguments: Any) -> None:
                super().__init__(*arguments, directory=str(folder))

            def translate_path(self, path: str) -> str:
                within = path.removeprefix(prefix)
                return super().translate_path(within if within != path else "/not-of-this-site")

            def send_head(self) -> Any:
                host.asked.append(self.path.removeprefix(prefix).removeprefix("/").partition("?")[0])
                return super().send_head()

            def log_message(self, *_: Any) -> None: ...

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self.base = self.origin + prefix
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.go_away()

    def go_away(self) -> None:
        """Serve nothing any more: the port is closed, and so is every connection."""
        self._server.shutdown()
        self._server.server_close()
        for connection in self._server.connections:
            # One that its browser has closed is closed.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
