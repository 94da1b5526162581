"""The handshake, ping, server/status, cancelling, and what the sidecar sends by itself."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sidecar.rpc.contract.common import Params, Result, Token
from sidecar.rpc.contract.model import LoadProgress
from sidecar.rpc.contract.speech import AudioProgress, SentenceProgress
from sidecar.rpc.contract.voice import VoiceProgress

LogLevel = Literal["debug", "info", "warning", "error"]


class ClientInfo(Params):
    """The program that talks to the sidecar."""

    name: Annotated[str, Meta(description="The client's name, for the log.")]
    version: Annotated[
        str | None, Meta(description="The client's own version, for the log. Default: none.")
    ] = None


class InitializeParams(Params):
    """The handshake's params: which protocol the client speaks, and who it is."""

    protocol_version: Annotated[
        int,
        Meta(description="Version of the protocol that the client speaks: 1. Others are refused."),
    ]
    client_info: Annotated[ClientInfo, Meta(description="The client's name and version.")]
    process_id: Annotated[
        Annotated[int, Meta(ge=1, le=2**31 - 1)] | None,
        Meta(
            description="The client's process id. The sidecar ends when that process has ended. "
            "Default: none, and only the end of stdin counts."
        ),
    ] = None
    log_messages: Annotated[
        LogLevel | None,
        Meta(
            description="The sidecar sends log events of this level and above as "
            "window/logMessage notifications. Default: it sends none."
        ),
    ] = None


class LogMessageParams(Result):
    """An event of the log, in the Language Server Protocol's form."""

    type: Annotated[
        Literal[1, 2, 3, 4], Meta(description="1 is an error, 2 a warning, 3 info, 4 debug.")
    ]
    message: Annotated[str, Meta(description="The event in words, for people.")]
    logger: Annotated[
        str, Meta(description="The part of the sidecar that logged the event, e.g. sidecar.engine.")
    ]


class ServerInfo(Result):
    """The sidecar's own name and version."""

    name: Annotated[str, Meta(description="Always qwen-tts-sidecar.")]
    version: Annotated[str, Meta(description="Version of the Python package, e.g. 0.1.0.")]


class Limits(Result):
    """The largest requests that this sidecar takes."""

    max_message_bytes: Annotated[
        int, Meta(description="Largest body of one frame in bytes, in both directions.")
    ]
    max_discard_bytes: Annotated[
        int,
        Meta(
            description="Largest body of a frame, in bytes, that is over `maxMessageBytes` and is "
            "therefore refused and read past. A larger one ends the process."
        ),
    ]
    max_text_chars: Annotated[
        int,
        Meta(
            description="Longest text of a streamed request, in characters (Unicode code points)."
        ),
    ]
    max_utterance_chars: Annotated[
        int,
        Meta(
            description="Longest instruction or transcript, in characters (Unicode code points). "
            "It also bounds a text with `splitSentences: false`, and one whose audio comes whole "
            "in the result."
        ),
    ]
    max_frames: Annotated[
        int,
        Meta(description="Largest value of `maxFrames`, in codec frames; 12.5 of them are 1 s."),
    ]
    max_streams: Annotated[
        int, Meta(description="Number of requests that are generated at the same time.")
    ]
    max_queued: Annotated[
        int, Meta(description="Number of requests that may wait until one of those has ended.")
    ]
    max_reference_seconds: Annotated[
        float,
        Meta(
            description="Longest recording that `reference` may have, in seconds. The option "
            "--max-reference-seconds sets it."
        ),
    ]


class Capabilities(Result):
    """What this sidecar can do."""

    methods: Annotated[
        list[str],
        Meta(description="All methods that a client may send, notifications included."),
    ]
    encodings: Annotated[list[str], Meta(description="Values of `encoding`.")]
    text_modes: Annotated[list[str], Meta(description="Values of `textMode`.")]
    limits: Annotated[Limits, Meta(description="The largest requests that are taken.")]


class InitializeResult(Result):
    """The handshake's answer."""

    protocol_version: Annotated[
        int, Meta(description="Version of the protocol that the sidecar speaks: 1.")
    ]
    server_info: Annotated[ServerInfo, Meta(description="The sidecar's name and version.")]
    capabilities: Annotated[
        Capabilities, Meta(description="Methods, encodings and limits of this sidecar.")
    ]


class PingResult(Result):
    """A sign of life."""

    uptime_ms: Annotated[
        float, Meta(description="Milliseconds since the process started to serve.")
    ]


class MemoryStatus(Result):
    """The memory of MLX, the library that computes."""

    active_bytes: Annotated[int, Meta(description="Memory in use now, in bytes.")]
    peak_bytes: Annotated[
        int, Meta(description="The most memory that was in use since the start, in bytes.")
    ]
    cache_bytes: Annotated[
        int, Meta(description="Memory that is free but kept for reuse, in bytes.")
    ]
    limit_bytes: Annotated[
        int | None,
        Meta(
            description="What all loaded models together may take, in bytes. Absent: there is no "
            "limit."
        ),
    ] = None


class StreamStatus(Result):
    """A request that is being generated."""

    model: Annotated[str, Meta(description="The model that speaks.")]
    frames: Annotated[
        int, Meta(description="Number of codec frames generated so far, 80 milliseconds each.")
    ]
    audio_ms: Annotated[
        float, Meta(description="Length of the audio that was handed out so far, in milliseconds.")
    ]
    elapsed_ms: Annotated[
        float, Meta(description="Milliseconds since the first computation for this request.")
    ]


class LoadedModel(Result):
    """A model in memory."""

    model: Annotated[str, Meta(description="The name that it was first loaded by.")]
    dtype: Annotated[str, Meta(description="Type of its numbers: float32, bfloat16 or float16.")]
    memory_bytes: Annotated[int, Meta(description="Memory of its weights, in bytes.")]
    streams: Annotated[int, Meta(description="Number of requests that it is speaking now.")]
    bits: Annotated[
        int | None,
        Meta(description="Bits of each quantised weight. Absent: the model is not quantised."),
    ] = None


class EngineState(Result):
    """What the engine, which runs the models, is doing."""

    state: Annotated[
        Literal["idle", "busy", "stalled"],
        Meta(
            description="stalled: one piece of work has taken more than ten seconds. A load may "
            "take that long, speech should not."
        ),
    ]
    task: Annotated[
        str | None, Meta(description="That piece of work in words, for people. Absent if idle.")
    ] = None
    elapsed_ms: Annotated[
        float,
        Meta(
            description="How long that piece of work has taken so far, in milliseconds, rounded to "
            "whole seconds. Absent if idle."
        ),
    ] = 0.0


class ReferenceCacheStatus(Result):
    """Reference recordings whose analysis is kept in memory, so that it is not done again."""

    count: Annotated[int, Meta(description="Number of such recordings.")]
    feature_bytes: Annotated[
        int, Meta(description="Memory of what the models' encoders heard in them, in bytes.")
    ]
    codec_bytes: Annotated[
        int, Meta(description="Memory of what the models' codecs heard in them, in bytes.")
    ]


class StatusResult(Result):
    """What the sidecar is doing, at the engine's last step."""

    backend: Annotated[
        str,
        Meta(
            description="The device that computes: metal, cuda or cpu. starting: MLX is still "
            "being imported. broken: it cannot be imported."
        ),
    ]
    engine: Annotated[EngineState, Meta(description="What the engine is doing.")]
    memory: Annotated[MemoryStatus, Meta(description="The memory of MLX.")]
    queued: Annotated[
        int, Meta(description="Number of requests that wait for a model or for their turn.")
    ]
    streams: Annotated[
        list[StreamStatus], Meta(description="The requests that are being generated.")
    ]
    models: Annotated[list[LoadedModel], Meta(description="The models in memory.")]
    reference_cache: Annotated[
        ReferenceCacheStatus, Meta(description="Reference recordings whose analysis is kept.")
    ]
    uptime_ms: Annotated[
        float, Meta(description="Milliseconds since the process started to serve.")
    ]


class CancelParams(Params):
    """Which request to cancel."""

    id: Annotated[int | str, Meta(description="The id of the request.")]


class ProgressParams(Result):
    """Progress of a request."""

    token: Annotated[Token, Meta(description="The token that the request brought.")]
    value: Annotated[
        AudioProgress | SentenceProgress | LoadProgress | VoiceProgress,
        Meta(description="What is reported; `kind` says which."),
    ]
