"""speech/synthesize's params → a narration's request. Its second half may read files."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sidecar.audio.formats import AudioFormat
from sidecar.audio.formats import check as check_format
from sidecar.audio.sources import decode_base64
from sidecar.engine.request import DEFAULT_CHUNK_FRAMES, SamplingOverrides, SpeechRequest
from sidecar.errors import BadVoiceFile, EmptyText, InvalidParams, too_long
from sidecar.limits import (
    MAX_FRAMES,
    MAX_TEXT_CHARS,
    MAX_UTTERANCE_CHARS,
    MAX_UTTERANCE_FRAMES,
)
from sidecar.models.base import ReferenceAudio, Utterance, Voice
from sidecar.rpc.contract import speech_options
from sidecar.rpc.contract.speech import SynthesizeParams
from sidecar.rpc.contract.speech_options import Sampling, SubtalkerSampling
from sidecar.rpc.contract.voice import Reference
from sidecar.rpc.session import Session
from sidecar.synthesis.request import Pauses, SynthesisRequest
from sidecar.synthesis.text_feed import TextFeed
from sidecar.voices.choice import ChosenVoice, choose

if TYPE_CHECKING:
    from sidecar.audio.reference import Recording


def check(params: SynthesizeParams) -> AudioFormat:
    """What can be said without a look at anything else.

    Raises:
        EmptyText, InvalidParams, UnknownEncoding, Unsupported
    """
    live = params.more_text is True
    streamed = params.partial_result_token is not None
    if live and not streamed:
        raise InvalidParams(
            "A text stream needs a `partialResultToken`; speech/appendText names it by that.",
            field="partialResultToken",
        )
    whole = params.split_sentences is False
    if live and whole:
        raise InvalidParams(
            "A text stream is spoken as it comes; `splitSentences` cannot be false.",
            field="splitSentences",
        )
    if not live and not params.text.strip():
        raise EmptyText("The text is empty.", field="text")
    if params.reference is not None and params.voice:
        raise InvalidParams("Give either `voice` or `reference`.", field="reference")
    return _format(params)


def text_feed(params: SynthesizeParams) -> TextFeed:
    """Return the text of a request; a text that is spoken in one piece has a lower limit.

    Raises:
        TextTooLong
    """
    is_one_piece = params.partial_result_token is None or params.split_sentences is False
    limit = MAX_UTTERANCE_CHARS if is_one_piece else MAX_TEXT_CHARS
    return TextFeed(params.text, is_live=params.more_text is True, limit=limit)


def check_text(text: str, field: str) -> None:
    """Raise EmptyText or TextTooLong unless a text can be one utterance."""
    if not text.strip():
        raise EmptyText(f"The {field} is empty.", field=field)
    if len(text) > MAX_UTTERANCE_CHARS:
        raise too_long(field, len(text), limit=MAX_UTTERANCE_CHARS)


def _format(params: SynthesizeParams) -> AudioFormat:
    encoding = params.encoding or "pcm_s16le"
    audio = AudioFormat(
        encoding=encoding,
        sample_rate=params.sample_rate,
        speed=1.0 if params.speed is None else params.speed,
        fade=encoding != "pcm_f32le" if params.fade is None else params.fade,
        peak_limit=params.peak_limit,
    )
    check_format(audio)
    return audio


def narration(
    params: SynthesizeParams,
    given: ReferenceAudio | None,
    audio: AudioFormat,
    session: Session,
    check: Callable[[], None],
) -> SynthesisRequest:
    """Find the voice or read its recording, too; that waits for the disk.

    Args:
        given: the params' `reference`.
        check: raises Cancelled when nobody waits for it any more.

    Raises:
        BadReferenceAudio, BadVoiceFile, UnknownModel, Cancelled
    """
    recording = given.read(session.max_reference_seconds, check) if given else None
    model, saved = choose(
        session.voices, params.voice, params.model, session.default_model, session.engine.loaded
    )
    streamed = params.partial_result_token is not None
    pauses = params.pauses or speech_options.Pauses()
    defaults = Pauses()
    timeout = params.text_timeout_ms
    return SynthesisRequest(
        speech=_speech(params, model, recording or saved),
        language=params.language or (saved.language if saved else None),
        text_timeout=60.0 if timeout is None else timeout / 1000,
        # The prompt of a voice with a transcript needs the whole text of an utterance.
        whole_sentences=_is_transcribed(recording, saved),
        split=params.split_sentences is not False,
        normalize=params.normalize_text is not False,
        pauses=Pauses(
            _seconds(pauses.sentence_ms, defaults.sentence),
            _seconds(pauses.paragraph_ms, defaults.paragraph),
        ),
        format=audio,
        max_frames=params.max_frames or (MAX_FRAMES if streamed else MAX_UTTERANCE_FRAMES),
    )


def _is_transcribed(recording: Recording | None, saved: ChosenVoice | None) -> bool:
    if recording is not None:
        return recording.text is not None
    return (
        saved is not None
        and not isinstance(saved.outcome, BadVoiceFile)
        and bool(saved.outcome.text)
    )


def _seconds(milliseconds: float | None, default: float) -> float:
    return default if milliseconds is None else milliseconds / 1000


def _speech(params: SynthesizeParams, model: str, voice: Voice | None) -> SpeechRequest:
    sampling = params.sampling or Sampling()
    subtalker = sampling.subtalker or SubtalkerSampling()
    chunk = params.chunk
    return SpeechRequest(
        model=model,
        utterance=Utterance(
            text="",
            voice=params.voice,
            language=params.language,
            instruct=params.instruct,
            reference=voice,
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
        data=None if given.audio is None else decode_base64(given.audio),
        text=given.text,
        append_silence=given.append_silence is not False,
    )
