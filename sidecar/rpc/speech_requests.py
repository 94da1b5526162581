"""speech/synthesize's params → the request of a synthesis. Nothing here reads a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from sidecar.audio import formats
from sidecar.audio.formats import AudioFormat
from sidecar.engine.request import DEFAULT_CHUNK_FRAMES, SamplingOverrides, SpeechRequest
from sidecar.errors import BadVoiceFile, EmptyText, InvalidParams, too_long
from sidecar.lexicon.entries import Entry, Lexicon
from sidecar.limits import (
    MAX_FRAMES,
    MAX_TEXT_CHARS,
    MAX_UTTERANCE_CHARS,
    MAX_UTTERANCE_FRAMES,
)
from sidecar.models.base import ReferenceAudio, Utterance
from sidecar.rpc.contract import speech_options
from sidecar.rpc.contract.speech import SynthesizeParams
from sidecar.rpc.contract.speech_options import Sampling, SpeakerParams, SubtalkerSampling
from sidecar.rpc.contract.voice import Reference
from sidecar.synthesis.request import Pauses, SpeakerVoice, SynthesisRequest
from sidecar.synthesis.speakers import check_names
from sidecar.synthesis.text_feed import TextFeed
from sidecar.text.markup import SKIPPED
from sidecar.voices.choice import ChosenVoice

if TYPE_CHECKING:
    from sidecar.audio.reference import Recording


def synthesis(params: SynthesizeParams, lexicon: Lexicon | None = None) -> SynthesisRequest:
    """Return what is asked for, without the model and its voice; see `speak_with`.

    Args:
        lexicon: the server's.

    Raises:
        EmptyText, InvalidParams, UnknownEncoding, Unsupported
    """
    _check(params)
    pauses, defaults = params.pauses or speech_options.Pauses(), Pauses()
    streamed = params.partial_result_token is not None
    return SynthesisRequest(
        speech=_speech(params),
        language=params.language,
        text_timeout=_seconds(params.text_timeout_ms, 60.0),
        # A running sequence that takes a text token by token says several sentences in one breath.
        whole_sentences=bool(pauses.sentence_ms or pauses.paragraph_ms),
        split=params.split_sentences is not False,
        normalize=params.normalize_text,
        skip=SKIPPED if params.skip is None else tuple(params.skip),
        lexicons=_lexicons(params, lexicon),
        is_ssml=params.input_format == "ssml",
        pauses=Pauses(
            _seconds(pauses.sentence_ms, defaults.sentence),
            _seconds(pauses.paragraph_ms, defaults.paragraph),
        ),
        format=_format(params),
        max_frames=params.max_frames or (MAX_FRAMES if streamed else MAX_UTTERANCE_FRAMES),
        times_words=params.timing == "word",
    )


def speak_with(
    request: SynthesisRequest, model: str, voice: Recording | ChosenVoice | None
) -> SynthesisRequest:
    """Return the same request with the model that speaks and the voice that it clones."""
    utterance = replace(request.speech.utterance, reference=voice)
    saved = isinstance(voice, ChosenVoice)
    return replace(
        request,
        speech=replace(request.speech, model=model, utterance=utterance),
        language=request.language or (voice.language if saved else None),
        # The prompt of a voice with a transcript needs the whole text of an utterance.
        whole_sentences=request.whole_sentences or _has_transcript(voice),
    )


def speaker(
    request: SynthesisRequest,
    name: str,
    params: SpeakerParams,
    model: str,
    voice: ChosenVoice | None,
) -> SpeakerVoice:
    """Return one of several speakers, who differs from the request in model and voice only."""
    utterance = replace(
        request.speech.utterance, voice=params.voice, instruct=params.instruct, reference=voice
    )
    speech = replace(request.speech, model=model, utterance=utterance)
    language = voice.language if voice and not utterance.language else None
    return SpeakerVoice(name, speech, language)


def _has_transcript(voice: Recording | ChosenVoice | None) -> bool:
    heard = voice.outcome if isinstance(voice, ChosenVoice) else voice
    return heard is not None and not isinstance(heard, BadVoiceFile) and bool(heard.text)


def check_reference(given: Reference | None) -> None:
    """Raise InvalidParams unless there is one recording. Its base64 is not looked at."""
    if given is not None and (given.path is None) == (given.audio is None):
        raise InvalidParams(
            "`reference` needs either `path` or `audio`, not both.", field="reference"
        )


def reference(given: Reference) -> ReferenceAudio:
    """Return the params' recording, unread.

    Raises:
        InvalidParams
    """
    check_reference(given)
    return ReferenceAudio(
        path=given.path,
        encoded=given.audio,
        text=given.text,
        append_silence=given.append_silence is not False,
    )


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


def _check(params: SynthesizeParams) -> None:
    """Raise EmptyText, or InvalidParams for fields that contradict each other."""
    live = params.more_text is True
    streamed = params.partial_result_token is not None
    if live and not streamed:
        raise InvalidParams(
            "`moreText` needs a `partialResultToken`: speech/appendText names the request by it.",
            field="partialResultToken",
        )
    if params.credit_ms is not None and not streamed:
        raise InvalidParams(
            "`creditMs` needs a `partialResultToken`: speech/grantCredit names the request by it.",
            field="creditMs",
        )
    if params.timing == "word" and not streamed:
        raise InvalidParams(
            "`timing` can be `word` only with a `partialResultToken`: the words are sent under it.",
            field="timing",
        )
    if live and params.split_sentences is False:
        raise InvalidParams(
            "`splitSentences` cannot be false with `moreText`: the text is spoken as it arrives.",
            field="splitSentences",
        )
    if params.skip and params.normalize_text is False:
        raise InvalidParams(
            "`skip` cannot be used with `normalizeText` false: the text then stays as it is.",
            field="skip",
        )
    if params.skip and params.input_format == "ssml":
        raise InvalidParams(
            "`skip` cannot be used with `inputFormat` ssml: SSML has no such parts.", field="skip"
        )
    if not live and not params.text.strip():
        raise EmptyText("The text is empty.", field="text")
    if params.speakers:
        _check_speakers(params, params.speakers)
    if params.reference is not None and params.voice:
        raise InvalidParams("Give either `voice` or `reference`, not both.", field="reference")


def _check_speakers(params: SynthesizeParams, speakers: dict[str, SpeakerParams]) -> None:
    if params.split_sentences is False:
        raise InvalidParams(
            "`splitSentences` cannot be false with `speakers`: each turn is spoken apart.",
            field="splitSentences",
        )
    check_names(speakers)


def _lexicons(params: SynthesizeParams, other: Lexicon | None) -> tuple[Lexicon, ...]:
    entries = [
        Entry(one.written, one.spoken, one.language, one.case_sensitive is True)
        for one in params.lexicon or ()
    ]
    return (*((Lexicon(entries),) if entries else ()), *((other,) if other else ()))


def _format(params: SynthesizeParams) -> AudioFormat:
    encoding = params.encoding or "pcm_s16le"
    audio = AudioFormat(
        encoding=encoding,
        sample_rate=params.sample_rate,
        speed=1.0 if params.speed is None else params.speed,
        fade=encoding != "pcm_f32le" if params.fade is None else params.fade,
        peak_limit=params.peak_limit,
    )
    formats.check(audio)
    return audio


def _seconds(milliseconds: float | None, default: float) -> float:
    return default if milliseconds is None else milliseconds / 1000


def _speech(params: SynthesizeParams) -> SpeechRequest:
    sampling = params.sampling or Sampling()
    subtalker = sampling.subtalker or SubtalkerSampling()
    chunk = params.chunk
    return SpeechRequest(
        model="",
        utterance=Utterance(
            text="",
            voice=params.voice,
            language=params.language,
            instruct=params.instruct,
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
