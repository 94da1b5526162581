"""The choice of the model that speaks, and of a saved voice."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from sidecar.errors import BadVoiceFile, UnknownModel, UnknownVoice
from sidecar.models import catalog
from sidecar.models.base import VoicePrompt
from sidecar.voices.format import SavedVoice
from sidecar.voices.store import VoiceStore


class ChosenVoice(msgspec.Struct, frozen=True, eq=False):
    """A saved voice as it was when a request named it; an utterance's reference.

    It has been read, so its file can be deleted while the request waits.

    Attributes:
        outcome: what was read, or why it cannot be used. A model that has a preset of that name
            ignores it.
    """

    name: str
    language: str | None
    outcome: VoicePrompt | BadVoiceFile

    @property
    def tempo(self) -> float | None:
        """The recording's letters of transcript per second; None if they are not known."""
        return None if isinstance(self.outcome, BadVoiceFile) else self.outcome.tempo

    def features(self) -> VoicePrompt:
        """Raise BadVoiceFile if the file cannot be used."""
        if isinstance(self.outcome, BadVoiceFile):
            raise self.outcome
        return self.outcome


def choose(
    store: VoiceStore,
    voice: str | None,
    model: str | None,
    default: str,
    loaded: Collection[str] = (),
) -> tuple[str, ChosenVoice | None]:
    """Return the model to speak with and the saved voice of that name, if there is one.

    It reads the disk. Only the request decides, not what is downloaded or loaded: a `model` speaks
    with its own preset of that name, or else with the saved voice. Without `model`, a saved voice
    comes first, and the model that made it speaks; if there is none, the default model has to know
    the name.

    Args:
        loaded: names of the models in memory, which a client has asked for.

    Raises:
        BadVoiceFile: the file cannot be used, and the request names no model.
        UnknownModel: the voice's own model may not be loaded without being asked for.
    """
    try:
        saved = store.find(voice) if voice and store.locate(voice) else None
    except UnknownVoice:  # it was deleted just now
        saved = None
    except BadVoiceFile as error:
        if model is None:
            raise
        return model, ChosenVoice(voice or "", None, error)
    if saved is None:
        return model or default, None
    name = model or _own_model(saved, (default, *loaded))
    try:
        return name, ChosenVoice(saved.name, saved.language, saved.features())
    except FileNotFoundError:  # it was deleted just now
        return model or default, None
    except BadVoiceFile as error:
        if model is None:
            raise
        return name, ChosenVoice(saved.name, saved.language, error)


def _own_model(saved: SavedVoice, asked: Collection[str]) -> str:
    """Return the model that made a voice, if it may be loaded.

    A file from elsewhere must not choose freely what is loaded: a folder beside it, one on another
    machine, or gigabytes from the hub.
    """
    name = saved.metadata.model  # not looked up: a path may be on another machine
    if catalog.is_listed(name) or name in map(catalog.lasting, asked):
        return name
    raise UnknownModel(
        f"The voice {saved.name!r} was made with {name[:200]!r}, which no request has named yet.",
        hint="If you trust that, name it in `model` (at the command line --model), or load it with "
        "model/load first.",
        field="model",
    )
