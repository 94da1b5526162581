"""What the engine asks of a model family, and the values that pass between them.

Importing this module does not import MLX; only annotations name its arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

import msgspec

from sidecar.errors import Notice
from sidecar.limits import CODEC_FRAMES_PER_SECOND, MAX_REFERENCE_SECONDS
from sidecar.text import tempo

if TYPE_CHECKING:
    import mlx.core as mx
    import numpy as np
    from numpy.typing import NDArray

    from sidecar.audio.reference import Recording


class ReferenceAudio(msgspec.Struct, frozen=True):
    """Audio to clone a voice from, as it came in.

    Attributes:
        path: an audio file, or None.
        data: the bytes of an audio file, or None.
        text: its transcript; None takes the timbre only (x-vector).
        append_silence: put 0.5 s of silence behind it.
    """

    path: str | None = None
    data: bytes | None = None
    text: str | None = None
    append_silence: bool = True

    def read(
        self,
        most_seconds: float = MAX_REFERENCE_SECONDS,
        check: Callable[[], None] = lambda: None,
    ) -> Recording:
        """What the engine takes; any thread but the engine's. Raises as `reference.read`, and what
        `check` raises, which is asked while it takes long."""
        from sidecar.audio import reference  # numpy and libsndfile: the handshake does without

        return reference.read(
            self.path,
            self.data,
            self.text,
            self.append_silence,
            most_seconds=most_seconds,
            check=check,
        )


class VoicePrompt(msgspec.Struct, frozen=True, eq=False):
    """A voice to speak with, as a model's encoders heard it; plain arrays, for any thread.

    Attributes:
        speaker: float32 [hidden], the x-vector.
        codes: uint16 [frames, codebooks] of the recording, or None for the timbre alone.
        text: its transcript; None exactly where `codes` is.
        text_ids: int32 [tokens], the transcript in the model's tokens; None likewise.
        notices: what was noticed about the recording.
        source: sha256 of the recording's file, in hexadecimal; empty where it is not known.
    """

    speaker: NDArray[np.float32]
    codes: NDArray[np.uint16] | None = None
    text: str | None = None
    text_ids: NDArray[np.int32] | None = None
    notices: tuple[Notice, ...] = ()
    source: str = ""

    @property
    def nbytes(self) -> int:
        arrays = (self.speaker, self.codes, self.text_ids)
        return sum(array.nbytes for array in arrays if array is not None)

    @property
    def tempo(self) -> float | None:
        """Letters of the transcript a second, pauses included; None without one."""
        if self.codes is None or self.text is None:
            return None
        return tempo.rate(self.text, len(self.codes) / CODEC_FRAMES_PER_SECOND)


class StoredVoice(Protocol):
    """A voice that was kept, and has been read."""

    @property
    def name(self) -> str: ...

    @property
    def language(self) -> str | None:
        """What it speaks when nothing is said about that."""
        ...

    @property
    def tempo(self) -> float | None:
        """As that of its features."""
        ...

    def features(self) -> VoicePrompt:
        """Needs no disk.

        Raises:
            BadVoiceFile: it could not be read.
        """
        ...


Voice: TypeAlias = "Recording | StoredVoice | VoicePrompt"


class Spoken(msgspec.Struct, frozen=True, eq=False):
    """Something this voice has said.

    Attributes:
        text: the words.
        codes: int32 [frames, codebooks], what the model made of them.
    """

    text: str
    codes: NDArray[np.int32]


class Utterance(msgspec.Struct, frozen=True):
    """What is to be said, and how; None means the model's own default.

    Attributes:
        reference: the voice to clone. A model takes features only: `engine/references.py` makes
            them of the others.
        more_text: `text` is the beginning; the rest follows by `TTSModel.append_text`.
        follows: said before this by the same voice. It goes on as that one did where nothing else
            tells how it sounds: no preset, and no recording with its transcript.
    """

    text: str
    voice: str | None = None
    language: str | None = None
    instruct: str | None = None
    reference: Voice | None = None
    text_mode: str | None = None
    more_text: bool = False
    follows: Spoken | None = None


class SamplingParams(msgspec.Struct, frozen=True):
    """How one stage draws its codes. temperature 0 is greedy; top_k 0 keeps all."""

    temperature: float = 0.9
    top_k: int = 50
    top_p: float = 1.0


class GenerationDefaults(msgspec.Struct, frozen=True):
    """A checkpoint's generation_config.json over the official defaults."""

    talker: SamplingParams = msgspec.field(default_factory=SamplingParams)
    subtalker: SamplingParams = msgspec.field(default_factory=SamplingParams)
    repetition_penalty: float = 1.05
    max_frames: int = 2048
    min_frames: int = 2


Gender = Literal["female", "male"]


class VoiceInfo(msgspec.Struct, frozen=True):
    """A preset voice.

    Attributes:
        dialect: the language that it speaks when none is asked for.
        gender: None if it is not known.
        languages: those that are native to it, a dialect included; empty if they are not known. It
            may speak others, too.
        description: one sentence, in English.
    """

    name: str
    dialect: str | None = None
    gender: Gender | None = None
    languages: tuple[str, ...] = ()
    description: str | None = None


# What models differ in. presets: voices of its own; cloning: `reference`; design: a voice in words;
# instruct: how to speak, in words; textStreaming: text that arrives while it speaks; batching:
# several streams at once; seed: the same one gives the same audio.
Ability = Literal["presets", "cloning", "design", "instruct", "textStreaming", "batching", "seed"]


TextMode = Literal["full", "stream"]


class ModelInfo(msgspec.Struct, frozen=True):
    """What can be known of a checkpoint without loading its weights.

    Attributes:
        abilities: what it can do; the rest is refused with `Unsupported`.
        languages: those to ask for by name; `dialects` may be, too, but belong to voices.
        speaker_size: length of an x-vector that its prompt takes; 0 where it clones no voice.
        codebooks: codes in a frame.
        default_text_mode: how it takes a text unless a request says otherwise: "full" before the
            first frame, or "stream", a token with each frame.
        continues_from_codes: an utterance goes on from the codes of `Utterance.follows`.
    """

    family: str
    variant: str
    sample_rate: int
    voices: tuple[VoiceInfo, ...]
    languages: tuple[str, ...]
    dialects: tuple[str, ...] = ()
    speaker_size: int = 0
    codebooks: int = 0
    abilities: tuple[Ability, ...] = ()
    default_text_mode: TextMode = "full"
    continues_from_codes: bool = False


class CodeSpec(msgspec.Struct, frozen=True):
    """A frame's codes; what is said of a vocabulary is codebook 0's.

    Attributes:
        codebooks: codes in a frame.
        vocab_size: how many codes there are.
        eos: the one that ends the speech.
        suppressed: those that are never drawn.
    """

    codebooks: int
    vocab_size: int
    eos: int
    suppressed: tuple[int, ...]


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
