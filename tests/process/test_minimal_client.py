from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from tests.support.wire import ROOT

SCRIPT = ROOT / "clients" / "minimal" / "speak.mjs"


def run(*args: str) -> subprocess.CompletedProcess[str]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    environment = {**os.environ, "SIDECAR_COMMAND": f"{sys.executable} -m sidecar"}
    return subprocess.run(
        [node, str(SCRIPT), *args],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
        env=environment,
        check=False,
    )


def test_the_minimal_node_client_speaks_a_sentence(tmp_path: Path) -> None:
    output = tmp_path / "node.wav"
    done = run("Hello from Node.", str(output))
    assert done.returncode == 0, done.stderr
    audio, rate = soundfile.read(output)
    assert rate == 24000
    assert 0.4 < len(audio) / rate < 8
    assert (audio**2).mean() ** 0.5 > 0.01


def test_the_minimal_node_client_reports_errors(tmp_path: Path) -> None:
    done = run(" ", str(tmp_path / "never.wav"))
    assert done.returncode == 1
    assert "emptyText" in done.stderr
    assert not list(tmp_path.iterdir())
