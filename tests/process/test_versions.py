"""The version is stated once, and each package's copy of it is up to date."""

from __future__ import annotations

import subprocess
import sys

import pytest

import sidecar
from tests.support.wire import ROOT

SCRIPT = ROOT / ".ci" / "version.py"


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), "--check", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_every_copy_of_the_version_is_up_to_date() -> None:
    done = check()
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("tag", "code"), [(f"v{sidecar.__version__}", 0), ("v99.0.0", 1)])
def test_a_release_needs_the_tag_of_its_version(tag: str, code: int) -> None:
    done = check("--tag", tag)
    assert done.returncode == code, done.stderr


def test_npm_spells_a_release_candidate_in_its_own_way() -> None:
    program = f"import runpy; print(runpy.run_path({str(SCRIPT)!r})['for_npm']('1.2.3rc1'))"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "1.2.3-rc.1\n"
