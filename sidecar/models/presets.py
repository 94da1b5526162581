"""What is publicly known of preset voices: gender, native languages, and a description.

A checkpoint has only the names of its voices. A voice is recognised by its name and its id in the
checkpoint's table of speakers, so that another checkpoint's voice of the same name does not get its
description.
"""

from __future__ import annotations

from sidecar.models.base import Gender, VoiceInfo

DIALECTS = ("beijing_dialect", "sichuan_dialect")


def _voice(
    name: str, gender: Gender, language: str, description: str, dialect: str | None = None
) -> VoiceInfo:
    languages = (language,) if dialect is None else (language, dialect)
    return VoiceInfo(name, dialect, gender, languages, description)


# Descriptions and native languages: README of QwenLM/Qwen3-TTS, "Custom Voice Generate". Ids,
# spelling and order: `spk_id` in config.json of the CustomVoice checkpoints.
_CUSTOM_VOICE = {
    3066: _voice("serena", "female", "chinese", "Warm, gentle young female voice."),
    3065: _voice("vivian", "female", "chinese", "Bright, slightly edgy young female voice."),
    3010: _voice("uncle_fu", "male", "chinese", "Seasoned male voice with a low, mellow timbre."),
    3061: _voice("ryan", "male", "english", "Dynamic male voice with strong rhythmic drive."),
    2861: _voice("aiden", "male", "english", "Sunny American male voice with a clear midrange."),
    2873: _voice(
        "ono_anna", "female", "japanese", "Playful Japanese female voice, light and nimble."
    ),
    2864: _voice("sohee", "female", "korean", "Warm Korean female voice with rich emotion."),
    2875: _voice(
        "eric",
        "male",
        "chinese",
        "Lively Chengdu male voice, slightly husky and bright.",
        "sichuan_dialect",
    ),
    2878: _voice(
        "dylan",
        "male",
        "chinese",
        "Youthful Beijing male voice with a clear, natural timbre.",
        "beijing_dialect",
    ),
}
# The bundled voices, trained on speech by flite's voices of these names.
_BUNDLED = {
    553: _voice("slt", "female", "english", "Small American female voice, for demonstration."),
    554: _voice("rms", "male", "english", "Small American male voice, for demonstration."),
}
_KNOWN = _CUSTOM_VOICE | _BUNDLED

BUNDLED_VOICES: tuple[VoiceInfo, ...] = tuple(_BUNDLED.values())
"""The voices of the bundled model."""

CUSTOM_VOICES: tuple[VoiceInfo, ...] = tuple(_CUSTOM_VOICE.values())
"""The voices of the official CustomVoice models, in the order of their config.json."""


def voice(name: str, speaker: int, dialect: str | None) -> VoiceInfo:
    """Return a checkpoint's voice, with what is known of it.

    Args:
        name: its name in the checkpoint, in lower case.
        speaker: its id there.
        dialect: its dialect there, which counts even if another one is known.
    """
    known = _KNOWN.get(speaker)
    if known is None or (known.name, known.dialect) != (name, dialect):
        return VoiceInfo(name, dialect)
    return known
