from __future__ import annotations

import signal
import sys

# jsonschema imports it for a format that nothing here uses: it builds 38 parsers, which takes each of the processes
# that run the tests longer than all other imports together.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]

# A shell lets its background jobs ignore Ctrl-C, and every process that a test starts and interrupts would do so too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
