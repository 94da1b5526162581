"""What a narration is asked for, and what comes out of it."""

from __future__ import annotations

import msgspec

from sidecar.audio.formats import AudioFormat
from sidecar.engine.events import SpeechFigures
from sidecar.engine.request import SpeechRequest
from sidecar.errors import Notice


class Pauses(msgspec.Struct, frozen=True):
    """Seconds of silence put behind a sentence, and behind a paragraph's last one.

    They join what the model itself leaves quiet around each of its utterances.
    """

    sentence: float = 0.1
    paragraph: float = 0.4


class NarrationRequest(msgspec.Struct, frozen=True):
    """A text of any length, to be spoken as one stream.

    Attributes:
        speech: all but the text; `seed` is the first passage's.
        text: the beginning, or all of it.
        language: of the text, if it is known.
        live: more of the text is being written.
        text_timeout: seconds that a text may stand still before its end.
        transcribed: the voice is cloned from a recording with its transcript.
        split: into sentences; else the text is one utterance.
        normalize: numbers, dates, units, … as words, by the rules of the language.
        max_frames: of the whole; then it ends with the reason "length".
    """

    speech: SpeechRequest
    text: str
    language: str | None = None
    live: bool = False
    text_timeout: float = 60.0
    transcribed: bool = False
    split: bool = True
    normalize: bool = True
    pauses: Pauses = Pauses()
    format: AudioFormat = AudioFormat()
    max_frames: int = 2**31


class Mark(msgspec.Struct, frozen=True):
    """Where a sentence is, in the text and in the audio.

    Attributes:
        index: counts 0, 1, 2, …
        start, end: in the original text, in code points. The next one starts where this ends.
        start_seconds: in the audio that comes out.
    """

    index: int
    start: int
    end: int
    start_seconds: float


class Part(msgspec.Struct, frozen=True):
    """The next bytes of the stream.

    Attributes:
        samples: how many samples of it they are about; all parts add up to the whole.
        frames: what the model spoke for them; 0 for a pause.
        sentence: the index of the sentence they belong to.
        sample_rate: samples per second.
    """

    data: bytes
    samples: int
    frames: int
    sentence: int
    sample_rate: int


# (offset, bytes) of the finished file.
Patch = tuple[int, bytes]


class NarrationResult(SpeechFigures, frozen=True, kw_only=True):
    """The end of a narration. Its finish reason is "runaway" if any passage ran away.

    Attributes:
        notices: what was noticed; they say which passages ran away.
        patches: complete the header of a file that is kept whole; see `audio.encoders.patched`.
    """

    sentences: int
    notices: tuple[Notice, ...] = ()
    patches: tuple[Patch, ...] = ()


# What comes out of a narration while it is spoken, and all that comes out of it.
Output = Mark | Part
NarrationEvent = Output | NarrationResult
