"""How `make lab` runs Jupyter's server: one address in the terminal instead of its log, and Ctrl+C stops it.

Warnings of the server stay out of sight, errors are shown.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

ADDRESS = re.compile(r"https?://\S+")

c: Any = get_config()  # noqa: F821  (Jupyter gives it to its configuration files)
c.Application.log_level = logging.ERROR
# Without it the first Ctrl+C only asks a question.
c.ServerApp.answer_yes = True


def say_address(record: logging.LogRecord) -> bool:
    """Put the address in the place of the five lines with which the server tells it."""
    told = record.getMessage()
    addresses = ADDRESS.findall(told)
    if record.levelno < logging.CRITICAL or not addresses:
        return True
    sys.stderr.write(f"The course is at {addresses[-1]}\nCtrl+C stops it.\n")
    return False


logging.getLogger("ServerApp").addFilter(say_address)
