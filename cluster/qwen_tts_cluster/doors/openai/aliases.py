"""The names that clients may use besides the sidecar's own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from qwen_tts_client.protocol import PRESET_GENDERS
from qwen_tts_cluster.backends import VoiceInfo
from qwen_tts_cluster.openai_names import (
    FEMININE_VOICES,
    MASCULINE_VOICES,
    OPENAI_MODELS,
    OPENAI_VOICES,
)

_DATED = re.compile(r"(tts-1|tts-1-hd|gpt-4o-mini-tts)(-\d{4}(-\d\d-\d\d)?)?")
# The second letter of Kokoro's names is the gender: `af_heart`, `bm_george`.
_KOKORO = re.compile("[a-z]([fm])_")


def openai_voices(voices: Sequence[VoiceInfo]) -> dict[str, str]:
    """Return which of a model's voices each of OpenAI's names stands for.

    A female voice stands for a female one, as far as the genders are known, in the order given. The
    same voices always give the same table; without voices, it is empty.
    """
    if not voices:
        return {}
    table: dict[str, str] = {}
    for names, other in ((FEMININE_VOICES, "male"), (MASCULINE_VOICES, "female")):
        fitting = [entry.name for entry in voices if _gender_of(entry) != other]
        pool = fitting or [entry.name for entry in voices]
        table |= {name: pool[at % len(pool)] for at, name in enumerate(names)}
    return table


def is_openai_voice(name: str) -> bool:
    """Return whether a name is one of OpenAI's voices, in any case."""
    return name.lower() in OPENAI_VOICES


def same_name(one: str, other: str) -> bool:
    """Return whether two names mean the same voice or model."""
    return one.lower() == other.lower()


class Aliases:
    """The operator's tables of names, which take precedence over OpenAI's.

    Args:
        voices: names of clients, in any case, and the voices that they mean.
        models: names of clients, and the models that they mean.

    Attributes:
        voices: the names of voices that are accepted besides the sidecar's own.
        models: the same of models.
    """

    def __init__(self, voices: Mapping[str, str], models: Mapping[str, str]) -> None:
        self._voices = {name.lower(): voice for name, voice in voices.items()}
        self._models = dict(models)
        self.voices = [*voices, *(name for name in OPENAI_VOICES if name not in self._voices)]
        self.models = list(dict.fromkeys([*models, *OPENAI_MODELS]))

    def model(self, name: str) -> str | None:
        """Return the sidecar's name of a model; None is its default model."""
        dated = _DATED.fullmatch(name)
        undated = dated[1] if dated else None
        own = self._models.get(name) or self._models.get(undated or name)
        return own or (None if undated else name)

    def is_model(self, name: str) -> bool:
        """Return whether a model's name is an alias."""
        return name in self._models or _DATED.fullmatch(name) is not None

    def named(self, name: str) -> str:
        """Return the voice that the operator's table has for a name, or else the name itself."""
        return self._voices.get(name.lower(), name)

    def voice(self, name: str, voices: Sequence[VoiceInfo]) -> str | None:
        """Return which of a model's voices a name means.

        A voice with exactly that name takes precedence over OpenAI's. Without any voices, OpenAI's
        names mean no voice: a model that speaks by a description has none, and OpenAI's clients
        always send one.
        """
        wanted = self.named(name)
        is_own = any(same_name(entry.name, wanted) for entry in voices)
        if is_own or not is_openai_voice(wanted):
            return wanted
        return openai_voices(voices).get(wanted.lower())


def _gender_of(entry: VoiceInfo) -> str | None:
    if entry.gender:
        return entry.gender
    name = entry.name.lower()
    if kokoro := _KOKORO.match(name):
        return {"f": "female", "m": "male"}[kokoro[1]]
    return PRESET_GENDERS.get(name)
