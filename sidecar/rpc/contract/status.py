"""What `server/status` answers."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sidecar.rpc.contract.common import Result


class MemoryStatus(Result):
    """Memory used by MLX, the array library."""

    active_bytes: Annotated[int, Meta(description="Memory in use now, in bytes.")]
    peak_bytes: Annotated[
        int, Meta(description="Peak memory in use since the process started, in bytes.")
    ]
    cache_bytes: Annotated[int, Meta(description="Freed memory that is kept for reuse, in bytes.")]
    limit_bytes: Annotated[
        int | None,
        Meta(description="Limit for all loaded models together, in bytes. Absent: no limit."),
    ] = None


class StreamStatus(Result):
    """A request that is being generated."""

    model: Annotated[str, Meta(description="The model that generates it.")]
    frames: Annotated[
        int, Meta(description="Number of codec frames generated so far, 80 milliseconds each.")
    ]
    audio_ms: Annotated[
        float, Meta(description="Duration of the audio delivered so far, in milliseconds.")
    ]
    elapsed_ms: Annotated[
        float, Meta(description="Milliseconds since the first computation for this request.")
    ]
    waits_for: Annotated[
        Literal["text", "credit", "resume"] | None,
        Meta(
            description="What the client has to send before the request goes on: more text, "
            "credit, or speech/resume. Absent: nothing."
        ),
    ] = None


class LoadedModel(Result):
    """A model in memory."""

    model: Annotated[str, Meta(description="The name that the model was first loaded by.")]
    dtype: Annotated[
        str, Meta(description="Data type of the weights: float32, bfloat16 or float16.")
    ]
    memory_bytes: Annotated[int, Meta(description="Memory of the weights in bytes.")]
    streams: Annotated[int, Meta(description="Number of requests that it is generating now.")]
    bits: Annotated[
        int | None,
        Meta(description="Bits of each quantised weight. Absent: not quantised."),
    ] = None


class EngineState(Result):
    """What the engine, which runs the models, is working on."""

    state: Annotated[
        Literal["idle", "busy", "stalled"],
        Meta(
            description="idle: no work. busy: working. stalled: one task has taken more than ten "
            "seconds; loading a model may take that long, speech should not."
        ),
    ]
    task: Annotated[
        str | None, Meta(description="The current task, for people. Absent if idle.")
    ] = None
    elapsed_ms: Annotated[
        float,
        Meta(
            description="How long the current task has taken so far, in milliseconds, rounded to "
            "whole seconds. Absent if idle."
        ),
    ] = 0.0


class ReferenceCacheStatus(Result):
    """The cache of analysed reference recordings, which makes their next use fast."""

    count: Annotated[int, Meta(description="Number of recordings in the cache.")]
    feature_bytes: Annotated[
        int,
        Meta(description="Size of their features (the output of the models' encoders) in bytes."),
    ]


class StatusResult(Result):
    """What the sidecar is doing, as of the engine's last step."""

    backend: Annotated[
        str,
        Meta(
            description="The device that runs the models: metal, cuda or cpu. starting: MLX is "
            "still being imported. broken: MLX cannot be imported."
        ),
    ]
    engine: Annotated[EngineState, Meta(description="What the engine is working on.")]
    memory: Annotated[MemoryStatus, Meta(description="Memory used by MLX.")]
    queued: Annotated[
        int, Meta(description="Number of requests that are waiting for a model or for their turn.")
    ]
    streams: Annotated[
        list[StreamStatus], Meta(description="The requests that are being generated.")
    ]
    models: Annotated[list[LoadedModel], Meta(description="The models in memory.")]
    reference_cache: Annotated[
        ReferenceCacheStatus, Meta(description="The cache of reference recordings.")
    ]
    prompt_cache_bytes: Annotated[
        int,
        Meta(
            description="Size of what the models keep of the beginnings of prompts, in bytes: the "
            "codec's states after recordings, and the talker's keys and values of instructions, "
            "preset voices and transcripts."
        ),
    ]
    uptime_ms: Annotated[float, Meta(description="Milliseconds since the process began to serve.")]
