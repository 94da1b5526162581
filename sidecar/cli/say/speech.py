"""One run of `say`: the main thread iterates over a narration, and writes what comes out."""

from __future__ import annotations

import argparse
import signal
import threading

from sidecar.cli import terminal
from sidecar.cli.fetching import fetched
from sidecar.cli.outputs import Progress
from sidecar.cli.say import source
from sidecar.cli.say.results import Results
from sidecar.engine.engine import Engine
from sidecar.errors import Cancelled
from sidecar.synthesis.narration import Narration
from sidecar.synthesis.request import Mark, NarrationRequest, NarrationResult, Part

_STOP_SECONDS = 5.0
# How fast people speak; the progress within a sentence is guessed by it.
_CHARACTERS_PER_SECOND = 15.0


class Speech:
    """A text, spoken into results.

    Args:
        text: None if it comes from stdin.
    """

    def __init__(
        self,
        options: argparse.Namespace,
        request: NarrationRequest,
        text: str | None,
        results: Results,
    ) -> None:
        self._options = options
        self._request = request
        self._results = results
        self._engine = Engine()
        self._narration = Narration(self._engine, lambda _: request)
        self._ended_by: BaseException | None = None  # why it was cancelled
        if text is not None:
            results.text.append(text)
        self._length = None if text is None else len(text)

    def run(self) -> NarrationResult:
        """Speak to the end.

        Raises:
            SidecarError, Failure
        """
        model = self._request.speech.model
        fetched(model, yes=self._options.yes, quiet=self._options.quiet)
        if not self._options.quiet:
            terminal.note(f"loading {model} …")
        self._engine.start()
        try:
            if self._request.live:
                threading.Thread(target=self._read, daemon=True).start()
            return self._play_out()
        finally:
            self._engine.stop(_STOP_SECONDS)

    def _play_out(self) -> NarrationResult:
        progress = Progress(self._length, quiet=self._options.quiet)
        before = signal.signal(signal.SIGINT, self._interrupt)
        try:
            for event in self._narration:
                self._raise_if_ended()
                match event:
                    case Mark():
                        self._results.marks.append(event)
                    case Part():
                        seconds = self._results.write(event.data, event.sample_rate)
                        progress.show(seconds, self._position(event.sentence, seconds))
                    case NarrationResult():
                        if self._length is not None:
                            progress.show(event.audio_seconds, self._length)
                        return event
            raise AssertionError("a narration ends with a result or an error")
        except Cancelled:
            self._raise_if_ended()
            raise
        finally:
            signal.signal(signal.SIGINT, before)
            progress.close()

    def _interrupt(self, *_: object) -> None:
        """Python would raise KeyboardInterrupt wherever the main thread is. In the middle of an
        encoder's callback it would be lost, or leave a file that is not valid."""
        signal.signal(signal.SIGINT, signal.default_int_handler)  # for whoever cannot wait
        self._end(KeyboardInterrupt())

    def _end(self, reason: BaseException) -> None:
        """Have the main thread raise this as soon as it has written what it is at."""
        self._ended_by = reason
        self._narration.cancel()

    def _raise_if_ended(self) -> None:
        if self._ended_by is not None:
            raise self._ended_by from None

    def _position(self, sentence: int, seconds: float) -> int:
        """Where in the text the audio is: somewhere in this sentence."""
        marks = self._results.marks
        if sentence >= len(marks):
            return marks[-1].end if marks else 0
        mark = marks[sentence]
        spoken = (seconds - mark.start_seconds) * _CHARACTERS_PER_SECOND
        return min(mark.start + max(int(spoken), 0), mark.end)

    def _read(self) -> None:
        """Hand on the text of stdin; on a thread of its own, since reading blocks."""
        try:
            for text in source.typed():
                self._results.text.append(text)
                self._narration.append(text)
        except terminal.Failure as error:
            self._end(error)
            return
        self._narration.append("", last=True)
