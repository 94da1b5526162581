"""One narration: passage after passage into the engine, one stream of audio out.

It is linear code that waits in one place (`_next_event`): what a narration is at is where its
generator stands. What comes out goes to the one who iterates, before each wait.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Generator
from typing import TypeVar

from msgspec.structs import replace

from sidecar.engine.engine import Engine
from sidecar.engine.events import AudioChunk, Done, Failed, LoadResult, SpeechResult
from sidecar.engine.request import LoadJob, LoadOptions, SpeechJob, Stream
from sidecar.errors import EmptyText, SidecarError, TextTimeout, too_long
from sidecar.limits import MAX_TEXT_CHARS
from sidecar.models.base import ModelInfo, Spoken
from sidecar.synthesis.inbox import Inbox, Written
from sidecar.synthesis.output import Tape
from sidecar.synthesis.request import NarrationEvent, NarrationRequest, Output
from sidecar.synthesis.results import Told
from sidecar.synthesis.segments import Break, Dictation, Fragment, Passage, Script
from sidecar.text.silence import is_silent

# The first chunk of a passage that follows another without a wait.
_LATER_FRAMES = 4

T = TypeVar("T")
# A step that yields what comes out meanwhile, and returns its result.
Step = Generator[Output, None, T]


class Narrator:
    """The state of one narration; everything on the thread of the one who iterates."""

    def __init__(
        self,
        engine: Engine,
        request: NarrationRequest,
        inbox: Inbox,
        since: float,
        begun: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._request = request
        self._inbox = inbox
        self._begun = begun
        self._stream = Stream(since)
        given = request.speech.seed
        self._seed = random.getrandbits(32) if given is None else given
        self._tape = Tape(request)
        self._early: deque[Written] = deque()
        self._open = request.live
        self._length = 0
        self._job: SpeechJob | LoadJob | None = None
        self._held = False
        self._text = ""
        self._spoken: Spoken | None = None
        self._told = Told(_tempo(request))
        self._unspeakable: EmptyText | None = None

    def events(self) -> Generator[NarrationEvent, None, None]:
        """Speak it all; the last event is the result.

        Raises:
            EmptyText, TextTimeout, TextTooLong, Cancelled, and what the engine answers.
        """
        try:
            yield from self._speak()
            if not self._told.passages:
                raise self._unspeakable or EmptyText(
                    "Nothing in the text can be spoken.", field="text"
                )
            result = self._told.result(self._tape, self._seed, self._stream.since)
        except SidecarError:
            yield from self._tape.take_output()  # what came before the error
            raise
        finally:
            self._leave()
        yield from self._tape.take_output()
        yield result

    def _speak(self) -> Step[None]:
        info = (yield from self._info()) if self._request.live else None
        if info is not None and self._is_dictated(info):
            yield from self._dictate(info)
        else:
            yield from self._read_out()

    # --- whole passages ---------------------------------------------------------------------

    def _read_out(self) -> Step[None]:
        request = self._request
        script = Script(request.language, request.split, request.normalize)
        self._write(script, Written(self._request.text, last=not self._open))
        while self._frames_left and (passage := (yield from self._next(script))):
            self._tape.place(passage)
            if passage.text:
                self._submit(passage.text, more_follows=script.has_next)
                if result := (yield from self._hear_out(script)):
                    self._finish(passage.break_after, result)

    def _next(self, script: Script) -> Step[Passage | None]:
        """The next passage, waited for; None at the end of the text."""
        while True:
            passage = script.next()
            if passage is not None or script.is_over:
                return passage
            self._tape.mark_silent()
            self._release()
            self._write(script, (yield from self._next_event(self._request.text_timeout)))

    def _hear_out(self, script: Script) -> Step[SpeechResult | None]:
        """None if the model cannot speak any of it."""
        try:
            while not isinstance(event := (yield from self._next_event(None)), SpeechResult):
                self._write(script, event)
        except EmptyText as error:
            self._skip(error)
            self._told.skip(self._text)
            return None
        return event

    # --- token by token ---------------------------------------------------------------------

    def _is_dictated(self, info: ModelInfo) -> bool:
        """With a recording and its transcript, the prompt needs a passage's whole text."""
        default = "stream" if info.variant == "base" else "full"
        mode = self._request.speech.utterance.text_mode or default
        return mode == "stream" and not self._request.transcribed

    def _dictate(self, info: ModelInfo) -> Step[None]:
        dictation = Dictation(self._request.language, self._request.normalize)
        self._write(dictation, Written(self._request.text, last=not self._open))
        begun = Fragment("")
        while self._frames_left and (fragment := (yield from self._first_words(dictation, begun))):
            passage, result, begun = fragment.passage, None, Fragment("")
            if fragment.text:
                self._submit(fragment.text, more_text=passage is None, dictated=True)
                passage, result = yield from self._follow(dictation, passage)
            if result is not None:
                self._tape.place(passage or dictation.cut(), behind=True)
                self._finish(passage.break_after if passage else "clause", result, passage is None)
                # What follows it is laid out behind its codes, and that takes whole passages.
                dictation.gather = info.variant != "custom_voice"
            elif fragment.text and (passage is None or self._text != fragment.text):
                begun = Fragment(self._text, passage)  # what the model cannot begin with
            elif passage is not None:
                self._told.skip(fragment.text)
                self._tape.place(passage)

    def _first_words(self, dictation: Dictation, begun: Fragment) -> Step[Fragment | None]:
        """The next passage's beginning, or all of one that says nothing; None at the end.

        Marks alone are no beginning: a model that is given only those runs away.

        Args:
            begun: what there was of the passage before.
        """
        if begun.passage is not None:
            return begun
        text = begun.text
        while not dictation.is_over:
            fragment = dictation.take()
            if fragment is None:
                self._tape.mark_silent()
                event = yield from self._next_event(self._request.text_timeout)
                self._write(dictation, event)
                continue
            text += fragment.text
            if not is_silent(text):
                return Fragment(text, fragment.passage)
            if fragment.passage is not None:
                return Fragment("", fragment.passage)
        return None

    def _follow(
        self, dictation: Dictation, passage: Passage | None
    ) -> Step[tuple[Passage | None, SpeechResult | None]]:
        """Feeds the rest of the passage to the running row, and hears that to its end.

        Returns:
            The passage, or None if the end came before its own; and None if the model could not
            speak what it got.
        """
        assert isinstance(self._job, SpeechJob)
        while True:
            if passage is None and (fragment := dictation.take()):
                passage = fragment.passage
                self._text += fragment.text
                self._engine.append_text(self._job, fragment.text, passage is not None)
                continue
            try:
                timeout = self._request.text_timeout if passage is None else None
                event = yield from self._next_event(timeout)
            except EmptyText as error:
                self._skip(error)
                return passage, None
            if isinstance(event, SpeechResult):
                return passage, event
            self._write(dictation, event)

    def _skip(self, error: EmptyText) -> None:
        """Go on without a passage; raise what would be wrong with all of them."""
        if error.field != "text":
            raise error
        self._unspeakable = error

    # --- the engine -------------------------------------------------------------------------

    def _info(self) -> Step[ModelInfo]:
        """What kind of model it is; that decides how it takes its text."""
        self._inbox.expect()
        model = self._request.speech.model
        self._job = self._engine.load(model, LoadOptions(), self._inbox.events)
        self._begun()
        while not isinstance(event := (yield from self._next_event(None)), LoadResult):
            if isinstance(event, Written):
                self._early.append(event)
        return event.info

    def _submit(
        self,
        text: str,
        *,
        more_follows: bool = False,
        more_text: bool = False,
        dictated: bool = False,
    ) -> None:
        speech = self._request.speech
        request = replace(
            speech,
            utterance=replace(
                speech.utterance, text=text, more_text=more_text, follows=self._spoken
            ),
            seed=self._seed + self._told.passages,
            first_frames=self._first_frames,
            frames_left=self._frames_left,
            more_follows=more_follows,
        )
        self._text = text
        self._tape.begin(placed=not dictated)
        self._held = self._held or more_follows
        self._inbox.expect()
        later = self._told.passages > 0
        self._job = self._engine.submit(request, self._stream, self._inbox.events, admitted=later)
        self._begun()

    def _finish(self, break_after: Break, result: SpeechResult, cut: bool = False) -> None:
        """
        Args:
            cut: not all of the passage's text was told.
        """
        self._told.add(result, self._tape.sentence, self._request.max_frames, self._text)
        self._tape.end(break_after, result.sample_rate)
        self._stream.first_audio = self._tape.first_audio or None
        self._stream.seconds += result.audio_seconds
        ended = result.finish_reason == "stop" and not cut
        if self._spoken is None and ended and self._tape.codes:
            self._spoken = Spoken(self._text, self._tape.take_codes())

    def _release(self) -> None:
        """Gives up the place that may be held for the next passage."""
        if self._held:
            self._engine.release(self._stream)
            self._held = False

    def _leave(self) -> None:
        """Whoever hears of the end may rely on it: the engine is done with us."""
        if self._job is not None:
            self._engine.cancel(self._job)
        self._inbox.drain()
        self._release()

    def _next_event(self, timeout: float | None) -> Step[Written | SpeechResult | LoadResult]:
        """What is neither audio, which goes on the tape, nor an error, which is raised.

        Raises:
            TextTimeout: nothing has come for `timeout` seconds.
            SidecarError: of the engine, or Cancelled.
        """
        if self._early and not isinstance(self._job, LoadJob):
            return self._early.popleft()
        while True:
            yield from self._tape.take_output()
            event, job = self._inbox.next(timeout), self._job
            if event is None and isinstance(job, SpeechJob) and job.starved_since is None:
                continue  # it still has text, and waits for the engine
            match event:
                case None:
                    raise TextTimeout(
                        f"No more text has come for {timeout:g} s.",
                        hint="End the text with speech/endText, or set `textTimeoutMs`.",
                        field="text",
                    )
                case AudioChunk():
                    self._tape.add(event, keep_codes=self._spoken is None)
                case Written():
                    return event
                case Failed(error):
                    self._job = None
                    raise error
                case Done(result):
                    self._job = None
                    assert isinstance(result, SpeechResult | LoadResult)
                    return result

    def _write(self, text: Script | Dictation, event: Written | SpeechResult | LoadResult) -> None:
        """More text, of a narration that is open for it.

        Raises:
            TextTooLong
        """
        if not isinstance(event, Written) or not (self._open or event.last):
            return
        self._length += len(event.text)
        if self._length > MAX_TEXT_CHARS:
            raise too_long("text", self._length, limit=MAX_TEXT_CHARS)
        text.feed(event.text)
        if event.last:
            self._open = False
            text.end()

    @property
    def _first_frames(self) -> int:
        """Who hears a whole text has enough to go on with, and needs no small chunks again."""
        asked = self._request.speech
        if self._request.live or not self._told.passages:
            return asked.first_frames
        return max(asked.first_frames, min(_LATER_FRAMES, asked.chunk_frames))

    @property
    def _frames_left(self) -> int:
        return self._request.max_frames - self._told.frames


def _tempo(request: NarrationRequest) -> float | None:
    """Letters a second of the recording that the voice continues, if it does."""
    voice = request.speech.utterance.reference
    return voice.tempo if voice is not None else None
