"""`bench`: the figures of a machine, to share."""

from __future__ import annotations

import getpass
import json
import platform
from pathlib import Path

import pytest

from tests.support.command import run


@pytest.mark.hosts  # mlx-audio imports everything that it has, and is slow on a CPU
def test_the_bundled_voice_is_measured_beside_mlx_audio(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    done = run("bench", "--model", "tiny-voice", "--quick", "--share", str(file))
    assert done.returncode == 0, done.stderr
    written = file.read_text("utf-8")
    report = json.loads(written)
    for engine in ("qwen-tts-sidecar", "mlx-audio"):
        row = report["engines"][engine]["rows"]["1"]
        assert row["firstAudioMs"] > 0
        assert row["factor"] > 0
        assert f"| {engine} | 1 |" in done.stdout
    for private in (platform.node(), str(Path.home()), str(tmp_path)):
        assert private not in written
    assert getpass.getuser() not in report["machine"].values()


def test_a_missing_folder_is_named_before_anything_is_measured(tmp_path: Path) -> None:
    file = tmp_path / "missing" / "figures.json"
    done = run("bench", "--model", "tiny-voice", "--share", str(file))
    assert done.returncode == 1
    assert f"there is no folder {file.parent}" in done.stderr
