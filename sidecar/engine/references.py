"""The voices that requests bring along: recordings and saved voices, made ready for a model."""

from __future__ import annotations

from msgspec.structs import replace

from sidecar.audio.reference import Recording
from sidecar.engine.loaded import Loaded, LoadedAligner, LoadedGenerator
from sidecar.engine.watchdog import Heartbeat
from sidecar.errors import IncompatibleVoice, cannot_speak
from sidecar.models.base import Utterance, VoicePrompt
from sidecar.models.lru import BytesLRU

# The features of a minute of reference are 40 kB; so this is hundreds of voices.
CACHE_BYTES = 16 * 2**20
# What an entry costs in addition to its arrays and its transcript.
_ENTRY_BYTES = 512

# What features depend on: the file's content, the transcript, the silence, and the model.
Key = tuple[str, str | None, bool, int]


class References:
    """Makes references ready for a model, and remembers the features of recordings.

    Engine thread only; its figures may be read from any thread.

    Args:
        heartbeat: receives what is done before a recording is encoded.
        limit: bytes of features to keep.
    """

    def __init__(self, heartbeat: Heartbeat | None = None, limit: int = CACHE_BYTES) -> None:
        self._heartbeat = heartbeat
        self._features: BytesLRU[Key, VoicePrompt] = BytesLRU(limit, _size)

    def __len__(self) -> int:
        return len(self._features)

    @property
    def nbytes(self) -> int:
        return self._features.nbytes

    def resolve(self, loaded: Loaded, utterance: Utterance) -> Utterance:
        """Return the utterance with a reference that the model's `prepare` takes.

        That is a recording's features, or the recording itself for a generator, which encodes it
        on its own. A saved voice becomes its features, unless the model has a preset of its name.

        Raises:
            IncompatibleVoice: a saved voice, and the model cannot speak with one.
            BadReferenceAudio, BadVoiceFile, Unsupported
        """
        voice = utterance.reference
        if isinstance(voice, Recording):
            if isinstance(loaded, LoadedGenerator):
                return utterance
            return replace(utterance, reference=self.encode(loaded, voice))
        if voice is None or isinstance(voice, VoicePrompt):
            return utterance
        info = loaded.model.info
        name = (utterance.voice or "").lower()
        if any(preset.name == name for preset in info.voices):
            return replace(utterance, reference=None)
        if not info.speaker_size:
            raise IncompatibleVoice(
                f"{voice.name!r} is a saved voice, and {loaded.name!r} cannot speak with those.",
                hint="Omit `model`, or name a Base model.",
                field="voice",
            )
        language = utterance.language or voice.language
        return replace(utterance, reference=voice.features(), voice=None, language=language)

    def encode(self, loaded: Loaded, recording: Recording) -> VoicePrompt:
        """Return a recording's features. Raises as `TTSModel.encode`."""
        if isinstance(loaded, LoadedAligner):
            raise cannot_speak(loaded.name)
        key: Key = (recording.source, recording.text, recording.append_silence, loaded.identity)
        features = self._features.get(key)
        if features is None:
            if self._heartbeat is not None:
                self._heartbeat.beat("encoding a reference")
            features = loaded.model.encode(recording)
            self._features.put(key, features)
        return features


def _size(features: VoicePrompt) -> int:
    return features.nbytes + _ENTRY_BYTES + 4 * len(features.text or "")
