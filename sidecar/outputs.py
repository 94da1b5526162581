"""Where `say` puts its audio: a file, a loudspeaker, a progress bar."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import soundfile
from tqdm import tqdm

from sidecar.audio.formats import AudioFormat
from sidecar.audio.pcm import pcm_s16le
from sidecar.audio.stream import AudioStream
from sidecar.errors import Unsupported

_BAR = "{desc}: {n:.1f} s [{elapsed}]"


class Output(AbstractContextManager[Any], Protocol):
    def write(self, pcm: bytes) -> None:
        """float32 little-endian samples, the next ones."""
        ...


class AudioFile:
    """A file that is complete when it is closed; WAV with the very samples the wire would have.

    Raises:
        OSError, SoundFileError, Unsupported
    """

    def __init__(self, path: str, encoding: str, rate: int) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._wav: soundfile.SoundFile | None = None
        if encoding == "wav":
            self._wav = soundfile.SoundFile(
                path, "w", rate, channels=1, subtype="PCM_16", format="WAV"
            )
            return
        self._stream = AudioStream(AudioFormat(encoding=encoding, fade=False), rate)
        self._file = open(path, "wb")  # noqa: SIM115

    def write(self, pcm: bytes) -> None:
        samples = np.frombuffer(pcm, "<f4")
        if self._wav is not None:
            # Our own rounding: libsndfile's is another.
            self._wav.buffer_write(pcm_s16le(samples), dtype="int16")
        else:
            self._file.write(self._stream.write(samples).data)

    def __enter__(self) -> AudioFile:
        return self

    def __exit__(self, *error: object) -> None:
        if self._wav is not None:
            self._wav.close()
            return
        with self._file as file:
            file.write(self._stream.finish().data)
            for offset, part in self._stream.patches():
                file.seek(offset)
                file.write(part)


class Loudspeaker:
    """`write` blocks while its buffer is full, and leaving waits for the end.

    Raises:
        Unsupported
    """

    def __init__(self, rate: int) -> None:
        try:
            import sounddevice

            self._stream = sounddevice.OutputStream(samplerate=rate, channels=1, dtype="float32")
        except Exception as error:  # PortAudio missing, or no output device
            raise Unsupported(
                f"There is nothing to play on: {error}.",
                hint="Use -o FILE, or install PortAudio (Debian: libportaudio2).",
            ) from error

    def write(self, pcm: bytes) -> None:
        self._stream.write(np.frombuffer(pcm, "<f4"))

    def __enter__(self) -> Loudspeaker:
        self._stream.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._stream.__exit__(*error)


class ProgressBar:
    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._bar: Any = tqdm(
            unit="s", desc="speech", disable=not sys.stderr.isatty(), bar_format=_BAR
        )

    def write(self, pcm: bytes) -> None:
        self._bar.update(len(pcm) / 4 / self._rate)

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.close()
