"""What the tests of this folder share: the packages are built once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.wire import ROOT


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the tree of this platform, built of this checkout."""
    out = tmp_path_factory.mktemp("bundle")
    script = ROOT / "packaging" / "bundle.py"
    command = [sys.executable, script, "--out", out / "trees", "--dist", out / "dist"]
    subprocess.run(command, stdin=subprocess.DEVNULL, check=True, timeout=600)
    (folder,) = (out / "trees").iterdir()
    return folder
