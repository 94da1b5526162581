"""The engine's jobs for one synthesis, one after another, and what comes out of them."""

from __future__ import annotations

import random
import time
from collections.abc import Generator, Iterable
from typing import TypeVar

from msgspec.structs import replace

from sidecar.engine.engine import Engine
from sidecar.engine.events import (
    Alignment,
    AudioChunk,
    Done,
    Failed,
    LoadResult,
    SpeechResult,
    WaitingForText,
)
from sidecar.engine.request import (
    AlignJob,
    Excerpt,
    LoadJob,
    LoadOptions,
    SpeechJob,
    Stream,
)
from sidecar.errors import EmptyText, Notice, TextTimeout
from sidecar.models.base import ModelInfo, Spoken, WordTimes
from sidecar.synthesis.heard import Timeline
from sidecar.synthesis.inbox import Inbox, TextArrived
from sidecar.synthesis.output import OutputStream
from sidecar.synthesis.request import Output, SynthesisRequest, SynthesisResult
from sidecar.synthesis.results import SegmentResults
from sidecar.synthesis.segments import Break, SegmentSource
from sidecar.synthesis.speakers import Turns, name_fields
from sidecar.synthesis.text_feed import TextFeed
from sidecar.synthesis.token_source import TokenSource
from sidecar.text.directives import Direction

# The first chunk of a segment that follows another one without a wait has this many frames.
_LATER_FRAMES = 4

T = TypeVar("T")
# A step of a synthesis: it yields the output that is ready before each wait, and returns a T.
Step = Generator[Output, None, T]


class SpeechJobs:
    """Submits the segments of one synthesis, and waits for what the engine answers.

    All methods are called on the thread that iterates over the synthesis.

    Attributes:
        output: what has been spoken.
        results: of the segments that have ended.
        text: what the current segment's job has received.
        known_times: of the current segment's words, if the family knows them.
        unspeakable: the error of the last segment that the model could not speak.
    """

    def __init__(
        self,
        engine: Engine,
        request: SynthesisRequest,
        feed: TextFeed,
        inbox: Inbox,
        stream: Stream,
        timeline: Timeline,
    ) -> None:
        self._engine = engine
        self._request = request
        self._feed = feed
        self._inbox = inbox
        self._stream = stream
        seed = request.speech.seed
        self._seed = random.getrandbits(32) if seed is None else seed
        self._job: SpeechJob | LoadJob | AlignJob | None = None
        self._appended = 0  # how often text was appended to the job
        self._is_job_waiting = False  # for text
        self._audio_seconds = 0.0  # of the segments that have ended
        self._has_place = False  # the engine may hold a place for the next segment
        self._turns = Turns(request)
        self.output = OutputStream(request, timeline)
        self.results = SegmentResults()
        self.text = ""
        self.known_times: list[WordTimes] = []
        self.unspeakable: EmptyText | None = None

    @property
    def times_words(self) -> bool:
        return self._request.times_words

    @property
    def aligner(self) -> str | None:
        return self._request.aligner

    @property
    def frames_left(self) -> int:
        return self._request.max_frames - self.results.frames

    def fill(self, source: SegmentSource | TokenSource) -> None:
        """Move the text that has arrived from the feed to a source."""
        (first, *others), is_last = self._feed.take()
        source.feed(first)
        for text in others:
            source.flush()
            source.feed(text)
        if is_last:
            source.end()

    def direct(self, direction: Direction) -> None:
        """Do what the text asks for before the next segment, which may be silent.

        Raises:
            UnknownSpeaker: the text names somebody who is not among the request's speakers.
        """
        self._turns.give(direction.speaker)
        self.output.speaker = self._turns.name
        self.output.direct(direction)
        self._inbox.change_speed(self.output.speed)

    def hold(self, models: Iterable[str]) -> None:
        """Keep models in memory until the end, from when they are there."""
        for model in models:
            self._engine.hold_model(model, self._stream)

    def load(self, model: str) -> Step[ModelInfo]:
        """Load a model, and return what decides how it takes its text.

        A model in memory needs no answer of the engine, which may be in the middle of a frame. If
        it is unloaded meanwhile, the first segment loads it again.
        """
        if (known := self._engine.find_info(model)) is not None:
            return known
        self._inbox.expect_outcome()
        self._job = self._engine.load(model, LoadOptions(is_awaited=True), self._inbox.events)
        while not isinstance(event := (yield from self.wait()), LoadResult):
            pass
        return event.info

    def submit(
        self,
        text: str,
        *,
        more_follows: bool = False,
        more_text: bool = False,
        is_placed: bool = True,
    ) -> None:
        """Start to speak a segment.

        Args:
            text: all of the segment, or its beginning.
            more_follows: the next segment will be submitted when this one has ended.
            more_text: the rest of the segment will be passed to `append_text`.
            is_placed: the segment's place in the text is known, and `output` has it.
        """
        speech, count = self._turns.speech, self.results.count
        request = replace(
            speech,
            utterance=replace(
                speech.utterance,
                text=text,
                more_text=more_text,
                follows=self._turns.first_said,
            ),
            seed=self._seed + count,
            first_frames=self._first_frames,
            frames_left=self.frames_left,
            more_follows=more_follows,
            heard_since=self.output.first_audio,
            audio_before=self._audio_seconds,
        )
        self.text, self.known_times = text, []
        self._appended, self._is_job_waiting = 0, False
        self._has_place = self._has_place or more_follows
        self.output.begin(is_placed=is_placed)
        self._inbox.expect_outcome()
        self._job = self._engine.submit(
            request, self._stream, self._inbox.events, admitted=count > 0
        )

    def append_text(self, text: str, is_last: bool) -> None:
        """Add to the text of the running job."""
        assert isinstance(self._job, SpeechJob)
        self.text += text
        self._appended += 1
        self._is_job_waiting = False
        self._engine.append_text(self._job, text, is_last)

    def align(self, aligner: str, excerpt: Excerpt) -> Step[Alignment]:
        """Find out when words were spoken.

        Raises:
            SidecarError: the aligner's error, or that by which the synthesis was stopped.
        """
        self._is_job_waiting = False
        self._inbox.expect_outcome()
        self._job = self._engine.align(aligner, excerpt, self._inbox.events)
        while not isinstance(event := (yield from self.wait()), Alignment):
            pass
        return event

    def check(self) -> None:
        """Raise the error that the synthesis was stopped with, if it was."""
        self._inbox.check()

    def wait(self) -> Step[TextArrived | SpeechResult | LoadResult | Alignment]:
        """Wait for more text or for the end of the job; put audio that comes into the output.

        Raises:
            TextTimeout: there was no text to speak for as long as the request allows.
            SidecarError: the job's error, Cancelled, or TextTooLong.
        """
        while True:
            yield from self.output.take()
            is_text_needed = self._job is None or self._is_job_waiting
            since = self._inbox.starved_since
            self._inbox.starved_since = (since or time.monotonic()) if is_text_needed else None
            match self._inbox.next(self._request.text_timeout if is_text_needed else None):
                case None:
                    raise TextTimeout(
                        f"No more text has come for {self._request.text_timeout:g} s.",
                        hint="End the text with speech/endText, or set `textTimeoutMs`.",
                        field="text",
                    )
                case WaitingForText(appended):  # unless more has been appended since
                    self._is_job_waiting = appended == self._appended
                case AudioChunk() as chunk:
                    self.output.add(chunk, keep_codes=self._turns.first_said is None)
                case WordTimes() as times:
                    self.known_times.append(times)
                case TextArrived() as event:
                    self._inbox.starved_since = None
                    return event
                case Failed(error):
                    self._job = None
                    with name_fields(self._turns.speaker):
                        raise error
                case Done(result):
                    self._job = None
                    assert isinstance(result, SpeechResult | LoadResult | Alignment)
                    return result

    def finish(self, break_after: Break, result: SpeechResult, *, is_cut: bool = False) -> None:
        """Enter a segment that has ended.

        Args:
            is_cut: the speech ended before the job had all of the segment's text.
        """
        voice = self._turns.speech.utterance.reference
        tempo = None if voice is None else voice.tempo
        self.results.add(result, self.output.sentence, self._request.max_frames, self.text, tempo)
        self.output.end(break_after, result.figures.sample_rate)
        self._audio_seconds += result.figures.audio_seconds
        is_whole = result.figures.finish_reason == "stop" and not is_cut
        if self._turns.first_said is None and is_whole and self.output.codes:
            self._turns.first_said = Spoken(self.text, self.output.take_codes())

    def skip(self, error: EmptyText) -> None:
        """Go on after a segment that the model cannot speak.

        Raises:
            EmptyText: the error is not about the text, so all segments would have it.
        """
        if error.field != "text":
            raise error
        self.unspeakable = error

    def result(self, notices: tuple[Notice, ...]) -> SynthesisResult:
        """Complete the output, and return the result of all segments.

        Args:
            notices: about the text.
        """
        return self.results.result(self.output, self._stream.since, notices)

    def release(self) -> None:
        """Give up the place that the engine may hold for the next segment."""
        if self._has_place:
            self._engine.release(self._stream)
            self._has_place = False

    def close(self, patience: float | None = None) -> None:
        """Cancel what runs, and return when the engine has ended it, or after so many seconds."""
        if self._job is not None:
            self._engine.cancel(self._job)
        self._inbox.drain(patience)
        self.release()

    @property
    def _first_frames(self) -> int:
        """A listener who hears a whole text has audio to play, and needs no small chunk again."""
        speech = self._request.speech
        if self._feed.is_live or not self.results.count:
            return speech.first_frames
        return max(speech.first_frames, min(_LATER_FRAMES, speech.chunk_frames))
