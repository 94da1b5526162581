"""Speak the samples of the README, and draw the first one: `python -m docs.media.make_samples`.

The files are committed, so that a reader hears something before anything is installed. Seeds are
fixed: a CPU makes the same samples again, up to rounding.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile
from numpy.typing import NDArray

MEDIA = Path(__file__).parent
MOST_BYTES = 60_000


class Sample(NamedTuple):
    """A file, and what `qwen-tts-sidecar say` gets for it.

    Attributes:
        file: its name in docs/media.
        text: what is said.
        options: further options of `say`.
    """

    file: str
    text: str
    options: tuple[str, ...]


SAMPLES = (
    Sample(
        "sample.mp3",
        "Hello there. This is the small voice that comes with the program. "
        "It runs on any computer, without a network.",
        ("--seed", "3"),
    ),
    Sample(
        "two-speakers.mp3",
        "[Ann] Is the train on time? [Bob] It leaves in five minutes. [Ann] Thank you very much.",
        ("--seed", "5", "--speaker", "Ann=slt", "--speaker", "Bob=rms"),
    ),
    Sample(
        "pause.mp3",
        "On your marks. Get set. [pause:1s] Go!",
        ("--seed", "4", "--voice", "rms"),
    ),
)

_WIDTH, _HEIGHT, _BARS = 720, 120, 180


def speak(sample: Sample, folder: Path) -> list[tuple[float, str]]:
    """Write a sample into a folder; return the start in seconds and the text of each sentence."""
    captions = folder / "sample.vtt"
    command = [sys.executable, "-m", "sidecar", "say", sample.text, *sample.options]
    outputs = ["-o", str(folder / sample.file), "--vtt", str(captions), "--quiet"]
    subprocess.run([*command, *outputs], check=True, stdin=subprocess.DEVNULL)
    cues = re.findall(
        r"^(\d+):(\d+):([\d.]+) --> .*\n((?:.+\n?)+)", captions.read_text("utf-8"), re.MULTILINE
    )
    captions.unlink()
    return [
        (int(hours) * 3600 + int(minutes) * 60 + float(seconds), " ".join(text.split()))
        for hours, minutes, seconds, text in cues
    ]


def waveform(samples: NDArray[Any], rate: int, sentences: Sequence[tuple[float, str]]) -> str:
    """Return a picture (SVG) of float samples [n], with the sentences where they start."""
    ends = np.linspace(0, len(samples), _BARS + 1).astype(int)
    peaks = [float(np.abs(samples[a:b]).max()) for a, b in pairwise(ends)]
    loudest = max(peaks)
    step, middle = _WIDTH / _BARS, _HEIGHT / 2
    path = "".join(
        f"M{(i + 0.5) * step:.1f} {middle - half:.1f}V{middle + half:.1f}"
        for i, half in enumerate(max(0.5, peak / loudest * (middle - 4)) for peak in peaks)
    )
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT + 24}" '
        'font-family="sans-serif" font-size="11" fill="#7c8594">',
        f'<path d="{path}" stroke="#5b72d8" stroke-width="{step * 0.6:.1f}"/>',
    ]
    for start, text in sentences:
        x = start / (len(samples) / rate) * _WIDTH
        mark = f'<path d="M{x:.1f} 0V{_HEIGHT + 18}" stroke="#7c8594" stroke-dasharray="2 3"/>'
        lines += [mark, f'<text x="{x + 4:.1f}" y="{_HEIGHT + 18}">{text}</text>']
    return "\n".join([*lines, "</svg>", ""])


def main() -> None:
    """Write every sample, and the picture of the first one."""
    for sample in SAMPLES:
        sentences = speak(sample, MEDIA)
        if sample is SAMPLES[0]:
            samples, rate = soundfile.read(MEDIA / sample.file)
            (MEDIA / "waveform.svg").write_text(waveform(samples, rate, sentences), "utf-8")


if __name__ == "__main__":
    main()
