"""bench.compare, which the pages on migration tell readers to run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from bench.compare import difference, main, verdict

SPEECH = np.linspace(-0.5, 0.5, 24000, dtype=np.float32)


def said(a: np.ndarray, b: np.ndarray) -> str:
    return verdict(difference(a, b), "other", 24000)


def test_equal_speech_is_said_to_be_equal() -> None:
    assert said(SPEECH, SPEECH + np.float32(5e-6)).startswith(
        "Both speak the same: no sample differs by more than 5.0e-06"
    )


def test_rounding_is_told_from_other_speech() -> None:
    assert "the same but for rounding" in said(SPEECH, SPEECH + np.float32(5e-3))


def test_the_first_difference_has_its_time() -> None:
    other = SPEECH.copy()
    other[12000:] += np.float32(0.1)
    assert said(SPEECH, other).startswith("Both speak the same for 0.50 s, and differ after that")


def test_speech_that_goes_on_differs_after_the_shorter_one() -> None:
    expected = (
        "Both speak the same for 0.25 s, and differ after that: qwen-tts-sidecar speaks for 0.25"
    )
    assert said(SPEECH[:6000], SPEECH).startswith(expected)


@pytest.mark.hosts  # mlx-audio imports everything that it has, and is slow on a CPU
def test_the_bundled_voice_says_the_same_by_mlx_audio(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    request = ["--model", "tiny-voice", "--voice", "slt", "--text", "Hello.", "--frames", "8"]
    assert main(["--peer", "mlx-audio", *request, "-o", str(tmp_path)]) == 0
    *rows, sentence = capsys.readouterr().out.splitlines()
    assert [row.split(" | ")[0].strip("| ") for row in rows[2:]] == [
        "qwen-tts-sidecar",
        "mlx-audio",
    ]
    assert sentence.startswith("Both speak the same")
    assert "differ after" not in sentence
    lengths = {len(soundfile.read(file)[0]) for file in tmp_path.glob("*.wav")}
    assert lengths == {8 * 1920}


@pytest.mark.hosts  # the sidecar speaks first
def test_a_missing_package_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The project's own Python does not have the official package."""
    request = ["--model", "tiny-voice", "--voice", "slt", "--text", "Hello.", "--frames", "2"]
    assert main(["--peer", "qwen-tts", *request, "-o", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("qwen-tts did not speak: ")
    assert "No module named" in error
