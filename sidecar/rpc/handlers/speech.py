"""speech/synthesize: params → the engine's request, and its audio → progress and result."""

from __future__ import annotations

from sidecar.engine.request import (
    DEFAULT_CHUNK_FRAMES,
    AudioChunk,
    SamplingOverrides,
    SynthesisRequest,
    SynthesisResult,
)
from sidecar.errors import EmptyText, InvalidParams, Notice, SidecarError, UnknownVoice, too_long
from sidecar.limits import MAX_TEXT_CHARS
from sidecar.models.base import ReferenceAudio, Utterance
from sidecar.rpc.session import Call, Session
from sidecar.rpc.types import (
    AudioProgress,
    Encoding,
    Metrics,
    Reference,
    Sampling,
    SubtalkerSampling,
    SynthesizeParams,
    SynthesizeResult,
    Warning,
)
from sidecar.voices.choice import choose


def synthesize(session: Session, params: SynthesizeParams, call: Call) -> None:
    check_text(params.text)
    request = _request(params, session)
    if params.partial_result_token is not None:
        session.claim_token(call, params.partial_result_token, "partialResultToken")
    job = session.engine.submit(request, _Sink(session, call, params.encoding or "pcm_s16le"))
    call.on_cancel = lambda: session.engine.cancel(job)


def check_text(text: str, field: str = "text") -> None:
    """Raises EmptyText or TextTooLong."""
    if not text.strip():
        raise EmptyText(f"The {field} is empty.", field=field)
    if len(text) > MAX_TEXT_CHARS:
        raise too_long(field, len(text))


def _request(params: SynthesizeParams, session: Session) -> SynthesisRequest:
    recording = reference(params.reference)
    if recording is not None and params.voice:
        raise InvalidParams("Give either `voice` or `reference`.", field="reference")
    model, saved = choose(session.voices, params.voice, params.model, session.default_model)
    sampling = params.sampling or Sampling()
    subtalker = sampling.subtalker or SubtalkerSampling()
    chunk = params.chunk
    return SynthesisRequest(
        model=model,
        utterance=Utterance(
            text=params.text,
            voice=params.voice,
            language=params.language,
            instruct=params.instruct,
            reference=recording or saved,
            text_mode=params.text_mode,
        ),
        talker=SamplingOverrides(sampling.temperature, sampling.top_k, sampling.top_p),
        subtalker=SamplingOverrides(subtalker.temperature, subtalker.top_k, subtalker.top_p),
        repetition_penalty=sampling.repetition_penalty,
        seed=params.seed,
        max_frames=params.max_frames,
        first_frames=(chunk and chunk.first_frames) or 1,
        chunk_frames=(chunk and chunk.max_frames) or DEFAULT_CHUNK_FRAMES,
        priority=params.priority or "normal",
        stop_runaway=params.stop_runaway is not False,
    )


def reference(given: Reference | None) -> ReferenceAudio | None:
    """Raises InvalidParams."""
    if given is None:
        return None
    if (given.path is None) == (given.audio is None):
        raise InvalidParams("`reference` needs either `path` or `audio`.", field="reference")
    return ReferenceAudio(
        path=given.path,
        data=given.audio,
        text=given.text,
        append_silence=given.append_silence is not False,
    )


def warnings(notices: tuple[Notice, ...]) -> list[Warning] | None:
    return [Warning(type=notice.type, message=notice.message) for notice in notices] or None


class _Sink:
    """Streams chunks under the call's token, or keeps them for the result."""

    def __init__(self, session: Session, call: Call, encoding: Encoding) -> None:
        self._voices = session.voices
        self._outbox = session.outbox
        self._call = call
        self._encoding: Encoding = encoding
        self._streams = call.token is not None
        self._seq = 0
        self._kept: list[bytes] = []

    def ready(self) -> bool:
        return self._outbox.has_room

    def audio(self, chunk: AudioChunk) -> None:
        # numpy comes with MLX on the engine thread; the handshake must not wait for it.
        from sidecar.audio import ENCODERS

        data = ENCODERS[self._encoding](chunk.samples)
        if not self._streams:
            self._kept.append(data)
            return
        self._call.progress(
            AudioProgress(
                seq=self._seq, audio=data, samples=len(chunk.samples), frames=len(chunk.codes)
            ),
            len(data),
        )
        self._seq += 1

    def failed(self, error: SidecarError) -> None:
        if isinstance(error, UnknownVoice):
            saved = ", ".join(self._voices.names()) or "none"
            error.hint = f"Saved voices: {saved}. A Base model speaks with those."
        self._call.fail(error)

    def done(self, result: SynthesisResult) -> None:
        audio = None if self._streams else b"".join(self._kept)
        self._call.reply(
            SynthesizeResult(
                finish_reason=result.finish_reason,
                frames=result.frames,
                samples=result.samples,
                sample_rate=result.sample_rate,
                encoding=self._encoding,
                duration_ms=result.audio_seconds * 1000,
                seed=result.seed,
                metrics=Metrics(
                    queue_ms=result.queue_seconds * 1000,
                    first_audio_ms=result.first_audio_seconds * 1000,
                    generation_ms=result.generation_seconds * 1000,
                    real_time_factor=result.real_time_factor,
                    peak_memory_bytes=result.peak_memory_bytes,
                ),
                warnings=warnings(result.notices),
                audio=audio,
            ),
            len(audio or b""),
        )
