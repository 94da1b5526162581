"""speech/synthesize, appendText, endText: a synthesis for each text, its audio as progress."""

from __future__ import annotations

import logging
import time

from sidecar.errors import Notice, SidecarError, TextTooLong, UnknownVoice
from sidecar.limits import MAX_WHOLE_BYTES
from sidecar.rpc import narrations
from sidecar.rpc.contract.common import Token, Warning
from sidecar.rpc.contract.speech import (
    AppendTextParams,
    AudioProgress,
    Encoding,
    EndTextParams,
    Metrics,
    SentenceProgress,
    SynthesizeParams,
    SynthesizeResult,
)
from sidecar.rpc.session import Call, Session
from sidecar.synthesis.request import Mark, Part, SynthesisResult
from sidecar.synthesis.synthesis import Synthesis

log = logging.getLogger(__name__)


def synthesize(session: Session, params: SynthesizeParams, call: Call) -> None:
    since = time.perf_counter()
    audio = narrations.check(params)
    text = narrations.text_feed(params)
    reference = narrations.reference(params.reference)
    session.admit_speech()
    if params.partial_result_token is not None:
        session.claim_token(call, params.partial_result_token, "partialResultToken")
    synthesis = Synthesis(
        session.engine,
        text,
        lambda check: narrations.narration(params, reference, audio, session, check),
        lambda: session.outbox.has_room,
        since,
    )
    call.begun = synthesis.begun
    call.on_cancel = synthesis.cancel
    if params.more_text:
        call.on_text = synthesis.append_text
    answer = _Answer(session, call, params.encoding or "pcm_s16le")
    session.background.start("synthesis", lambda: answer.give(synthesis), synthesis.warm)


def append_text(session: Session, params: AppendTextParams, call: None) -> None:
    _write(session, params.token, params.text, last=False)


def end_text(session: Session, params: EndTextParams, call: None) -> None:
    _write(session, params.token, "", last=True)


def _write(session: Session, token: Token, text: str, last: bool) -> None:
    """Silent for a request that has ended: it may have, while this was on its way."""
    call = session.find_stream(token)
    if call is None or call.on_text is None:
        log.debug("text for %r, which takes none", token)
        return
    call.on_text(text, last)


def warnings(notices: tuple[Notice, ...]) -> list[Warning] | None:
    return [Warning(type=notice.type, message=notice.message) for notice in notices] or None


class _Answer:
    """Streams a synthesis under the call's token, or keeps its audio for the result."""

    def __init__(self, session: Session, call: Call, encoding: Encoding) -> None:
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
                    case SynthesisResult():
                        self._done(event)
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


def _with_saved_voices(error: UnknownVoice, names: list[str]) -> SidecarError:
    """Return the same error with the saved voices in its hint. Others may hear the first one."""
    saved = f"Saved voices: {', '.join(names) or 'none'}. A Base model speaks with those."
    hint = f"{error.hint} {saved}" if error.hint else saved
    return UnknownVoice(error.message, hint=hint, field=error.field)
