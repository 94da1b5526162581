"""Turns a request into the arguments of a family's `generate`, or refuses it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import mlx.core as mx
import soxr
from mlx_audio.lm.sample_utils import make_sampler
from mlx_audio.utils import audio_volume_normalize

from sidecar.audio.reference import RATE, Recording
from sidecar.errors import InvalidParams, Unsupported
from sidecar.models import catalog
from sidecar.models.base import GenerationSettings, ModelInfo, Utterance
from sidecar.models.generators import pronunciation
from sidecar.models.generators.families import Family
from sidecar.text import tags

# After the mark that ends a sentence; Chinese and Japanese have no space there.
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])\s*|\n+")
# After the mark that ends a clause or a sentence.
_CLAUSE_END = re.compile(r"(?<=[.!?…,;:–—])\s+|(?<=[。！？，、；：])\s*|\n+")

Arguments = dict[str, Any]
# (the voice, the language in the family's word or "", the settings) → keyword arguments
Own = Callable[[str, str, GenerationSettings], Arguments]


def check(family: Family, info: ModelInfo, utterance: Utterance) -> tuple[str, str]:
    """Return the voice and the language; "" if the request has none and there is no default.

    Raises:
        Unsupported: the family cannot do something that the request needs.
        UnknownVoice, UnknownLanguage, InvalidParams
    """
    name = family.module
    for asked, ability, field in (
        (utterance.instruct, "instruct", "instruct"),
        (utterance.more_text, "textStreaming", "text"),
        (utterance.text_mode == "stream", "textStreaming", "textMode"),
        (utterance.reference, "cloning", "reference"),
    ):
        if asked and ability not in family.abilities:
            can = ", ".join(family.abilities)
            raise Unsupported(
                f"{name} models do not support {ability}.",
                hint=f"They support: {can}.",
                field=field,
            )
    if "presets" in family.abilities and not (info.voices or utterance.reference):
        raise InvalidParams(
            "This checkpoint has no preset voice.",
            hint="Give `reference`.",
            field="reference",
        )
    return _voice(info, utterance), _language(family, utterance)


def _voice(info: ModelInfo, utterance: Utterance) -> str:
    names = [voice.name for voice in info.voices]
    if utterance.voice is None:
        return names[0] if names else ""
    catalog.check_preset(info, utterance.voice)
    return {name.lower(): name for name in names}[utterance.voice.lower()]


def _language(family: Family, utterance: Utterance) -> str:
    name = tags.resolve(utterance.language, family.languages)
    return family.languages.get(name, "")  # for auto the family decides


def parts(text: str, shortest: int, shortest_first: int = 0) -> list[str]:
    """Return sentences; a sentence shorter than `shortest` is joined to the next one.

    Args:
        shortest_first: the least characters of the first part, which may also be a clause; 0 if it
            is like the others.
    """
    first, text = _first_clause(text, shortest_first) if shortest_first else ("", text)
    found: list[str] = []
    for sentence in filter(None, (part.strip() for part in _SENTENCE_END.split(text))):
        if found and len(found[-1]) < shortest:
            found[-1] += " " + sentence
        else:
            found.append(sentence)
    return [first, *found] if first else found


def _first_clause(text: str, shortest: int) -> tuple[str, str]:
    """Return the beginning of a text up to the end of a clause or sentence, and the rest; no
    beginning if one of the two would be shorter than `shortest`."""
    for end in _CLAUSE_END.finditer(text):
        first, rest = text[: end.start()].strip(), text[end.end() :].strip()
        if len(first) >= shortest:
            return (first, rest) if len(rest) >= shortest else ("", text)
    return "", text


def reference(family: Family, recording: Recording, rate: int) -> Arguments:
    """Return the arguments for a recording.

    Raises:
        InvalidParams: the family needs a transcript.
    """
    if family.transcript and not recording.text:
        raise InvalidParams(
            "This family can clone a voice only with the transcript of the recording.",
            hint="Give `reference.text`.",
            field="reference.text",
        )
    samples = recording.samples
    if rate != RATE:
        samples = soxr.resample(samples, RATE, rate)
    if family.module == "spark":  # which does so itself for files
        samples = audio_volume_normalize(samples)
    return {"ref_audio": mx.array(samples, mx.float32), "ref_text": recording.text}


def _given(**arguments: Any) -> Arguments:
    return {name: value for name, value in arguments.items() if value is not None}


def _kokoro(voice: str, language: str, settings: GenerationSettings) -> Arguments:
    code = language or voice[:1]
    pronunciation.check(code)
    return {"voice": voice, "lang_code": code, "split_pattern": None}


def _csm(voice: str, language: str, settings: GenerationSettings) -> Arguments:
    sampler = make_sampler(
        temp=0.9 if settings.temperature is None else settings.temperature,
        top_k=50 if settings.top_k is None else settings.top_k,
        top_p=settings.top_p or 0.0,
    )
    # Its context has room for 2048 frames and the prompt.
    length = min(settings.max_seconds, 60.0) * 1000
    return {
        "sampler": sampler,
        "max_audio_length_ms": length,
        "split_pattern": None,
        "stream": True,
        "streaming_interval": 0.5,
    }


def _dia(voice: str, language: str, settings: GenerationSettings) -> Arguments:
    """Refuse sampling settings, which Dia's `generate` does not pass on."""
    _refuse_sampling("dia", settings)
    return {"max_tokens": min(3072, int(settings.max_seconds * 44100 / 512) + 32)}


def _outetts(voice: str, language: str, settings: GenerationSettings) -> Arguments:
    given = _given(
        temperature=settings.temperature,
        top_k=settings.top_k,
        top_p=settings.top_p,
        repetition_penalty=settings.repetition_penalty,
    )
    # No streaming, since it normalises the loudness of each chunk, and the chunks do not join.
    return {**given, "max_tokens": min(4096, int(settings.max_seconds * 150) + 64)}


def _soprano(voice: str, language: str, settings: GenerationSettings) -> Arguments:
    given = _given(temperature=settings.temperature, top_p=settings.top_p)
    return {**given, "max_tokens": min(512, int(settings.max_seconds * 32000 / 2048) + 2)}


def _spark(voice: str, language: str, settings: GenerationSettings) -> Arguments:
    given = _given(
        temperature=settings.temperature,
        top_k=settings.top_k,
        top_p=settings.top_p,
        repetition_penalty=settings.repetition_penalty,
    )
    # A token is 20 ms; the tokens of the voice, and marks, come first.
    return {**given, "gender": voice, "max_tokens": min(3000, int(settings.max_seconds * 50) + 40)}


def _chatterbox(voice: str, language: str, settings: GenerationSettings) -> Arguments:
    given = _given(
        temperature=settings.temperature,
        top_p=settings.top_p,
        repetition_penalty=settings.repetition_penalty,
    )
    length = min(1000, int(settings.max_seconds * 25) + 2)
    return {**given, "lang_code": language or "en", "max_tokens": length}


def _refuse_sampling(name: str, settings: GenerationSettings) -> None:
    asked = (settings.temperature, settings.top_k, settings.top_p, settings.repetition_penalty)
    if any(value is not None for value in asked):
        raise Unsupported(f"{name} models do not support `sampling`.", field="sampling")


OWN: dict[str, Own] = {
    "kokoro": _kokoro,
    "sesame": _csm,
    "dia": _dia,
    "outetts": _outetts,
    "soprano": _soprano,
    "spark": _spark,
    "chatterbox": _chatterbox,
}
