"""speech/synthesize, appendText, endText: a synthesis for each, and its audio as progress."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable

from msgspec.structs import replace

from sidecar.engine.request import Stream
from sidecar.errors import (
    Cancelled,
    Figures,
    Notice,
    SidecarError,
    TextTooLong,
    UnknownVoice,
)
from sidecar.limits import MAX_WHOLE_BYTES
from sidecar.rpc import speech_requests
from sidecar.rpc.calls import Call, Steered
from sidecar.rpc.contract.common import Token, Warning
from sidecar.rpc.contract.speech import (
    AppendTextParams,
    Encoding,
    GrantCreditParams,
    StreamParams,
    SynthesizeParams,
)
from sidecar.rpc.contract.speech_results import (
    AudioProgress,
    Metrics,
    SentenceProgress,
    SynthesizeResult,
)
from sidecar.rpc.contract.words import TimedWord, WordsProgress
from sidecar.rpc.session import Session
from sidecar.synthesis.request import (
    Mark,
    Part,
    SynthesisRequest,
    SynthesisResult,
    Word,
    Words,
)
from sidecar.synthesis.synthesis import Synthesis
from sidecar.voices.choice import ChosenVoice, choose

log = logging.getLogger(__name__)


def synthesize(session: Session, params: SynthesizeParams, call: Call[SynthesizeResult]) -> None:
    speech = _Speech(session, params, call)
    call.admit("speech", has_text=bool(params.text.strip()))
    if params.partial_result_token is not None:
        call.claim_token(params.partial_result_token, "partialResultToken")
        call.speech = speech.synthesis
    session.in_order(call, speech.begin)


class _Speech:
    """A speech/synthesize request, up to the beginning of its synthesis.

    It is made by the reader, which touches no file; `begin` runs in the ordered lane, and the rest
    on the thread of the synthesis.
    """

    def __init__(
        self, session: Session, params: SynthesizeParams, call: Call[SynthesizeResult]
    ) -> None:
        self._session = session
        self._params = params
        self._call = call
        self._stream = Stream(time.perf_counter())
        self._request = speech_requests.synthesis(params, session.lexicon)
        self._chosen: tuple[str, ChosenVoice | None] | None = None
        self._speakers: dict[str, tuple[str, ChosenVoice | None]] = {}
        self.synthesis = Synthesis(
            session.engine,
            speech_requests.text_feed(params),
            self._prepare,
            lambda: session.outbox.has_room,
            self._stream,
            math.inf if params.credit_ms is None else params.credit_ms / 1000,
        )
        speech_requests.check_reference(params.reference)

    def begin(self) -> None:
        """Choose the model and the saved voice, and go on where a recording may take its time."""
        session, params = self._session, self._params
        loaded = session.engine.loaded
        self._chosen = choose(
            session.voices, params.voice, params.model, session.default_model, loaded
        )
        default = self._chosen[0] if params.model else session.default_model
        for name, one in (params.speakers or {}).items():
            model = one.model or params.model
            self._speakers[name] = choose(session.voices, one.voice, model, default, loaded)
        self._call.begin(self._start)

    def _start(self) -> Callable[[], None]:
        assert self._chosen is not None
        engine, (model, _) = self._session.engine, self._chosen
        for one in {model, *(model for model, _ in self._speakers.values())}:
            engine.hold_model(one, self._stream)
        try:
            self._session.background.start(self._answer, self.synthesis.warm)
        except RuntimeError:  # there can be no thread
            engine.release(self._stream)
            raise
        return self.synthesis.cancel

    def _prepare(self, check: Callable[[], None]) -> SynthesisRequest:
        assert self._chosen is not None
        model, saved = self._chosen
        given, reader = self._params.reference, self._session.voices.reader
        recording = reader.read(speech_requests.reference(given), check) if given else None
        request = speech_requests.speak_with(self._request, model, recording or saved)
        speakers = {
            name.casefold(): speech_requests.speaker(
                request, name, (self._params.speakers or {})[name], model, saved
            )
            for name, (model, saved) in self._speakers.items()
        }
        return replace(request, aligner=self._session.aligner, speakers=speakers)

    def _answer(self) -> None:
        encoding = self._params.encoding or "pcm_s16le"
        _Answer(self._session, self._call, encoding).give(self.synthesis)


# Each of these does nothing if its speech has ended, as it may while the message is on its way.


def append_text(session: Session, params: AppendTextParams) -> None:
    if speech := _find(session, params.token):
        speech.append_text(params.text)


def end_text(session: Session, params: StreamParams) -> None:
    if speech := _find(session, params.token):
        speech.append_text("", is_last=True)


def flush(session: Session, params: StreamParams) -> None:
    if speech := _find(session, params.token):
        speech.flush()


def grant_credit(session: Session, params: GrantCreditParams) -> None:
    if speech := _find(session, params.token):
        speech.grant(params.ms / 1000)


def pause(session: Session, params: StreamParams) -> None:
    if speech := _find(session, params.token):
        speech.pause()


def resume(session: Session, params: StreamParams) -> None:
    if speech := _find(session, params.token):
        speech.resume()


def _find(session: Session, token: Token) -> Steered | None:
    call = session.calls.find_token(token)
    speech = None if call is None else call.speech
    if speech is None:
        log.debug("a message for the token %r, under which nothing is spoken", token)
    return speech


def warnings(notices: tuple[Notice, ...]) -> list[Warning] | None:
    return [Warning(type=notice.type, message=notice.message) for notice in notices] or None


class _Answer:
    """Sends the audio of a synthesis under the call's token, or keeps it for the result."""

    def __init__(self, session: Session, call: Call[SynthesizeResult], encoding: Encoding) -> None:
        self._voices = session.voices
        self._call = call
        self._encoding: Encoding = encoding
        self._streams = call.token is not None
        self._seq = 0
        self._kept: list[bytes] = []
        self._kept_bytes = 0

    def give(self, synthesis: Synthesis) -> None:
        """Report what comes out of a synthesis, to its end."""
        try:
            for event in synthesis:
                match event:
                    case Mark():
                        self._mark(event)
                    case Part():
                        self._audio(event)
                    case Words():
                        self._call.progress(_words_progress(event))
                    case SynthesisResult():
                        self._done(event)
        except Cancelled as error:
            heard = synthesis.find_heard(self._call.played) if self._streams else None
            self._call.fail(Cancelled(error.message, figures=Figures(heard=heard)))
        except UnknownVoice as error:
            self._call.fail(_with_saved_voices(error, self._voices.names()))
        except Exception as error:
            self._call.fail(error)

    def _mark(self, mark: Mark) -> None:
        self._call.progress(
            SentenceProgress(
                index=mark.index,
                text_start=mark.start,
                text_end=mark.end,
                start_ms=round(mark.start_seconds * 1000, 3),
                speaker=mark.speaker,
            )
        )

    def _audio(self, part: Part) -> None:
        if not self._streams:
            self._keep(part.data)
            return
        progress = AudioProgress(
            seq=self._seq,
            audio=part.data,
            samples=part.samples,
            frames=part.frames,
            sentence=part.sentence,
            sample_rate=None if self._seq else part.sample_rate,
        )
        self._seq += 1
        self._call.progress(progress, len(part.data))

    def _keep(self, data: bytes) -> None:
        self._kept.append(data)
        self._kept_bytes += len(data)
        if self._kept_bytes > MAX_WHOLE_BYTES:
            raise TextTooLong(
                f"The audio has more than {MAX_WHOLE_BYTES >> 20} MiB, too much for one message.",
                hint="Give a partialResultToken and take it in chunks.",
                field="text",
            )

    def _done(self, result: SynthesisResult) -> None:
        figures = result.figures
        audio = None if self._streams else self._whole(result)
        self._call.reply(
            SynthesizeResult(
                finish_reason=figures.finish_reason,
                frames=figures.frames,
                samples=figures.samples,
                sample_rate=figures.sample_rate,
                encoding=self._encoding,
                duration_ms=figures.audio_seconds * 1000,
                sentences=result.sentences,
                seed=figures.seed,
                metrics=Metrics(
                    queue_ms=figures.queue_seconds * 1000,
                    first_audio_ms=figures.first_audio_seconds * 1000,
                    generation_ms=figures.generation_seconds * 1000,
                    real_time_factor=figures.real_time_factor,
                    peak_memory_bytes=figures.peak_memory_bytes,
                ),
                warnings=warnings(result.notices),
                audio=audio,
            ),
            len(audio or b""),
        )

    def _whole(self, result: SynthesisResult) -> bytes:
        # Imported here, since the handshake need not wait for libsndfile.
        from sidecar.audio.encoders import apply_patches

        return apply_patches(b"".join(self._kept), result.patches)


def _words_progress(event: Words) -> WordsProgress:
    return WordsProgress(
        sentence=event.sentence,
        words=None if event.words is None else [_timed_word(word) for word in event.words],
        source=event.source,
        grain_ms=event.grain_ms,
    )


def _timed_word(word: Word) -> TimedWord:
    return TimedWord(
        word=word.word,
        start_ms=round(word.start_seconds * 1000, 3),
        end_ms=round(word.end_seconds * 1000, 3),
        text_start=word.start,
        text_end=word.end,
    )


def _with_saved_voices(error: UnknownVoice, names: list[str]) -> SidecarError:
    """Return a copy of an error that others may share, with the saved voices in its hint."""
    saved = f"Saved voices: {', '.join(names) or 'none'}. A Base model speaks with those."
    hint = f"{error.hint} {saved}" if error.hint else saved
    return UnknownVoice(error.message, hint=hint, field=error.field)
