"""The voices that requests bring along: recordings, saved voices, and the memory of both."""

from __future__ import annotations

from collections import OrderedDict

from msgspec.structs import replace

from sidecar.audio.reference import Recording
from sidecar.engine.models import Loaded, LoadedModel
from sidecar.engine.watchdog import Pulse
from sidecar.errors import IncompatibleVoice, Notice
from sidecar.models.base import Utterance, VoicePrompt

# A minute of reference is 40 kB; so this is hundreds of voices.
CACHE_BYTES = 16 * 2**20
# What an entry costs beside its arrays, the transcript left aside.
_ENTRY_BYTES = 512

# What features depend on: the file's content, the transcript, the silence, and the model.
Key = tuple[str, str | None, bool, int]


class References:
    """Features of reference recordings, the least recently used forgotten first.

    Engine thread only; its figures may be read from any.

    Args:
        pulse: is told before a recording is encoded.
        limit: bytes to keep.
    """

    def __init__(self, pulse: Pulse | None = None, limit: int = CACHE_BYTES) -> None:
        self._pulse = pulse
        self._limit = limit
        self._kept: OrderedDict[Key, VoicePrompt] = OrderedDict()
        self.nbytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def resolve(
        self, loaded: LoadedModel, utterance: Utterance
    ) -> tuple[Utterance, tuple[Notice, ...]]:
        """The utterance with features for a reference, and what was noticed about that.

        Raises:
            IncompatibleVoice: a saved voice for a model that clones none.
            BadReferenceAudio, BadVoiceFile, Unsupported
        """
        asked = utterance.reference
        if asked is None or isinstance(asked, VoicePrompt):
            return utterance, ()
        if isinstance(asked, Recording):
            features = self.encoded(loaded, asked)
            return replace(utterance, reference=features), features.notices
        info = loaded.model.info
        name = (utterance.voice or "").lower()
        if any(preset.name == name for preset in info.voices):  # the model's own come first
            return replace(utterance, reference=None), ()
        if info.variant != "base":
            raise IncompatibleVoice(
                f"{asked.name!r} is a saved voice, and a {info.variant} model cannot speak with "
                f"those.",
                hint="Leave `model` out, or name a Base model.",
                field="voice",
            )
        language = utterance.language or asked.language
        features = asked.features()
        return replace(utterance, reference=features, voice=None, language=language), ()

    def encoded(self, loaded: Loaded, recording: Recording) -> VoicePrompt:
        """A recording's features; raises as `TTSModel.encode`."""
        key: Key = (recording.source, recording.text, recording.append_silence, loaded.identity)
        known = self._kept.get(key)
        if known is not None:
            self._kept.move_to_end(key)
            return known
        if self._pulse is not None:
            self._pulse.at("encoding a reference")
        features = loaded.model.encode(recording)
        self._keep(key, features)
        return features

    def _keep(self, key: Key, features: VoicePrompt) -> None:
        self._kept[key] = features
        self.nbytes += _size(features)
        while self.nbytes > self._limit:
            _, forgotten = self._kept.popitem(last=False)
            self.nbytes -= _size(forgotten)


def _size(features: VoicePrompt) -> int:
    return features.nbytes + _ENTRY_BYTES + 4 * len(features.text or "")
