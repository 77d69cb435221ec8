"""Runs the package's own tests on other versions than those that `make test` installs.

    python tests/support/versions.py lowest   # of each library the lowest version that pyproject.toml declares
    python tests/support/versions.py newest   # a newer Python than this one, where there is one or uv can fetch one

Each has an environment of its own, which is made anew when pyproject.toml has changed.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["main"]

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")
# Each half in a process of its own.
HALVES = [
    ["tests/core", "tests/limits", "tests/soak"],
    ["tests/stepping", "tests/simulation", "tests/classroom"],
]
PYTHONS = ["python3.14", "python3.13", "python3.12"]
NEWEST = (3, 14)
FETCHED = ROOT / ".venv-pythons"
# Seconds.
LONGEST_FETCH = 60


def main(which: str) -> int:
    """Make the environment and run the tests in it.

    Args:
        which: "lowest" or "newest".

    Returns:
        0 where all tests passed, or where there is no newer Python.
    """
    if which == "lowest":
        python, options = sys.executable, ["--resolution", "lowest-direct"]
    else:
        newer = newer_python() or fetched_python()
        if newer is None:
            sys.stdout.write(f"skipped: none of {', '.join(PYTHONS)} runs here and is newer than this Python\n")
            return 0
        python, options = newer, []
    environment = made(which, python, options)
    pytest = str(environment / "bin" / "pytest")
    side_by_side = [sys.executable, Path(__file__).with_name("side_by_side.py")]
    halves = (shlex.join([pytest, *half]) for half in HALVES)
    return subprocess.run([*side_by_side, *halves], cwd=ROOT, check=False).returncode  # noqa: S603


def newer_python() -> str | None:
    """Return the newest Python on the path that is newer than this one, or None."""
    asked = "import sys; print(sys.executable, *sys.version_info[:2])"
    for command in filter(None, map(shutil.which, PYTHONS)):
        # A command may be there and say only that its version is not switched on.
        told = subprocess.run([command, "-c", asked], capture_output=True, text=True, check=False)  # noqa: S603
        if told.returncode == 0:
            executable, *version = told.stdout.rsplit(maxsplit=2)
            return executable if tuple(map(int, version)) > sys.version_info[:2] else None
    return None


def fetched_python() -> str | None:
    """Return the newest Python, fetched by uv, or None where it is this one or no network brings it; say why."""
    if sys.version_info[:2] >= NEWEST:
        return None
    version = ".".join(map(str, NEWEST))
    env = {**os.environ, "UV_PYTHON_INSTALL_DIR": str(FETCHED), "UV_HTTP_RETRIES": "0"}
    found = ""
    try:
        for command in (["install", "--no-bin", version], ["find", "--managed-python", version]):
            found = subprocess.run(  # noqa: S603
                [UV, "python", *command], env=env, capture_output=True, text=True, timeout=LONGEST_FETCH, check=True
            ).stdout.strip()
    except OSError as error:
        sys.stdout.write(f"uv does not run here: {error}\n")
    except subprocess.TimeoutExpired:
        sys.stdout.write(f"uv did not fetch Python {version} within {LONGEST_FETCH} seconds\n")
    except subprocess.CalledProcessError as error:
        sys.stdout.write(f"uv cannot fetch Python {version} here:\n{error.stderr}")
    return found or None


def made(name: str, python: str, options: list[str]) -> Path:
    """Return the environment of that name, made anew where the project or the Python has changed since."""
    environment = ROOT / f".venv-{name}"
    wanted = f"{python}\n{(ROOT / 'pyproject.toml').read_text(encoding='utf-8')}"
    installed = environment / "installed.txt"
    if not installed.exists() or installed.read_text(encoding="utf-8") != wanted:
        quiet = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
        venv = [UV, "venv", "--quiet", "--clear", "--python", python, environment]
        install = [UV, "pip", "install", "--quiet", *options, "--python", environment, "--editable", f"{ROOT}[check]"]
        for command in (venv, install):
            subprocess.run(command, env=quiet, check=True)  # noqa: S603
        installed.write_text(wanted, encoding="utf-8")
    return environment


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
