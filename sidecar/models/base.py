"""The values that pass between the engine and a model family.

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
    """Audio from which a voice is cloned, as a request has it.

    Attributes:
        path: an audio file, or None.
        data: the bytes of an audio file, or None.
        encoded: the same in base64, or None.
        text: its transcript; without one only the timbre is cloned (x-vector).
        append_silence: whether 0.5 s of silence is appended.
    """

    path: str | None = None
    data: bytes | None = None
    text: str | None = None
    append_silence: bool = True
    encoded: str | None = None


class VoicePrompt(msgspec.Struct, frozen=True, eq=False):
    """The output of a model's encoders for a voice: what a prompt needs. Plain arrays, for any
    thread.

    Attributes:
        speaker: float32 [hidden], the x-vector.
        codes: uint16 [frames, codebooks] of the recording, or None for the timbre alone.
        text: its transcript; None if and only if `codes` is None.
        text_ids: int32 [tokens], the transcript in the model's tokens; None likewise.
        notices: remarks about the recording.
        source: sha256 of the recording's file, in hexadecimal; empty if it is not known.
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
        """Letters of the transcript per second, pauses included; None without a transcript."""
        if self.codes is None or self.text is None:
            return None
        return tempo.measure_rate(self.text, len(self.codes) / CODEC_FRAMES_PER_SECOND)


class StoredVoice(Protocol):
    """A saved voice whose file has been read."""

    @property
    def name(self) -> str: ...

    @property
    def language(self) -> str | None:
        """The language that it speaks by default."""
        ...

    @property
    def tempo(self) -> float | None:
        """As `VoicePrompt.tempo`."""
        ...

    def features(self) -> VoicePrompt:
        """Return the voice for a prompt, without using the disk.

        Raises:
            BadVoiceFile: the file could not be read.
        """
        ...


Voice: TypeAlias = "Recording | StoredVoice | VoicePrompt"


class Spoken(msgspec.Struct, frozen=True, eq=False):
    """Earlier speech of the same voice.

    Attributes:
        text: the text.
        codes: int32 [frames, codebooks], the codes that the model generated for it.
    """

    text: str
    codes: NDArray[np.int32]


class Utterance(msgspec.Struct, frozen=True):
    """A text to speak, and how; None means the model's default.

    Attributes:
        reference: the voice to clone. A `TTSModel` accepts only a VoicePrompt, which
            `engine/references.py` makes from the others.
        more_text: `text` is the beginning; the rest follows by `TTSModel.append_text`.
        follows: earlier speech. The voice continues as it sounded there, unless a preset, or a
            recording with its transcript, determines the sound.
    """

    text: str
    voice: str | None = None
    language: str | None = None
    instruct: str | None = None
    reference: Voice | None = None
    text_mode: str | None = None
    more_text: bool = False
    follows: Spoken | None = None


class SpokenWord(msgspec.Struct, frozen=True):
    """A word that a family has spoken, as it knows it.

    Attributes:
        text: a part of the utterance's text; those of all words come in order.
        start, end: seconds from the beginning of the utterance's audio.
    """

    text: str
    start: float
    end: float


class WordTimes(msgspec.Struct, frozen=True):
    """The times of words of an utterance, by the family that speaks it.

    Attributes:
        words: the next words; None if their times are not known.
        why: why they are not known, for a person: a clause without a full stop.
        grain_ms: the distance of the times that it can tell apart, in milliseconds.
    """

    words: tuple[SpokenWord, ...] | None
    why: str = ""
    grain_ms: float = 25.0


class SamplingParams(msgspec.Struct, frozen=True):
    """How one stage samples its codes. temperature 0 is greedy; top_k 0 keeps all codes."""

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
    """Settings of a `SpeechGenerator`; None means the family's default.

    Attributes:
        max_seconds: audio after that is dropped.
        is_awaited: nothing of the request has been heard yet, so its first audio is to come early.
    """

    max_seconds: float
    is_awaited: bool = False
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    repetition_penalty: float | None = None


Gender = Literal["female", "male"]


class VoiceInfo(msgspec.Struct, frozen=True):
    """A preset voice.

    Attributes:
        dialect: the language that it speaks when a request names none.
        gender: None if it is not known.
        languages: its native languages, a dialect included; empty if they are not known. It may
            speak others, too.
        description: one sentence, in English.
    """

    name: str
    dialect: str | None = None
    gender: Gender | None = None
    languages: tuple[str, ...] = ()
    description: str | None = None


# What models differ in. presets: it has voices; cloning: `reference`; design: a voice described in
# words; instruct: a description of how to speak; textStreaming: text that arrives while it speaks;
# batching: several streams at once; seed: the same seed gives the same audio; phonemes: <phoneme>;
# wordTimes: it knows when it says each word; aligning: it finds when words are said in others'
# speech, and speaks none.
Ability = Literal[
    "presets", "cloning", "design", "instruct", "textStreaming", "batching", "seed", "phonemes",
    "wordTimes", "aligning",
]  # fmt: skip


TextMode = Literal["full", "stream"]


class ModelInfo(msgspec.Struct, frozen=True):
    """What is known of a checkpoint without loading its weights.

    Attributes:
        abilities: what it can do; everything else is refused with `Unsupported`.
        languages: names for `Utterance.language`; those in `dialects` belong to voices.
        speaker_size: length of the x-vector in its prompt; 0 if it cannot clone.
        codebooks: codes in a frame.
        default_text_mode: how it reads a text unless a request says otherwise: "full" before the
            first frame, or "stream", one token with each frame.
        continues_from_codes: whether an utterance continues from the codes of `Utterance.follows`.
        reads_figures: whether it reads figures and signs itself; otherwise they are spelled in
            words, unless a request says otherwise.
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
    reads_figures: bool = False


class CodeSpec(msgspec.Struct, frozen=True):
    """A frame's codes; the vocabulary is that of codebook 0.

    Attributes:
        codebooks: codes in a frame.
        vocab_size: the number of codes.
        eos: the code that ends the speech.
        suppressed: codes that are never drawn.
    """

    codebooks: int
    vocab_size: int
    eos: int
    suppressed: tuple[int, ...]
