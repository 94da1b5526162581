"""What the engine asks of a model family: a `TTSModel` gives it frames, a `SpeechGenerator` audio.

Importing this module does not import MLX; only annotations name its arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from sidecar.models.base import (
    CodeSpec,
    GenerationDefaults,
    GenerationSettings,
    ModelInfo,
    Utterance,
    VoicePrompt,
)

if TYPE_CHECKING:
    import mlx.core as mx

    from sidecar.audio.reference import Recording


class FrameSampler(Protocol):
    """Draws one code per row; the engine's sampler, called by a model inside `frame`."""

    def first(self, logits: mx.array) -> mx.array:
        """float [rows, vocab] of codebook 0 → uint32 [rows]."""
        ...

    def residual(self, codebook: int, logits: mx.array) -> mx.array:
        """float [rows, vocab] of codebook `codebook` ≥ 1 → uint32 [rows]."""
        ...


class TTSModel(Protocol):
    """One loaded checkpoint. Every call happens on the engine thread.

    `Any` below is the family's own state of a row: the engine keeps it and hands it back.

    Attributes:
        rows_share_cost: a frame of many rows costs about as much as a frame of one, as on a GPU.
    """

    info: ModelInfo
    dtype: str
    defaults: GenerationDefaults
    codes: CodeSpec
    rows_share_cost: bool

    @property
    def reference_cache_bytes(self) -> int:
        """What it keeps of references that its codec has heard, bounded; any thread."""
        ...

    def encode(self, recording: Recording) -> VoicePrompt:
        """Computes what a prompt needs of a recording.

        Raises:
            Unsupported: this model clones no voice, or has no encoder for the transcript.
            BadReferenceAudio, TextTooLong, InvalidParams
        """
        ...

    def prepare(self, utterance: Utterance) -> Any:
        """Checks the request against this model and builds its prompt.

        Raises:
            IncompatibleVoice: the features are not of this model's kind.
            SidecarError: unknown voice or language, unsupported.
        """
        ...

    def open(self, prompt: Any) -> Any:
        """The row's decoding state, before its prefill."""
        ...

    def pieces_left(self, row: Any) -> int:
        """How many calls of `prefill` the row needs."""
        ...

    def prefill(self, row: Any) -> bool:
        """Runs one piece of the prompt, codec included; True when that was the last."""
        ...

    def is_waiting_for_text(self, row: Any) -> bool:
        """Whether the row waits for text that has not arrived yet."""
        ...

    def find_unspoken(self, row: Any) -> Sequence[str]:
        """Return letters of the row's text that this model has not learned and has left out; some
        of them where there are many."""
        ...

    def append_text(self, row: Any, text: str, last: bool) -> None:
        """Adds text to a row that was opened with more to come; `last` says there is no more.

        Raises:
            SidecarError: text that cannot be spoken.
        """
        ...

    def frame(self, rows: Sequence[Any], sampler: FrameSampler) -> mx.array:
        """Adds one frame to every row → uint32 [rows, codebooks], to be evaluated.

        A row that draws `codes.eos` as its first code has ended; its other codes mean nothing.
        Whatever it raises, no row has advanced.
        """
        ...

    def decode(self, rows: Sequence[Any], codes: Sequence[mx.array]) -> list[mx.array]:
        """Starts turning each row's uint32 [frames, codebooks] into samples that follow its past
        → per row float32 [samples], being computed."""
        ...

    def close(self, row: Any) -> None:
        """Frees what the row holds; it may be in a frame that is being computed."""
        ...

    def warm_up(self, sampler: Callable[[int], FrameSampler]) -> None:
        """Runs every shape of work once, so that the first request need not wait for kernels.

        Args:
            sampler: makes one for so many rows.
        """
        ...


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
