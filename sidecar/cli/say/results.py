"""The outputs of `say`: audio file, captions and loudspeaker; complete, cut short, or none."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from sidecar.audio.formats import AudioFormat
from sidecar.audio.stream import AudioStream
from sidecar.cli import terminal
from sidecar.cli.say.file import OutputFile
from sidecar.cli.say.loudspeaker import Loudspeaker
from sidecar.cli.say.request import encoding, output_path
from sidecar.synthesis.captions import srt, vtt
from sidecar.synthesis.request import Mark, SynthesisResult, Words


class Captions(Protocol):
    """Writes captions: `srt` or `vtt`."""

    def __call__(
        self,
        text: str,
        marks: Sequence[Mark],
        audio_seconds: float,
        words: Sequence[Words],
        *,
        is_ssml: bool,
    ) -> str: ...


class Results:
    """A context manager: an error inside it leaves no incomplete file.

    After Ctrl-C the files are valid and hold what was spoken until then.

    Args:
        stdout: the file descriptor of the real stdout.
        text: None if it comes from stdin.

    Attributes:
        text: the pieces of the text, for the captions.

    Raises:
        Failure: a file cannot be written.
        Interrupted: on leaving by Ctrl-C.
    """

    def __init__(self, options: argparse.Namespace, stdout: int, text: str | None) -> None:
        self._options = options
        self._stdout = stdout
        self._files: list[OutputFile] = []
        self._captions: list[tuple[OutputFile, Captions]] = []
        self._audio_file: OutputFile | None = None
        self._encoder: AudioStream | None = None
        self._loudspeaker: Loudspeaker | None = None
        self._seconds, self._rate = 0.0, 0
        self._is_complete = False
        self.text: list[str] = [] if text is None else [text]
        self.marks: list[Mark] = []
        self.words: list[Words] = []

    def __enter__(self) -> Results:
        try:
            path = output_path(self._options)
            if path is not None:
                self._audio_file = self._open(path)
            for captions, write in ((self._options.srt, srt), (self._options.vtt, vtt)):
                if captions is not None:
                    self._captions.append((self._open(captions), write))
        except BaseException:
            self._discard()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        if kind is None:
            return
        if self._loudspeaker is not None:
            self._loudspeaker.stop()
        if kind is KeyboardInterrupt:
            self._keep_beginning()
        self._discard()

    @property
    def names(self) -> str:
        """The files that were written, for people."""
        return ", ".join(
            f"{file.name} (overwritten)" if file.replaced else file.name for file in self._files
        )

    def write(self, pcm: bytes, rate: int) -> float:
        """Write float32 samples to all outputs; return the seconds of audio written so far.

        Raises:
            Failure, SidecarError
        """
        samples = np.frombuffer(pcm, "<f4")
        if self._options.play and self._loudspeaker is None:
            self._loudspeaker = Loudspeaker(rate, self._options.device)
        if self._audio_file is not None:
            self._audio_file.write(self._encoding(rate).write(samples).data)
        if self._loudspeaker is not None:
            self._loudspeaker.write(samples)
        self._rate = rate
        self._seconds += len(samples) / rate
        return self._seconds

    def finish(self, result: SynthesisResult) -> None:
        """Complete all outputs; wait for the loudspeaker.

        Raises:
            Failure, SidecarError
        """
        self._complete(result.figures.audio_seconds, result.figures.sample_rate)
        if self._loudspeaker is not None:
            self._loudspeaker.finish()

    def hurry(self) -> None:
        """Wait no longer for programs that do not read what is written to them."""
        for file in self._files:
            file.hurry()

    def _encoding(self, rate: int) -> AudioStream:
        """Return the encoder of the audio file: its samples are those that the protocol sends."""
        if self._encoder is None:
            self._encoder = AudioStream(AudioFormat(encoding(self._options), fade=False), rate)
        return self._encoder

    def _complete(self, seconds: float, rate: int) -> None:
        """Complete the files; the audio, and with it the last caption, has so many seconds."""
        if self._audio_file is not None:
            encoder = self._encoding(rate)
            self._audio_file.write(encoder.finish().data)
            for offset, data in encoder.make_patches():
                self._audio_file.patch(offset, data)
            self._audio_file.keep()  # it stays if the captions cannot be written
        for file, captions in self._captions:
            text, is_ssml = "".join(self.text), self._options.ssml
            shown = captions(text, self.marks, seconds, self.words, is_ssml=is_ssml)
            file.write(shown.encode())
        for file in self._files:
            file.keep()
        self._is_complete = True

    def _open(self, path: str) -> OutputFile:
        file = OutputFile(path, self._stdout, clobber=not self._options.no_clobber)
        self._files.append(file)
        return file

    def _keep_beginning(self) -> None:
        """Keep what was spoken before Ctrl-C; raises Interrupted."""
        if not self._seconds:
            self._discard()
            raise terminal.Interrupted("Nothing was written.")
        if not self._is_complete:
            self.marks = [mark for mark in self.marks if mark.start_seconds < self._seconds]
            self._complete(self._seconds, self._rate)
            if self._files:
                only = f"only the first {self._seconds:.1f} s were written"
                raise terminal.Interrupted(f"{self.names}: {only}.")
        raise terminal.Interrupted("The rest was not played.")

    def _discard(self) -> None:
        for file in self._files:
            if message := file.discard():
                terminal.warning(message)
