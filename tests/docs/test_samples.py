"""The README's sounds and pictures, and the script that makes them."""

from __future__ import annotations

import re

import numpy as np
import pytest
import soundfile

from docs.media.make_samples import MEDIA, MOST_BYTES, SAMPLES, Sample, waveform
from docs.site.pages import ROOT

README = (ROOT / "README.md").read_text("utf-8")


def test_every_sound_is_made_by_the_script_and_is_in_the_readme() -> None:
    files = {file.name for file in MEDIA.glob("*.mp3")}
    assert files == {sample.file for sample in SAMPLES}
    assert files == set(re.findall(r"\(docs/media/([\w-]+\.mp3)\)", README))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file)
def test_a_sound_is_small_and_as_long_as_its_text(sample: Sample) -> None:
    file = MEDIA / sample.file
    assert file.stat().st_size <= MOST_BYTES
    samples, rate = soundfile.read(file)
    letters = len(re.sub(r"\[.*?\]|\W", "", sample.text))
    # The bundled voice says eight to twenty letters in a second.
    assert letters / 20 < len(samples) / rate < letters / 8 + 1.5
    assert 0.05 < np.abs(samples).max() <= 1


def test_the_pause_can_be_heard() -> None:
    samples, rate = soundfile.read(MEDIA / "pause.mp3")
    frames = np.abs(samples[: len(samples) // 240 * 240]).reshape(-1, 240).max(axis=1) < 0.02
    runs = "".join("." if quiet else "#" for quiet in frames).split("#")
    assert max(map(len, runs)) * 240 / rate > 1


def test_the_picture_is_that_of_the_sample() -> None:
    committed = (MEDIA / "waveform.svg").read_text("utf-8")
    sentences = re.findall(r">([^<>]+)</text>", committed)
    assert " ".join(sentences) == SAMPLES[0].text
    starts = [float(x) for x in re.findall(r"M([\d.]+) 0V", committed)]
    samples, rate = soundfile.read(MEDIA / SAMPLES[0].file)
    seconds = [x / 720 * len(samples) / rate for x in starts]
    # Another decoder of MP3 may round a bar to its other neighbour.
    drawn = waveform(samples, rate, list(zip(seconds, sentences, strict=True)))
    bars = [
        np.array([float(y) for y in re.findall(r"V([\d.]+)", one)]) for one in (committed, drawn)
    ]
    assert np.abs(bars[0] - bars[1]).max() < 0.3
