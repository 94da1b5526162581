"""What a synthesis is asked for, and what comes out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from sidecar.audio.formats import AudioFormat
from sidecar.engine.events import SpeechFigures
from sidecar.engine.request import SpeechRequest
from sidecar.errors import Notice
from sidecar.lexicon.entries import Lexicon
from sidecar.text.markup import SKIPPED

if TYPE_CHECKING:
    from sidecar.audio.encoders import Patch


class Pauses(msgspec.Struct, frozen=True):
    """Seconds of silence after a sentence, and after the last sentence of a paragraph.

    The silence adds to what the model itself leaves around each of its utterances.
    """

    sentence: float = 0.1
    paragraph: float = 0.4


class SpeakerVoice(msgspec.Struct, frozen=True):
    """One of several speakers.

    Attributes:
        name: as the request writes it.
        speech: as that of the whole request, with this one's model and voice.
        language: of what this one says, if the saved voice knows it; otherwise the request's.
    """

    name: str
    speech: SpeechRequest
    language: str | None = None


class SynthesisRequest(msgspec.Struct, frozen=True):
    """How a text of any length is to be spoken as one stream.

    Attributes:
        speech: everything but the text; `seed` is the first segment's.
        language: of the text; None if it is not known.
        text_timeout: seconds to wait for more of a text that is still being written.
        whole_sentences: give the model whole sentences even where it takes a text token by token.
        split: into sentences; otherwise the text is one utterance.
        normalize: write numbers, dates, units, … as words, by the rules of the language, and leave
            out markup; None leaves numbers and the like to a model that reads them itself.
        skip: what is not spoken, unless `normalize` is False; see `markup.Markup`.
        lexicons: how words are said; the first one counts most.
        is_ssml: whether the text is SSML, and not a plain text.
        max_frames: of the whole speech, which then ends with the reason "length".
        speakers: by their folded names; text that names none has the voice of `speech`.
        times_words: report when each word is spoken.
        aligner: the model that finds this out, where the family does not know it; None leaves it to
            the aligners of the package.
    """

    speech: SpeechRequest
    language: str | None = None
    text_timeout: float = 60.0
    whole_sentences: bool = False
    split: bool = True
    normalize: bool | None = None
    skip: tuple[str, ...] = SKIPPED
    lexicons: tuple[Lexicon, ...] = ()
    is_ssml: bool = False
    pauses: Pauses = Pauses()
    format: AudioFormat = AudioFormat()
    max_frames: int = 2**31
    speakers: dict[str, SpeakerVoice] = {}
    times_words: bool = False
    aligner: str | None = None


class Mark(msgspec.Struct, frozen=True):
    """The place of a sentence in the text and in the audio.

    Attributes:
        index: counts 0, 1, 2, …
        start, end: in the original text, in code points. The next sentence starts at `end`.
        start_seconds: in the audio that comes out.
        speaker: who speaks; None is the request's own voice.
    """

    index: int
    start: int
    end: int
    start_seconds: float
    speaker: str | None = None


class Part(msgspec.Struct, frozen=True):
    """The next bytes of the audio.

    Attributes:
        samples: how many samples the bytes are about; all parts add up to the whole.
        frames: how many codec frames the samples are; 0 for a pause.
        sentence: the index of the sentence that the audio belongs to.
        sample_rate: samples per second.
    """

    data: bytes
    samples: int
    frames: int
    sentence: int
    sample_rate: int


class Word(msgspec.Struct, frozen=True):
    """A word of the original that was spoken.

    Attributes:
        word: as it is written, without markup.
        start_seconds, end_seconds: in the audio that comes out.
        start, end: in the original text, in code points.
    """

    word: str
    start_seconds: float
    end_seconds: float
    start: int
    end: int


WordSource = Literal["model", "aligner"]


class Words(msgspec.Struct, frozen=True):
    """The words of a sentence, after its last audio.

    Attributes:
        sentence: the index of the sentence.
        words: in order; empty if nothing was spoken; None if their times could not be had, for
            which the result has a notice.
        source: who knew the times: the model that spoke, or an aligner; None without times.
        grain_ms: the distance of the times that it can tell apart, in milliseconds.
    """

    sentence: int
    words: tuple[Word, ...] | None = ()
    source: WordSource | None = None
    grain_ms: float | None = None


class SynthesisResult(msgspec.Struct, frozen=True):
    """The end of a synthesis.

    Attributes:
        figures: of the audio as it came out; the finish reason is "runaway" if that is the finish
            reason of any segment.
        sentences: how many sentences were marked.
        notices: what was noticed, for example which segments ran away.
        patches: what completes the header of a file that is kept whole; see
            `audio.encoders.apply_patches`.
    """

    figures: SpeechFigures
    sentences: int
    notices: tuple[Notice, ...] = ()
    patches: tuple[Patch, ...] = ()


# What comes out of a synthesis while it runs, and everything that comes out of it.
Output = Mark | Part | Words
SynthesisEvent = Output | SynthesisResult
