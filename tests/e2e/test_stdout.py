from __future__ import annotations

import sys
from pathlib import Path

from tests.harness import sidecar

NOISY = [sys.executable, str(Path(__file__).parent / "noisy.py")]


def test_whatever_prints_only_frames_reach_stdout() -> None:
    """The harness fails on the first byte that is not a frame."""
    with sidecar(command=NOISY, env={"PYTHONPATH": str(Path.cwd())}) as noisy:
        speech = noisy.speak("One two three.", seed=1, maxFrames=8)
        assert noisy.shutdown() == 0
        assert noisy.rest() == []
    assert speech.result["frames"] == 8
    for noise in (b"python print", b"python write", b"first stdout", b"write to fd 1", b"C puts",
                  b"a child's echo"):  # fmt: skip
        assert noisy.stderr.count(noise) >= 8, noise
