"""Recordings in the containers of phones and videos, and stand-ins for decoding programs."""

from __future__ import annotations

import importlib.util
import shutil
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from sidecar.audio import reference
from sidecar.errors import BadReferenceAudio
from tests.support.sounds import RATE, contained

RECORDINGS = Path(__file__).parents[1] / "data" / "recordings"
VOICE, _ = soundfile.read(RECORDINGS / "slt.flac", dtype="float32")

# Each has FFmpeg's muxer and codec, the rate, and other options.
FILES: dict[str, tuple[str, str, int, dict[str, Any]]] = {
    "m4a": ("ipod", "aac", 48000, {"layout": "stereo"}),
    "alac.m4a": ("ipod", "alac", 24000, {}),
    "mp4": ("mp4", "aac", 44100, {"video": "mpeg4"}),
    "mov": ("mov", "pcm_s16le", 24000, {}),
    "3gp": ("3gp", "aac", 16000, {}),
    "aac": ("adts", "aac", 24000, {}),
    "webm": ("webm", "libopus", 48000, {}),
    "video.webm": ("webm", "libopus", 48000, {"video": "libvpx"}),
    "mkv": ("matroska", "ac3", 48000, {}),
    "amr": ("amr", "libopencore_amrnb", 8000, {}),
    "avi": ("avi", "libmp3lame", 24000, {}),
    "flv": ("flv", "aac", 44100, {}),
    "ts": ("mpegts", "aac", 48000, {}),
    "mpg": ("mpeg", "mp2", 48000, {}),
    "ac3": ("ac3", "ac3", 48000, {}),
    "wv": ("wv", "wavpack", 24000, {}),
    "tta": ("tta", "tta", 24000, {}),
}


def made(name: str, samples: np.ndarray = VOICE) -> bytes:
    muxer, codec, rate, more = FILES[name]
    return contained(samples, muxer, codec, rate, **more)


M4A = made("m4a")


def refused(data: bytes | None = None, path: str | None = None) -> BadReferenceAudio:
    with pytest.raises(BadReferenceAudio) as caught:
        reference.read(path, data)
    return caught.value


def sounds_like_the_voice(found: reference.Recording) -> bool:
    """Compare the waveform with the voice, at any delay of an encoder."""
    size = len(found.samples) + len(VOICE)
    spectra = [np.fft.rfft(one, size) for one in (found.samples, VOICE)]
    most = np.abs(np.fft.irfft(spectra[0] * spectra[1].conj(), size)).max()
    alike = most / np.linalg.norm(found.samples) / np.linalg.norm(VOICE)
    return bool(alike > 0.8) and abs(len(found.samples) - len(VOICE)) < 0.15 * RATE


def programs(folder: Path, monkeypatch: pytest.MonkeyPatch, **scripts: str) -> None:
    """Hide PyAV, and put no programs on the PATH but the shell's and these."""
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "av" else find(name, *more)
    )
    folder.mkdir(exist_ok=True)
    for name in ("cp", "sleep", "cat", "env", "head"):
        (folder / name).symlink_to(str(shutil.which(name)))
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", str(folder))
