"""An environment of its own with repid 2.2, which cannot be installed beside repid 2.1.4."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from support.files import ROOT

__all__ = ["answers_of"]

ENVIRONMENT = ROOT / ".venv-repid22"
UV = Path(sys.executable).with_name("uv")


def answers_of(program: Path) -> Any:
    """Run a program with repid 2.2 and return the JSON that it prints."""
    told = subprocess.run(  # noqa: S603  (the environment made below)
        [_made() / "bin" / "python", program], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


def _made() -> Path:
    """Return the environment, made anew where the requirements or the Python have changed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    requirements = project["project"]["optional-dependencies"]["next"]
    wanted = "\n".join([sys.version, *requirements])
    installed = ENVIRONMENT / "installed.txt"
    if not installed.exists() or installed.read_text(encoding="utf-8") != wanted:
        quiet = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
        venv = [UV, "venv", "--quiet", "--clear", "--python", sys.executable, ENVIRONMENT]
        install = [UV, "pip", "install", "--quiet", "--python", ENVIRONMENT, *requirements]
        for command in (venv, install):
            subprocess.run(command, env=quiet, check=True)  # noqa: S603
        installed.write_text(wanted, encoding="utf-8")
    return ENVIRONMENT
