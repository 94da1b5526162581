"""What the engine asks of a family that speaks by itself; see `base.py` for the other kind.

Importing this module does not import MLX; only annotations name its arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from sidecar.models.base import ModelInfo, Utterance, VoicePrompt

if TYPE_CHECKING:
    import mlx.core as mx

    from sidecar.audio.reference import Recording


class GenerationSettings(msgspec.Struct, frozen=True):
    """How a `SpeechGenerator` is to speak; None leaves it to the family.

    Attributes:
        max_seconds: nobody listens to what comes behind that.
    """

    max_seconds: float
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    repetition_penalty: float | None = None


class SpeechGenerator(Protocol):
    """One loaded checkpoint of a family that speaks by itself, one utterance at a time.

    Every call happens on the engine thread. It draws from MLX's global random state.
    """

    info: ModelInfo
    dtype: str

    @property
    def reference_cache_bytes(self) -> int:
        """As `TTSModel.reference_cache_bytes`."""
        ...

    def encode(self, recording: Recording) -> VoicePrompt:
        """As `TTSModel.encode`."""
        ...

    def prepare(self, utterance: Utterance, settings: GenerationSettings) -> Any:
        """Checks the request; `utterance.reference` is a recording, if anything.

        Raises:
            Unsupported: what the family cannot do.
            SidecarError: unknown voice or language, bad recording.
        """
        ...

    def speak(self, prompt: Any) -> Iterator[mx.array]:
        """Float samples [length], evaluated, in order. Another utterance may begin only when this
        one has ended or has been closed."""
        ...

    def warm_up(self, go_on: Callable[[], None]) -> None:
        """Runs the work once, so that the first request need not wait for kernels.

        Args:
            go_on: called between two pieces of it; whatever it raises ends it.
        """
        ...
