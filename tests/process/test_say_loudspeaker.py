"""`say --play`: the loudspeaker receives the same audio as a file."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.support.command import TEXT, run

# This stands in for the package sounddevice, and for the sound card.
SOUNDDEVICE = """
import os
class PortAudioError(Exception): pass
if os.environ["CARDS"] == "no library":
    raise OSError("PortAudio library not found")
_CARDS = [{"name": n, "max_output_channels": 2} for n in os.environ["CARDS"].split(",") if n]
_CARDS += [{"name": "Microphone", "max_output_channels": 0}]
class default:
    device = (-1, 0)
def query_devices(device=None, kind=None):
    if kind is None:
        return _CARDS
    if device is None or isinstance(device, int) and device < len(_CARDS):
        return _CARDS[device or 0]
    found = [one for one in _CARDS if isinstance(device, str) and device in one["name"]]
    if len(found) != 1:
        raise ValueError(f"No output device matching {device!r}")
    return found[0]
class OutputStream:
    def __init__(self, samplerate, channels, dtype, device):
        self.file = open(os.environ["PLAYED"], "wb")
        self.file.write(f"{samplerate} {dtype} {device}\\n".encode())
    def start(self): pass
    def write(self, samples): self.file.write(samples.tobytes())
    def stop(self): self.file.close()
    close = abort = stop
"""


@pytest.fixture
def cards(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "sounddevice.py").write_text(SOUNDDEVICE)
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    env = {**os.environ, "PYTHONPATH": path, "PLAYED": str(tmp_path / "played")}
    return {**env, "CARDS": "Speakers,Headphones"}


def test_the_loudspeaker_gets_the_samples_of_the_file(
    spoken: bytes, cards: dict[str, str], tmp_path: Path
) -> None:
    output = tmp_path / "a.wav"
    given = ("--play", "--device", "Head", "-o", str(output), "--seed", "3")
    done = run("say", TEXT, *given, env=cards)
    assert done.returncode == 0, done.stderr
    head, _, samples = (tmp_path / "played").read_bytes().partition(b"\n")
    assert head == b"24000 float32 Head"
    played = np.frombuffer(samples, "<f4")
    written = soundfile.read(output, dtype="int16")[0]
    assert written.tobytes() == spoken
    assert np.abs(played * 32768 - written).max() <= 1


def test_output_devices_are_listed(cards: dict[str, str]) -> None:
    done = run("say", "--list-devices", env=cards)
    assert (done.returncode, done.stdout) == (0, "  0  Speakers (default)\n  1  Headphones\n")


@pytest.mark.parametrize(
    ("found", "device", "said"),
    [
        ("", [], "No output device was found."),
        ("no library", [], "Playing audio needs the library PortAudio, which was not found."),
        ("Speakers", ["--device", "Radio"], "No output device, or more than one, matches 'Radio'."),
    ],
)
def test_a_missing_loudspeaker_is_told_from_a_missing_library(
    cards: dict[str, str], found: str, device: list[str], said: str
) -> None:
    done = run("say", TEXT, "--play", *device, env={**cards, "CARDS": found})
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {said}\nhint: ")
    assert "loading" not in done.stderr
