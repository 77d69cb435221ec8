"""The live book in Firefox."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest
from support.files import ROOT
from support.missing import skip_or_fail
from support.static_host import StaticHost


@pytest.fixture
def firefox() -> str:
    found = shutil.which("firefox-esr") or shutil.which("firefox")
    if found is None:
        skip_or_fail("Firefox is not installed (Debian: apt-get install firefox-esr)")
    return found


def test_a_chapter_and_an_exercise_run_in_firefox(firefox: str, host: StaticHost):
    addresses = [f"{host.base}/book/notebooks/{name}.html" for name in ("02_routing", "exercises/routing-1")]
    script = ROOT / "tests" / "site" / "firefox.mjs"
    done = subprocess.run(  # noqa: S603
        [shutil.which("node") or "node", script, firefox, *addresses],
        capture_output=True,
        text=True,
        check=False,
        # Firefox refuses the home of another user, as CI has it.
        env={**os.environ, "HOME": "/root"} if os.geteuid() == 0 else None,
    )
    assert done.returncode == 0, done.stderr
    assert [(one["ran"], one["errors"]) for one in json.loads(done.stdout)] == [(True, 0), (True, 0)]
