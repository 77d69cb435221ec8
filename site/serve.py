"""Serve the site from a folder, for a class without a network: `python serve.py [port]`.

It needs Python and nothing else. The other computers of the room open the address of this one.
"""

from __future__ import annotations

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Handler(SimpleHTTPRequestHandler):
    """Serves files with the types that browsers insist on, whatever the computer's own list says."""

    protocol_version = "HTTP/1.1"
    extensions_map = {  # noqa: RUF012
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".json": "application/json",
        ".wasm": "application/wasm",
        ".webmanifest": "application/manifest+json",
    }


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    server = ThreadingHTTPServer(("", port), partial(Handler, directory=Path(__file__).parent))
    print(f"http://localhost:{server.server_port}/  (Ctrl+C stops)")  # noqa: T201
    server.serve_forever()
