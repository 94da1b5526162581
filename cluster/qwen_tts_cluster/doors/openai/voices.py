"""The voices of a model, and the names that OpenAI's clients have for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qwen_tts_cluster.backends import Backend, VoiceInfo
from qwen_tts_cluster.doors.openai.aliases import Aliases, is_openai_voice, same_name


async def list_voices(backend: Backend, aliases: Aliases, asked: str | None) -> dict[str, Any]:
    """Return the voices of a model, then the aliases of some of them.

    Args:
        asked: the model, as the client names it; None for the default model.

    Raises:
        SpeechError: `unknownModel`.
    """
    own = await backend.voices(None if asked is None else aliases.model(asked))
    data = [{**_entry(voice.name), "kind": voice.kind} for voice in own]
    for name in aliases.voices:
        voice = aliases.voice(name, speakers(own))
        if voice is not None and _has(own, voice) and not _has(own, name):
            data.append({**_entry(name), "alias_of": voice})
    # Open WebUI reads `voices`, others read `data`.
    return {"object": "list", "data": data, "voices": data}


async def choose_voice(
    backend: Backend, aliases: Aliases, model: str | None, wanted: str | None
) -> str | None:
    """Return the voice that a client means; None for the default voice.

    Args:
        model: as the backend names it; None for the default model.

    Raises:
        SpeechError: `unknownModel`.
    """
    if wanted is None:
        return None
    named = aliases.named(wanted)
    if not is_openai_voice(named):
        return named
    return aliases.voice(named, speakers(await backend.voices(model)))


def speakers(voices: Sequence[VoiceInfo]) -> Sequence[VoiceInfo]:
    """Return the voices that OpenAI's names stand for: presets, or else saved ones."""
    return [voice for voice in voices if voice.kind == "preset"] or voices


def _entry(name: str) -> dict[str, str]:
    return {"id": name, "object": "voice", "name": name}


def _has(voices: Sequence[VoiceInfo], name: str) -> bool:
    return any(same_name(voice.name, name) for voice in voices)
