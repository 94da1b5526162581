"""The times of words, as progress of speech/synthesize with `timing` word."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sidecar.rpc.contract.common import Result

Timing = Literal["sentence", "word"]


class TimedWord(Result):
    """A word of the text that was spoken."""

    word: Annotated[
        str,
        Meta(description="The word as it is written, without markup and marks around it."),
    ]
    start_ms: Annotated[float, Meta(description="Start of the word in the audio, in milliseconds.")]
    end_ms: Annotated[float, Meta(description="End of the word in the audio, in milliseconds.")]
    text_start: Annotated[
        int,
        Meta(
            description="Start of the word in the request's text, in characters (Unicode code "
            "points)."
        ),
    ]
    text_end: Annotated[
        int,
        Meta(
            description="End of the word in the request's text, in characters (Unicode code "
            "points), exclusive."
        ),
    ]


class WordsProgress(Result, tag_field="kind", tag="words"):
    """When the words of a sentence were spoken. It comes after the sentence's audio."""

    sentence: Annotated[int, Meta(description="Index of the sentence.")]
    words: Annotated[
        list[TimedWord] | None,
        Meta(
            description="The words in order. Empty: nothing of the sentence was spoken. null: "
            "there are no times, and the warning `wordTimesMissing` in the result says why."
        ),
    ]
    source: Annotated[
        Literal["model", "aligner"] | None,
        Meta(
            description="Who knows the times. model: the model that speaks. aligner: another one, "
            "which has compared the audio with the text. Absent: there are no times."
        ),
    ] = None
    grain_ms: Annotated[
        float | None,
        Meta(
            description="The distance of the times that `source` can tell apart, in milliseconds. "
            "Absent: there are no times."
        ),
    ] = None
