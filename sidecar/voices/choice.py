"""Which model speaks, and whether with a saved voice."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from sidecar.errors import BadVoiceFile, UnknownModel, UnknownVoice
from sidecar.models import catalog
from sidecar.models.base import VoicePrompt
from sidecar.voices.format import SavedVoice
from sidecar.voices.store import VoiceStore


class ChosenVoice(msgspec.Struct, frozen=True, eq=False):
    """A saved voice as it was when it was asked for; an utterance's reference.

    Nothing is read of it any more, so it can be deleted while its request waits.

    Attributes:
        outcome: what was read, or why that could not be used. A model that has a preset of the
            name does not ask.
    """

    name: str
    language: str | None
    outcome: VoicePrompt | BadVoiceFile

    @property
    def tempo(self) -> float | None:
        """Letters a second of its recording's transcript, if that is known."""
        return None if isinstance(self.outcome, BadVoiceFile) else self.outcome.tempo

    def features(self) -> VoicePrompt:
        """Raises BadVoiceFile."""
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
    """The model to speak with and the saved voice of that name, if there is one. Reads the disk.

    What the request says decides, never what happens to be downloaded or loaded: a `model` speaks
    with its own preset of that name, or else with the saved voice. Without `model` a saved voice
    comes first, and is spoken by what it was made with; where there is none, it is the default
    model's to know the name.

    Args:
        loaded: names of the models in memory, which somebody has asked for.

    Raises:
        BadVoiceFile: the file cannot be used, and nothing says which model would do without.
        UnknownModel: the voice's own model is not one to be loaded unasked.
    """
    try:
        saved = store.find(voice) if voice and store.locate(voice) else None
    except UnknownVoice:  # deleted just now
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
    except FileNotFoundError:  # likewise
        return model or default, None
    except BadVoiceFile as error:
        if model is None:
            raise
        return name, ChosenVoice(saved.name, saved.language, error)


def _own_model(saved: SavedVoice, asked: Collection[str]) -> str:
    """A file from somebody else must not make us load what it likes: a folder beside it, one on
    another machine, gigabytes from the hub."""
    name = saved.metadata.model  # not looked up: a path may be on another machine
    if catalog.is_listed(name) or name in map(catalog.lasting, asked):
        return name
    raise UnknownModel(
        f"The voice {saved.name!r} was made with {name[:200]!r}, which nobody has asked for yet.",
        hint="If you trust that, name it in `model` (at the command line --model), or load it with "
        "model/load first.",
        field="model",
    )
