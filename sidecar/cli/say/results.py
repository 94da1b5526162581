"""What `say` makes: its files, the loudspeaker, the progress; whole, cut short, or none."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from sidecar.cli import terminal
from sidecar.cli.outputs import AudioFile, Loudspeaker, OutputFile
from sidecar.cli.say.request import encoding, output
from sidecar.synthesis.captions import srt, vtt
from sidecar.synthesis.request import Mark, NarrationResult

Captions = Callable[[str, Sequence[Mark], float], str]


class Results:
    """A context: what goes wrong in it leaves no file that is cut short.

    After Ctrl-C the files hold what was spoken until then, and are valid.

    Args:
        stdout: the descriptor of the real one.

    Raises:
        Failure: a file cannot be written.
        Interrupted: on leaving by Ctrl-C.
    """

    def __init__(self, options: argparse.Namespace, stdout: int) -> None:
        self._options = options
        self._stdout = stdout
        self._files: list[OutputFile] = []
        self._captions: list[tuple[OutputFile, Captions]] = []
        self._audio_file: OutputFile | None = None
        self._audio: AudioFile | None = None
        self._loudspeaker: Loudspeaker | None = None
        self._seconds, self._rate = 0.0, 0
        self._is_complete = False
        self.text: list[str] = []
        self.marks: list[Mark] = []

    def __enter__(self) -> Results:
        try:
            path = output(self._options)
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
            self._interrupted()
        self._discard()

    @property
    def names(self) -> str:
        """What was written, for people."""
        return ", ".join(
            f"{file.name} (overwritten)" if file.replaced else file.name for file in self._files
        )

    def write(self, pcm: bytes, rate: int) -> float:
        """Hand float32 samples to all outputs; return how many seconds they have.

        Raises:
            Failure, SidecarError
        """
        if self._audio is None and self._audio_file is not None:
            self._audio = AudioFile(self._audio_file, encoding(self._options), rate)
        if self._loudspeaker is None and self._options.play:
            self._loudspeaker = Loudspeaker(rate, self._options.device)
        for one in (self._audio, self._loudspeaker):
            if one is not None:
                one.write(pcm)
        self._rate = rate
        self._seconds += len(pcm) / 4 / rate
        return self._seconds

    def finish(self, result: NarrationResult) -> None:
        """Complete all outputs; wait for the loudspeaker.

        Raises:
            Failure, SidecarError
        """
        self._complete(result.audio_seconds, result.sample_rate)
        if self._loudspeaker is not None:
            self._loudspeaker.finish()

    def _complete(self, seconds: float, rate: int) -> None:
        """Complete the files; the last caption ends after so many seconds of audio."""
        if self._audio is None and self._audio_file is not None:  # nothing was spoken
            self._audio = AudioFile(self._audio_file, encoding(self._options), rate)
        if self._audio is not None and self._audio_file is not None:
            self._audio.finish()
            self._audio_file.keep()  # it is whole, whatever becomes of the captions
        for file, captions in self._captions:
            file.write(captions("".join(self.text), self.marks, seconds).encode())
        for file in self._files:
            file.keep()
        self._is_complete = True

    def _open(self, path: str) -> OutputFile:
        file = OutputFile(path, self._stdout, clobber=not self._options.no_clobber)
        self._files.append(file)
        return file

    def _interrupted(self) -> None:
        """Keep what there is."""
        if not self._seconds:
            self._discard()
            raise terminal.Interrupted("Nothing was written.")
        if not self._is_complete:
            self.marks = [mark for mark in self.marks if mark.start_seconds < self._seconds]
            self._complete(self._seconds, self._rate)
            if self._files:
                raise terminal.Interrupted(
                    f"{self.names}: the first {self._seconds:.1f} s are there, and no more."
                )
        raise terminal.Interrupted("The rest was not played.")

    def _discard(self) -> None:
        for file in self._files:
            if said := file.discard():
                terminal.warning(said)
