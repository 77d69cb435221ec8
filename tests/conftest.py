from __future__ import annotations

import sys

# jsonschema imports it for a format that nothing here uses: it builds 38 parsers, which takes each of the processes
# that run the tests longer than all other imports together.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
