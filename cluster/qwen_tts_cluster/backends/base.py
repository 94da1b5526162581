"""What generates speech for a replica, whatever it is."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Protocol

import msgspec


class SpeechRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to speak. A field that is None takes the backend's default."""

    text: str
    model: str | None = None
    voice: str | None = None
    """A preset or a saved voice."""

    language: str | None = None
    instructions: str | None = None
    speed: float | None = None
    seed: int | None = None
    encoding: str = "pcm_s16le"
    """One of the protocol's encodings: pcm_s16le, pcm_f32le, wav, flac, mp3, ogg_opus."""

    sample_rate: int | None = None
    more: dict[str, Any] = {}
    """Further params of `speech/synthesize`, in the spelling of the Python client; a backend
    that cannot do one refuses it with `unsupported`."""


class Audio(msgspec.Struct, frozen=True):
    """A piece of the audio, in order."""

    data: bytes
    samples: int
    """Samples that it adds; 0 where the encoder holds them back."""

    sample_rate: int


class Mark(msgspec.Struct, frozen=True):
    """Where a sentence or its words are; only if `more` asks for `timing`."""

    kind: str
    """sentence or words."""

    content: dict[str, Any]
    """In the protocol's spelling."""


class Finished(msgspec.Struct, frozen=True):
    """The end, always the last event."""

    finish_reason: str
    """stop, length, or runaway."""

    samples: int
    sample_rate: int
    seed: int | None = None

    frames: int = 0
    """Codec frames generated; 0: unknown."""

    real_time_factor: float | None = None
    """Seconds of generation for a second of audio; None: unknown."""

    content: dict[str, Any] = {}
    """What else the backend says about it, in the protocol's spelling."""


SpeechEvent = Audio | Mark | Finished


class Load(msgspec.Struct, frozen=True):
    """How busy a backend is."""

    streams: int
    """Speeches that are being generated."""

    queued: int
    """Speeches that wait for their turn."""


class VoiceInfo(msgspec.Struct, frozen=True):
    """A voice that may be asked for."""

    name: str
    kind: str
    """preset or saved."""

    models: list[str] = []
    """Models that have it; empty: unknown, or all."""

    gender: str | None = None
    """female or male; None: unknown."""


class ModelInfo(msgspec.Struct, frozen=True):
    """A model that may be asked for."""

    name: str
    is_loaded: bool = False


class Backend(Protocol):
    """Generates speech. Everything is called on one event loop, the replica's.

    Every error of a request is a `SpeechError`.
    """

    async def start(self) -> None:
        """Start it, and wait until it takes requests.

        Raises:
            SpeechError: it cannot be started.
        """
        ...

    async def close(self) -> None:
        """End it, and wait until nothing of it is left."""
        ...

    def speak(self, request: SpeechRequest) -> AsyncGenerator[SpeechEvent, None]:
        """Yield the audio as it is generated, then `Finished`. Closing the generator cancels.

        No more than some seconds are generated beyond what was taken from the generator.

        Raises:
            SpeechError: by the iteration: refused, or failed on the way.
        """
        ...

    async def voices(self, model: str | None = None) -> list[VoiceInfo]:
        """Return the presets of a model, by default of the default one, and the saved voices.

        Raises:
            SpeechError: `unknownModel`.
        """
        ...

    async def models(self) -> list[ModelInfo]:
        """Return the models."""
        ...

    async def load(self) -> Load:
        """Return how busy it is."""
        ...

    async def check(self) -> None:
        """Return if it is healthy, after an own attempt to make it so.

        Raises:
            SpeechError: it is broken for good: the replica has to be replaced.
        """
        ...
