"""The loudspeaker, through the optional packages sounddevice and PortAudio."""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any

from sidecar.audio.pcm import Samples
from sidecar.cli.terminal import Failure
from sidecar.installation import to_install

_INSTEAD = "Use -o FILE to write a file instead."


class Loudspeaker:
    """Plays samples. `write` blocks while the buffer is full, and `finish` waits for the end.

    Args:
        rate: sample rate in Hz.
        device: number of the output device, or part of its name; None is the default device.

    Raises:
        Failure: the device cannot be opened.
    """

    def __init__(self, rate: int, device: str | None) -> None:
        sounddevice = _sounddevice()
        try:
            self._stream: Any = sounddevice.OutputStream(
                samplerate=rate, channels=1, dtype="float32", device=_find(sounddevice, device)
            )
            self._stream.start()
        except sounddevice.PortAudioError as error:
            raise Failure(f"The output device cannot be opened: {error}.", _INSTEAD) from error

    def write(self, samples: Samples) -> None:
        """Play the next samples, float32 [samples]."""
        self._stream.write(samples)

    def finish(self) -> None:
        """Wait until everything has been played."""
        self._stream.stop()
        self._stream.close()

    def stop(self) -> None:
        """Stop at once."""
        self._stream.abort()
        self._stream.close()


def check(device: str | None) -> None:
    """Look for the output device, before anything is loaded.

    Raises:
        Failure: there is no such device.
    """
    _find(_sounddevice(), device)


def devices() -> list[tuple[str, str, bool]]:
    """Return each output device: its number, its name, and whether it is the default.

    Raises:
        Failure: there is no device, or the packages to play are missing.
    """
    sounddevice = _sounddevice()
    default = sounddevice.default.device[1]
    return [(str(at), name, at == default) for at, name in _list(sounddevice)]


def _list(sounddevice: ModuleType) -> list[tuple[int, str]]:
    """Return the numbers and names of the output devices."""
    every = enumerate(sounddevice.query_devices())
    found = [(at, str(one["name"])) for at, one in every if one["max_output_channels"] > 0]
    if not found:
        raise Failure(
            "No output device was found.",
            f"Check that a sound card is connected and that you may use it. {_INSTEAD}",
        )
    return found


def _find(sounddevice: ModuleType, device: str | None) -> int | str | None:
    """Return what sounddevice calls the device."""
    wanted = int(device) if device is not None and device.isdecimal() else device
    _list(sounddevice)
    try:
        sounddevice.query_devices(wanted, "output")
    except (ValueError, sounddevice.PortAudioError) as error:
        if device is None:
            raise Failure(f"There is no default output device: {error}.", _INSTEAD) from error
        raise Failure(
            f"No output device, or more than one, matches {device!r}.",
            "To see all devices: qwen-tts-sidecar say --list-devices",
        ) from error
    return wanted


def _sounddevice() -> ModuleType:
    os.environ.setdefault("JACK_NO_START_SERVER", "1")  # no server is started to look for devices
    try:
        import sounddevice  # pyright: ignore[reportMissingTypeStubs]  # it is annotated itself
    except ImportError as error:
        raise Failure(
            "Playing audio needs the Python package sounddevice, which is not installed.",
            f"To have it, {to_install('sounddevice')}. {_INSTEAD}",
        ) from error
    except OSError as error:
        raise Failure(
            "Playing audio needs the library PortAudio, which was not found.",
            f"Install it (Debian, Ubuntu: libportaudio2; Fedora: portaudio). {_INSTEAD}",
        ) from error
    return sounddevice
