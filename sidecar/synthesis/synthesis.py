"""One text on its way to speech: what other threads may do to it, and its events, in order."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

from sidecar.audio import formats
from sidecar.engine.engine import Engine
from sidecar.engine.request import Stream
from sidecar.engine.window import Window
from sidecar.errors import (
    Cancelled,
    EmptyText,
    HeardSpeech,
    Notice,
    SidecarError,
    TextTooLong,
    gave_way,
)
from sidecar.lexicon.reader import LexiconReader
from sidecar.limits import STARVED_SECONDS, UNGRANTED_SECONDS
from sidecar.models.base import ModelInfo
from sidecar.ssml.reader import SsmlReader
from sidecar.synthesis.heard import Timeline
from sidecar.synthesis.inbox import Inbox
from sidecar.synthesis.jobs import SpeechJobs, Step
from sidecar.synthesis.loading import load_models
from sidecar.synthesis.request import Part, SynthesisEvent, SynthesisRequest
from sidecar.synthesis.segments import SegmentSource
from sidecar.synthesis.sentence_mode import speak_sentences
from sidecar.synthesis.speakers import check_speakers
from sidecar.synthesis.text_feed import TextFeed
from sidecar.synthesis.token_mode import speak_tokens
from sidecar.synthesis.token_source import TokenSource
from sidecar.text.markup import Markup
from sidecar.text.runs import Reader
from sidecar.text.speakable import warm_up

# How much audio the engine may be ahead of the encoder.
_AHEAD_SECONDS = 15.0


class Synthesis:
    """The speech of one text. Iterate over it, once, on any one thread, for its events.

    The other methods may be called from any thread. Nothing is generated ahead of a reader that
    does not iterate.

    Args:
        text: the text, whole or still being written.
        prepare: makes the request, on the thread that iterates; it may read files. It is called
            with a function that raises Cancelled after a cancel, to be called during long work.
        is_open: returns whether the reader takes more audio; False pauses generation until
            `Engine.wake`. The engine thread calls it, too.
        stream: when the request came, and what the engine keeps for it; None begins now.
        credit: seconds of audio that the listener takes before it grants more.
        patience: how many seconds to wait for the engine to end what was cancelled; None waits.
    """

    def __init__(
        self,
        engine: Engine,
        text: TextFeed,
        prepare: Callable[[Callable[[], None]], SynthesisRequest],
        is_open: Callable[[], bool] = lambda: True,
        stream: Stream | None = None,
        credit: float = math.inf,
        patience: float | None = None,
    ) -> None:
        self._engine = engine
        self._text = text
        self._prepare = prepare
        self._stream = Stream(time.perf_counter()) if stream is None else stream
        self._window = Window(_AHEAD_SECONDS, credit, engine.wake)
        self._inbox = Inbox(self._window, is_open)
        self._patience = patience
        self._timeline = Timeline()
        self._request: SynthesisRequest | None = None

    def append_text(self, text: str, is_last: bool = False) -> None:
        """Add to a text that is still being written; a text that has ended ignores it.

        The synthesis ends with TextTooLong if the text exceeds its limit by this.
        """
        try:
            self._text.write(text)
        except TextTooLong as error:
            self._inbox.stop(error)
            return
        if is_last:
            self._text.end()
        self._inbox.announce_text()

    def flush(self) -> None:
        """Speak what there is of a text that is still being written."""
        self._text.flush()
        self._inbox.announce_text()

    def grant(self, seconds: float) -> None:
        """Add to the audio that the listener takes."""
        self._window.grant(seconds)

    def pause(self) -> None:
        """Generate no more until `resume`. A paused synthesis does not wait for text in vain."""
        self._window.pause()

    def resume(self) -> None:
        """Go on after `pause`."""
        self._window.resume()

    def cancel(self) -> None:
        """End the synthesis with `Cancelled`; do nothing if it has ended."""
        self._inbox.stop(Cancelled("The request was cancelled."))

    def find_heard(self, played: float | None) -> HeardSpeech | None:
        """Return how far the listener has come; None if there is no audio. For the same thread.

        Args:
            played: seconds of audio that were played; None is all that was handed out.
        """
        return self._timeline.find(self._text.whole, played)

    @property
    def starves_at(self) -> float:
        """From when on another one may take its place, by time.monotonic; infinite for never.

        It then has waited for its client too long: for `resume`, for text, or for credit.
        """
        if (paused := self._window.paused_since) is not None:
            return paused + UNGRANTED_SECONDS
        if (starved := self._inbox.starved_since) is not None:
            return starved + STARVED_SECONDS
        dry = self._window.dry_since
        return math.inf if dry is None else dry + UNGRANTED_SECONDS

    def give_way(self) -> None:
        """End the synthesis, since another one needs its place."""
        starved = self._window.paused_since is None and self._inbox.starved_since is not None
        self._inbox.stop(gave_way("text" if starved else self._window.waits_for))

    def __iter__(self) -> Iterator[SynthesisEvent]:
        """Yield sentences and audio in order, and the result as the last event.

        A sentence comes before its audio; if its text is given to the model token by token, it
        comes when its end is known.

        Raises:
            EmptyText, TextTooLong, TextTimeout, Cancelled, and what `prepare` and the engine raise.
        """
        try:
            request = self._request = self._prepare(self._inbox.check)
            for event in self._events(request):
                if isinstance(event, Part):
                    self._window.send(event.samples / event.sample_rate)
                yield event
        finally:
            self._engine.release(self._stream)  # if it ended before its first job

    def warm(self) -> None:
        """Load what the next text may need: the first figure in a text takes a second, once."""
        if self._request is not None and self._request.normalize is not False:
            warm_up(self._request.language)

    def _events(self, request: SynthesisRequest) -> Iterator[SynthesisEvent]:
        jobs = SpeechJobs(
            self._engine, request, self._text, self._inbox, self._stream, self._timeline
        )
        try:
            notices = yield from self._speak(request, jobs)
            if not jobs.results.count:
                raise jobs.unspeakable or EmptyText(
                    "Nothing in the text can be spoken.", field="text"
                )
            result = jobs.result(notices)
        except SidecarError:
            yield from jobs.output.take()  # what came before the error
            raise
        finally:
            jobs.close(self._patience)
        yield from jobs.output.take()
        yield result

    def _speak(self, request: SynthesisRequest, jobs: SpeechJobs) -> Step[tuple[Notice, ...]]:
        """Speak the whole text, and return what was noticed in it."""
        self._check(request, None)
        depends = self._text.is_live or request.normalize is None or request.is_ssml
        depends = depends or bool(request.speakers)
        infos = (yield from load_models(jobs, request)) if depends else []
        info = infos[0] if infos else None
        if request.speakers:
            jobs.output.least_rate = max(one.sample_rate for one in infos)
        self._check(request, info)
        normalize = request.normalize is not False
        spell = request.normalize is True or any(not one.reads_figures for one in infos)
        reader = _make_reader(request, info)
        if info is not None and self._text.is_live and _takes_tokens(request, info):
            source = TokenSource(request.language, normalize, spell, request.skip, reader)
            yield from speak_tokens(jobs, source, gathers_later=info.continues_from_codes)
        else:
            languages = {
                name: one.language for name, one in request.speakers.items() if one.language
            }
            source = SegmentSource(
                request.language, request.split, normalize, spell, request.skip, reader, languages
            )
            yield from speak_sentences(jobs, source)
        return source.notices

    def _check(self, request: SynthesisRequest, info: ModelInfo | None) -> None:
        """Refuse a whole text now, and not when it has been spoken up to what is wrong in it.

        Raises:
            InvalidMarkup, Unsupported, UnknownSpeaker
        """
        if (request.is_ssml or request.speakers) and not self._text.is_live:
            reader = _make_reader(request, info)
            runs = [*reader.feed(self._text.peek()), *reader.finish()]
            check_speakers(request.speakers, runs)


def _make_reader(request: SynthesisRequest, info: ModelInfo | None) -> Reader:
    """Return what reads the text.

    Args:
        info: of the model; None if it is not known yet.
    """
    normalize = request.normalize is not False
    reader: Reader = Markup(normalize, request.skip, request.speakers)
    if request.is_ssml:
        reader = SsmlReader(
            normalize,
            takes_phonemes=info is None or "phonemes" in info.abilities,
            takes_rates=formats.can_stretch(),
            takes_speakers=bool(request.speakers),
            language=request.language,
        )
    if not request.lexicons:
        return reader
    return LexiconReader(reader, request.lexicons, request.language)


def _takes_tokens(request: SynthesisRequest, info: ModelInfo) -> bool:
    """Return whether a text that is still being written goes to the model token by token."""
    mode = request.speech.utterance.text_mode or info.default_text_mode
    # The models of several speakers may take their text in different ways.
    return mode == "stream" and not request.whole_sentences and not request.speakers
