"""One run of `say`: the narration's listener, and the main thread that writes what it hears."""

from __future__ import annotations

import argparse
import queue
import signal
import threading

from sidecar import terminal
from sidecar.engine.engine import Engine
from sidecar.fetching import fetched
from sidecar.narration.request import Mark, NarrationRequest, NarrationResult, Part
from sidecar.narration.thread import Narration
from sidecar.outputs import Progress
from sidecar.say import source
from sidecar.say.results import Results

_STOP_SECONDS = 5.0
_BACKLOG = 64
_Event = Part | NarrationResult | Exception | KeyboardInterrupt
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
        self._events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
        self._paused = self._interrupted = False
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
        narration = Narration(self._engine, lambda _: self._request, self)
        self._engine.start()
        try:
            narration.start()
            if self._request.live:
                threading.Thread(target=self._read, args=(narration,), daemon=True).start()
            return self._play_out()
        finally:
            self._engine.stop(_STOP_SECONDS)

    def _play_out(self) -> NarrationResult:
        progress = Progress(self._length, quiet=self._options.quiet)
        before = signal.signal(signal.SIGINT, self._interrupt)
        try:
            while True:
                event = self._events.get()
                if self._interrupted:
                    raise KeyboardInterrupt
                if self._paused and self._events.qsize() < _BACKLOG // 2:
                    self._paused = False
                    self._engine.wake()
                if isinstance(event, NarrationResult):
                    if self._length is not None:
                        progress.show(event.audio_seconds, self._length)
                    return event
                if isinstance(event, BaseException):
                    raise event
                seconds = self._results.write(event.data, event.sample_rate)
                progress.show(seconds, self._position(event.sentence, seconds))
        finally:
            signal.signal(signal.SIGINT, before)
            progress.close()

    def _interrupt(self, *_: object) -> None:
        """Python would raise KeyboardInterrupt wherever the main thread is. In the middle of an
        encoder's callback it would be lost, or leave a file that is not valid."""
        signal.signal(signal.SIGINT, signal.default_int_handler)  # for whoever cannot wait
        self._interrupted = True
        self._events.put(KeyboardInterrupt())

    def _position(self, sentence: int, seconds: float) -> int:
        """Where in the text the audio is: somewhere in this sentence."""
        marks = self._results.marks
        if sentence >= len(marks):
            return marks[-1].end if marks else 0
        mark = marks[sentence]
        spoken = (seconds - mark.start_seconds) * _CHARACTERS_PER_SECOND
        return min(mark.start + max(int(spoken), 0), mark.end)

    def _read(self, narration: Narration) -> None:
        try:
            for text in source.typed():
                self._results.text.append(text)
                narration.append(text)
        except terminal.Failure as error:
            self._events.put(error)
            return
        narration.append("", last=True)

    # The narration's listener, on its thread.

    def ready(self) -> bool:
        """What is played takes as long as it lasts; a book must not gather here meanwhile."""
        self._paused = self._events.qsize() >= _BACKLOG
        return not self._paused

    def mark(self, mark: Mark) -> None:
        """Keep it for the captions."""
        self._results.marks.append(mark)

    def audio(self, part: Part) -> None:
        """Hand it to the main thread."""
        self._events.put(part)

    def failed(self, error: Exception) -> None:
        """Hand it to the main thread."""
        self._events.put(error)

    def done(self, result: NarrationResult) -> None:
        """Hand it to the main thread."""
        self._events.put(result)
