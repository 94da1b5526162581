"""The audio file of `say`: samples → one of the encodings of the wire → a file."""

from __future__ import annotations

import numpy as np

from sidecar.audio.formats import AudioFormat
from sidecar.audio.stream import AudioStream
from sidecar.cli.outputs.file import OutputFile


class AudioFile:
    """A file with the very samples that the wire would have.

    Args:
        file: takes the bytes.
        encoding: of the wire.
        rate: Hz.

    Raises:
        Unsupported: the encoding cannot be made here.
    """

    def __init__(self, file: OutputFile, encoding: str, rate: int) -> None:
        self._file = file
        self._stream = AudioStream(AudioFormat(encoding=encoding, fade=False), rate)

    def write(self, pcm: bytes) -> None:
        """Write the next float32 little-endian samples.

        Raises:
            Failure: they cannot be written.
        """
        self._file.write(self._stream.write(np.frombuffer(pcm, "<f4")).data)

    def finish(self) -> None:
        """Complete the file.

        Raises:
            Failure: its end cannot be written.
        """
        self._file.write(self._stream.finish().data)
        for offset, part in self._stream.patches():
            self._file.patch(offset, part)
