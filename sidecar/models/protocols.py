"""What the engine asks of a model family: a `TTSModel` gives it frames, a `SpeechGenerator` audio.

Importing this module does not import MLX; only annotations name its arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sidecar.models.base import (
    CodeSpec,
    GenerationDefaults,
    GenerationSettings,
    ModelInfo,
    Utterance,
    VoicePrompt,
    WordTimes,
)

if TYPE_CHECKING:
    import mlx.core as mx
    import numpy as np
    from numpy.typing import NDArray

    from sidecar.audio.reference import Recording


class ResidualDraws(NamedTuple):
    """What the draws of codebooks 1 and up depend on, but for the logits.

    Attributes:
        noise: float32 [rows, (codebooks − 1) × vocab], Gumbel noise times the row's temperature;
            None if no row draws at random.
        settings: float32 [rows, 3]: top-k from 1 to vocab, top-p, temperature; a greedy row has
            temperature 0 and noise 0.
    """

    noise: mx.array | None
    settings: mx.array


class FrameSampler(Protocol):
    """The engine's sampler, which draws one code per row; a model calls it inside `frame`."""

    def first(self, logits: mx.array) -> mx.array:
        """Sample from float [rows, vocab] of codebook 0 → uint32 [rows]."""
        ...

    def residual(self, codebook: int, logits: mx.array) -> mx.array:
        """Sample from float [rows, vocab] of codebook `codebook` ≥ 1 → uint32 [rows]."""
        ...

    def residual_draws(self, vocab: int) -> ResidualDraws:
        """Return what a kernel needs to draw as `residual` does, for all codebooks of a frame."""
        ...

    def note_finite(self, finite: mx.array) -> None:
        """Take bool [rows], whether the kernel's last logits are finite numbers."""
        ...


class TTSModel(Protocol):
    """One loaded checkpoint. Every call happens on the engine thread.

    `Any` below is the family's own state of a row; the engine keeps it and passes it back.

    Attributes:
        rows_share_cost: a frame of many rows costs about as much as a frame of one, as on a GPU.
        frames_ahead: how many frames are started before a chunk is built: 0 where that would delay
            the chunk, several where the host takes longer to build it than the device to compute a
            frame.
    """

    info: ModelInfo
    dtype: str
    defaults: GenerationDefaults
    codes: CodeSpec
    rows_share_cost: bool
    frames_ahead: int

    @property
    def prompt_cache_bytes(self) -> int:
        """Bytes that it keeps of the beginnings of prompts; bounded. For any thread."""
        ...

    def forget_prompts(self) -> None:
        """Free those; the next prompts are computed from their beginnings."""
        ...

    def encode(self, recording: Recording) -> VoicePrompt:
        """Compute what a prompt needs from a recording.

        Raises:
            Unsupported: this model cannot clone, or has no encoder for the transcript.
            BadReferenceAudio, TextTooLong, InvalidParams
        """
        ...

    def prepare(self, utterance: Utterance) -> Any:
        """Check the request against this model and build its prompt.

        Raises:
            IncompatibleVoice: the features are not of this model's kind.
            SidecarError: unknown voice or language, unsupported.
        """
        ...

    def open(self, prompt: Any) -> Any:
        """Return the row's decoding state, before its prefill."""
        ...

    def pieces_left(self, row: Any) -> int:
        """Return how many pieces of its prompt the row still needs."""
        ...

    def prefill(self, rows: Sequence[Any]) -> Sequence[Any]:
        """Run one piece of the first row's prompt, codec included, and one of those others that
        cost little beside it; return the rows for which it was the last.

        If this raises an error, no row has advanced.
        """
        ...

    def is_waiting_for_text(self, row: Any) -> bool:
        """Return whether the row waits for text that has not arrived yet."""
        ...

    def find_unspoken(self, row: Any) -> Sequence[str]:
        """Return letters of the row's text that this model does not know and has left out; only
        some of them if there are many."""
        ...

    def append_text(self, row: Any, text: str, last: bool) -> None:
        """Add text to a row whose utterance has `more_text`; `last` ends the text.

        Raises:
            SidecarError: text that cannot be spoken.
        """
        ...

    def frame(self, rows: Sequence[Any], sampler: FrameSampler) -> mx.array:
        """Add one frame to every row → uint32 [rows, codebooks], to be evaluated.

        A row that draws `codes.eos` as its first code has ended; its other codes mean nothing.
        If this raises an error, no row has advanced.
        """
        ...

    def decode(self, rows: Sequence[Any], codes: Sequence[NDArray[np.uint32]]) -> list[mx.array]:
        """Start decoding each row's uint32 [frames, codebooks] into the samples after its past →
        per row float32 [samples], being computed."""
        ...

    def close(self, row: Any) -> None:
        """Free the row's arrays; the row may be in a frame that is being computed."""
        ...

    def warm_up(self, sampler: Callable[[int], FrameSampler]) -> None:
        """Run every shape of work once, so that the first request does not wait for kernels.

        Args:
            sampler: makes a sampler for a number of rows.
        """
        ...


class SpeechGenerator(Protocol):
    """One loaded checkpoint of a family with its own decode loop, one utterance at a time.

    Every call happens on the engine thread. The family draws from MLX's global random state.
    """

    info: ModelInfo
    dtype: str

    @property
    def prompt_cache_bytes(self) -> int:
        """As `TTSModel.prompt_cache_bytes`."""
        ...

    def forget_prompts(self) -> None:
        """As `TTSModel.forget_prompts`."""
        ...

    def encode(self, recording: Recording) -> VoicePrompt:
        """As `TTSModel.encode`."""
        ...

    def prepare(self, utterance: Utterance, settings: GenerationSettings) -> Any:
        """Check the request; `utterance.reference` is a recording or None.

        Raises:
            Unsupported: the family cannot do it.
            SidecarError: unknown voice or language, bad recording.
        """
        ...

    def speak(self, prompt: Any) -> Iterator[mx.array | WordTimes | None]:
        """Yield float samples [length], evaluated, in order, and None where others may have their
        turn; with the ability wordTimes, also the times of the words, right before or after the
        samples that they are about. Another utterance may begin only after this one has ended or
        has been closed."""
        ...

    def warm_up(self, go_on: Callable[[], None]) -> None:
        """Run the work once, so that the first request does not wait for kernels.

        Args:
            go_on: called between two pieces of it; what it raises ends the warm-up.
        """
        ...
