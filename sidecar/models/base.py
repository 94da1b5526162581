"""What the engine asks of a model family, and the values that pass between them.

Importing this module does not import MLX; only annotations name its arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import msgspec

from sidecar.errors import Notice
from sidecar.limits import CODEC_FRAMES_PER_SECOND
from sidecar.text import tempo

if TYPE_CHECKING:
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
        return tempo.measure_rate(self.text, len(self.codes) / CODEC_FRAMES_PER_SECOND)


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
