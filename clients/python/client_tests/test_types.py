"""Things that are written in two places agree."""

from __future__ import annotations

import subprocess
import sys

import pytest

from client_tests.support import REPOSITORY


def test_the_generated_types_are_what_the_schema_says() -> None:
    pytest.importorskip("ruff")
    script = REPOSITORY / "clients" / "python" / "scripts" / "generate_types.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
