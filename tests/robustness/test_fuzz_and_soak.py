"""Short runs of `tests.robustness.fuzz`, `tests.robustness.soak` and `bench.soak`; full runs take
minutes."""

from __future__ import annotations

import pytest

from bench import soak as streams
from tests.robustness import fuzz, soak


def test_a_few_hundred_frames(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz.main(["--frames", "800", "--processes", "4", "--seed", "7"]) == 0
    printed = capsys.readouterr().out
    assert "frames: 800 in one process" in printed
    assert "no crash, no hang" in printed


def test_thirty_requests(capsys: pytest.CaptureFixture[str]) -> None:
    # A process that has just begun still grows.
    assert soak.main(["--requests", "30", "--seed", "7", "--limit", "2"]) == 0
    assert "ratio" in capsys.readouterr().out


def test_streams_that_come_and_go(capsys: pytest.CaptureFixture[str]) -> None:
    short = ["--seconds", "1", "--streams", "3", "--interval", "0.3", "--limit", "2"]
    assert streams.main(short) == 0
    printed = capsys.readouterr().out
    assert "none lost, none answered twice, all audio there, in order" in printed
    assert "| descriptors |" in printed
