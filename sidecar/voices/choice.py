"""Which model speaks, and whether with a saved voice."""

from __future__ import annotations

from sidecar.errors import BadVoiceFile, SidecarError
from sidecar.models import catalog, registry
from sidecar.voices.format import SavedVoice
from sidecar.voices.store import VoiceStore


def choose(
    store: VoiceStore, voice: str | None, model: str | None, default: str
) -> tuple[str, SavedVoice | None]:
    """The model to speak with and the saved voice of that name, if there is one.

    A model that has a preset of the same name takes that: the default model here, one that was
    named when it is loaded. Without `model`, a saved voice is spoken by what it was made with.

    Raises:
        BadVoiceFile: and no model has that voice for sure.
        UnknownModel, ModelNotDownloaded: the voice's own model is not one to be fetched unasked.
    """
    path = store.locate(voice) if voice else None
    if voice is None or path is None:
        return model or default, None
    if model is None and _is_preset(voice, default):
        return default, None
    try:
        saved = store.find(voice)
    except BadVoiceFile:
        if model is not None and _is_preset(voice, model):
            return model, None
        raise
    return model or _own_model(saved), saved


def _is_preset(voice: str, model: str) -> bool:
    try:
        presets = registry.describe(catalog.resolve(model)).voices
    except SidecarError:  # it is not here; who asks for it will hear why
        return False
    return any(preset.name == voice.lower() for preset in presets)


def _own_model(saved: SavedVoice) -> str:
    """A file from somebody else must not make us fetch what it likes from the network."""
    name = saved.metadata.model
    if not catalog.is_listed(name):
        try:
            catalog.resolve(name)
        except SidecarError as error:
            raise type(error)(
                f"The voice {saved.name!r} was made with a model that is not here. {error.message}",
                hint="Name one that it fits in `model`, or load that one first with model/load.",
                field="model",
            ) from None
    return name
