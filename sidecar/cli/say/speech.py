"""One run of `say`: the main thread iterates over a synthesis, and writes what comes out."""

from __future__ import annotations

import argparse
import threading

from sidecar.cli import terminal
from sidecar.cli.fetching import fetch
from sidecar.cli.say import loudspeaker, source
from sidecar.cli.say.progress import Progress
from sidecar.cli.say.request import check, request
from sidecar.cli.say.results import Results
from sidecar.cli.terminal import Failure
from sidecar.engine.engine import Engine
from sidecar.errors import Cancelled, UnknownSpeaker, UnknownVoice
from sidecar.synthesis.request import Mark, Part, SynthesisRequest, SynthesisResult, Words
from sidecar.synthesis.synthesis import Synthesis
from sidecar.synthesis.text_feed import TextFeed
from sidecar.voices.store import VoiceStore
from sidecar.wording import closest

# After Ctrl-C the command ends within a second, also where the engine is busy for longer.
_STOP_SECONDS = 0.3


def say(options: argparse.Namespace) -> int:
    """Run the command; return the exit code.

    Raises:
        Failure, SidecarError, Interrupted
    """
    if options.list_devices:
        for number, name, is_default in loudspeaker.devices():
            print(f"{number:>3}  {name}{' (default)' if is_default else ''}")
        return 0
    check(options)
    is_live = source.is_live(options)
    with terminal.reserve_stdout() as stdout:
        _say(options, stdout, is_live)
    return 0


def _say(options: argparse.Namespace, stdout: int, is_live: bool) -> None:
    if options.play:
        loudspeaker.check(options.device)
    text = None if is_live else source.read_text(options)
    asked = request(options)
    for lexicon in asked.lexicons:
        if lexicon.notice:
            terminal.warning(lexicon.notice)
    with Results(options, stdout, text) as results:
        try:
            result = _Speech(options, asked, text, results).run()
        except UnknownVoice as error:
            raise _with_saved_voice(error, options) from None
        except UnknownSpeaker as error:
            raise _with_place(error, options, "".join(results.text)) from None
        _report(options, result, results)


def _with_place(error: UnknownSpeaker, options: argparse.Namespace, text: str) -> Failure:
    """Return the error with the file, the line and the column of the name."""
    before = text[: error.figures.text_offset]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    file = options.file or options.script
    where = "" if file in (None, "-") else f"{file}, "
    return Failure(
        f"{where}line {line}, column {column}: {error.message}",
        "Add --speaker NAME=VOICE for it; stage directions in brackets are left out with "
        "--skip-directions.",
    )


def _with_saved_voice(error: UnknownVoice, options: argparse.Namespace) -> UnknownVoice:
    """Return the error with the saved voice that was probably meant: the engine knows none."""
    of = {f"speakers.{one.name}.voice": one for one in options.speaker}
    speaker = of.get(error.field or "")
    voice = options.voice if speaker is None else speaker.voice
    near = closest(voice or "", VoiceStore(options.voices_dir).names())
    hints = [f"Did you mean the saved voice {near!r}?"] if near else []
    hints.append(error.hint or "To see all voices: qwen-tts-sidecar voices list")
    whose = f"--speaker {speaker.name}: " if speaker else ""
    return UnknownVoice(whose + error.message, hint=" ".join(hints), field=error.field)


def _report(options: argparse.Namespace, result: SynthesisResult, results: Results) -> None:
    for notice in result.notices:
        terminal.warning(notice.message)
    if not options.quiet:
        figures = result.figures
        terminal.note(
            f"{figures.audio_seconds:.2f} s of audio · first audio after "
            f"{figures.first_audio_seconds * 1000:.0f} ms (loading included) · "
            f"real-time factor {figures.real_time_factor:.2f} · seed {figures.seed}"
            + (f" → {results.names}" if results.names else "")
        )


class _Speech:
    """A text on its way into the results.

    Args:
        text: None if it comes from stdin.
    """

    def __init__(
        self,
        options: argparse.Namespace,
        request: SynthesisRequest,
        text: str | None,
        results: Results,
    ) -> None:
        self._options = options
        self._request = request
        self._results = results
        self._engine = Engine()
        self._length = None if text is None else len(text)
        feed = TextFeed(text or "", is_live=text is None)
        self._synthesis = Synthesis(self._engine, feed, lambda _: request, patience=_STOP_SECONDS)
        self._ended_by: BaseException | None = None  # why the synthesis was cancelled

    def run(self) -> SynthesisResult:
        """Speak to the end, and complete the results.

        Raises:
            SidecarError, Failure
        """
        speeches = (self._request.speech, *(s.speech for s in self._request.speakers.values()))
        models = list(dict.fromkeys(speech.model for speech in speeches))
        for model in models:
            fetch(model, yes=self._options.yes, quiet=self._options.quiet)
        if not self._options.quiet:
            terminal.note(f"loading {', '.join(models)} …")
        self._engine.start()
        try:
            if self._length is None:
                threading.Thread(target=self._read, daemon=True).start()
            with terminal.call_on_interrupt(self._interrupt):
                result = self._write()
                self._results.finish(result)
            return result
        finally:
            self._engine.stop(_STOP_SECONDS)

    def _write(self) -> SynthesisResult:
        results = self._results
        progress = Progress(self._length, quiet=self._options.quiet)
        try:
            for event in self._synthesis:
                self._raise_if_ended()
                match event:
                    case Mark():
                        results.marks.append(event)
                    case Part():
                        seconds = results.write(event.data, event.sample_rate)
                        progress.show(seconds, results.marks[event.sentence : event.sentence + 1])
                    case Words():
                        results.words.append(event)
                    case SynthesisResult():
                        progress.finish(event.figures.audio_seconds)
                        return event
            raise AssertionError("a synthesis ends with a result or an error")
        except Cancelled:
            self._raise_if_ended()
            raise
        finally:
            progress.close()

    def _interrupt(self) -> None:
        self._results.hurry()
        self._end(KeyboardInterrupt())

    def _end(self, reason: BaseException) -> None:
        """Have the main thread raise this as soon as it has written the current chunk."""
        self._ended_by = reason
        self._synthesis.cancel()

    def _raise_if_ended(self) -> None:
        if self._ended_by is not None:
            raise self._ended_by from None

    def _read(self) -> None:
        """Pass on the text of stdin; on a thread of its own, since reading blocks."""
        try:
            for text in source.read_stdin():
                self._results.text.append(text)
                self._synthesis.append_text(text)
        except terminal.Failure as error:
            self._end(error)
            return
        self._synthesis.append_text("", is_last=True)
