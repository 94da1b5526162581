"""What comes of a `speech/synthesize`: its progress and its result."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sidecar.rpc.contract.common import Result, Warning
from sidecar.rpc.contract.speech import Encoding


class Metrics(Result):
    """Timing and memory of the request."""

    queue_ms: Annotated[
        float,
        Meta(
            description="Milliseconds from the request to its first computation, including loading "
            "the model."
        ),
    ]
    first_audio_ms: Annotated[
        float, Meta(description="Milliseconds from the request to its first chunk.")
    ]
    generation_ms: Annotated[
        float,
        Meta(
            description="Milliseconds of computation, without waits for the client: for text, for "
            "credit, or until it reads."
        ),
    ]
    real_time_factor: Annotated[
        float,
        Meta(
            description="generationMs ÷ durationMs (dimensionless). Below 1 is faster than "
            "playback."
        ),
    ]
    peak_memory_bytes: Annotated[
        int, Meta(description="Peak memory of MLX since the process started, in bytes.")
    ]


class SynthesizeResult(Result):
    """How the speech ended."""

    finish_reason: Annotated[
        Literal["stop", "length", "runaway"],
        Meta(
            description="stop: the speech ended by itself. length: it was cut at `maxFrames`. "
            "runaway: it did not end by itself and was cut."
        ),
    ]
    frames: Annotated[int, Meta(description="Number of codec frames generated, 80 ms each.")]
    samples: Annotated[int, Meta(description="Number of audio samples, including pauses.")]
    sample_rate: Annotated[int, Meta(description="Sample rate of the audio in Hz.")]
    encoding: Annotated[Encoding, Meta(description="Encoding of the audio.")]
    duration_ms: Annotated[
        float, Meta(description="Duration of the audio in milliseconds, including pauses.")
    ]
    sentences: Annotated[int, Meta(description="Number of `sentence` events that were sent.")]
    seed: Annotated[
        int, Meta(description="The seed that was used. Send it again to get the same audio.")
    ]
    metrics: Annotated[Metrics, Meta(description="Timing and memory of the request.")]
    warnings: Annotated[
        list[Warning] | None,
        Meta(
            description="Problems that did not stop the request, e.g. a poor reference recording. "
            "Absent: none."
        ),
    ] = None
    audio: Annotated[
        bytes | None, Meta(description="All of the audio. Absent with `partialResultToken`.")
    ] = None


class AudioProgress(Result, tag_field="kind", tag="audio"):
    """One chunk of a stream's audio."""

    seq: Annotated[int, Meta(description="Index of the chunk: 0, 1, 2, … without gaps.")]
    audio: Annotated[
        bytes,
        Meta(description="The next bytes of the encoded audio. Concatenate those of all chunks."),
    ]
    samples: Annotated[
        int, Meta(description="Number of audio samples in this chunk, including pauses.")
    ]
    frames: Annotated[
        int,
        Meta(
            description="Number of codec frames generated for this chunk, 80 ms each; 0 in a pause."
        ),
    ]
    sentence: Annotated[int, Meta(description="Index of the sentence this chunk belongs to.")]
    sample_rate: Annotated[
        int | None,
        Meta(description="Sample rate of the stream in Hz. Only the first chunk has it."),
    ] = None


class SentenceProgress(Result, tag_field="kind", tag="sentence"):
    """Where a sentence starts. All sentences together cover the text without gaps, in order."""

    index: Annotated[int, Meta(description="Index of the sentence: 0, 1, 2, … without gaps.")]
    text_start: Annotated[
        int,
        Meta(
            description="Start of the sentence in the request's text, in characters (Unicode code "
            "points)."
        ),
    ]
    text_end: Annotated[
        int,
        Meta(
            description="End of the sentence in the request's text, in characters (Unicode code "
            "points), exclusive."
        ),
    ]
    start_ms: Annotated[
        float, Meta(description="Start of the sentence in the audio, in milliseconds.")
    ]
    speaker: Annotated[
        str | None,
        Meta(description="Who says it, as `speakers` has the name. Absent: the request's voice."),
    ] = None
