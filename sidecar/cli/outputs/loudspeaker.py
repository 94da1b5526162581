"""A loudspeaker, by sounddevice and PortAudio, which are optional."""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any

import numpy as np

from sidecar.cli.terminal import Failure

_ELSEWHERE = "Use -o FILE to write a file instead."


class Loudspeaker:
    """Plays samples. `write` blocks while its buffer is full, and `finish` waits for the end.

    Args:
        rate: Hz.
        device: its number, or part of its name; None is the default one.

    Raises:
        Failure: there is nothing to play on.
    """

    def __init__(self, rate: int, device: str | None) -> None:
        sounddevice = _sounddevice()
        try:
            self._stream: Any = sounddevice.OutputStream(
                samplerate=rate, channels=1, dtype="float32", device=_found(sounddevice, device)
            )
            self._stream.start()
        except sounddevice.PortAudioError as error:
            raise Failure(f"The output device cannot be opened: {error}.", _ELSEWHERE) from error

    def write(self, pcm: bytes) -> None:
        """Play the next float32 little-endian samples."""
        self._stream.write(np.frombuffer(pcm, "<f4"))

    def finish(self) -> None:
        """Wait until everything has been heard."""
        self._stream.stop()
        self._stream.close()

    def stop(self) -> None:
        """Fall silent at once."""
        self._stream.abort()
        self._stream.close()


def check(device: str | None) -> None:
    """Look for the output device before anything is loaded.

    Raises:
        Failure: there is none like that.
    """
    _found(_sounddevice(), device)


def devices() -> list[tuple[str, str, bool]]:
    """Return the number, the name, and whether it is the default one, of each output device.

    Raises:
        Failure: there is none, or no way to play anything.
    """
    sounddevice = _sounddevice()
    default = sounddevice.default.device[1]
    return [(str(at), name, at == default) for at, name in _listed(sounddevice)]


def _listed(sounddevice: ModuleType) -> list[tuple[int, str]]:
    """Numbers and names of the output devices."""
    every = enumerate(sounddevice.query_devices())
    found = [(at, str(one["name"])) for at, one in every if one["max_output_channels"] > 0]
    if not found:
        raise Failure(
            "No output device was found.",
            f"See whether the sound card is there, and may be used by you. {_ELSEWHERE}",
        )
    return found


def _found(sounddevice: ModuleType, device: str | None) -> int | str | None:
    """sounddevice's name of the device."""
    wanted = int(device) if device is not None and device.isdecimal() else device
    _listed(sounddevice)
    try:
        sounddevice.query_devices(wanted, "output")
    except (ValueError, sounddevice.PortAudioError) as error:
        if device is None:
            raise Failure(f"There is no default output device: {error}.", _ELSEWHERE) from error
        raise Failure(
            f"There is no single output device {device!r}.",
            "qwen-tts-sidecar say --list-devices shows them all.",
        ) from error
    return wanted


def _sounddevice() -> ModuleType:
    os.environ.setdefault("JACK_NO_START_SERVER", "1")  # looking for devices starts nothing
    try:
        import sounddevice
    except ImportError as error:
        raise Failure(
            "Playing needs the Python package sounddevice, which is not installed.",
            f"Run pip install sounddevice. {_ELSEWHERE}",
        ) from error
    except OSError as error:
        raise Failure(
            "Playing needs the library PortAudio, which was not found.",
            f"Install it (Debian, Ubuntu: libportaudio2; Fedora: portaudio). {_ELSEWHERE}",
        ) from error
    return sounddevice
