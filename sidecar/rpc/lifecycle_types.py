"""The contract's shapes for the handshake, the end, cancelling, status and log; as types.py."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sidecar.rpc.types import Params, Result

LogLevel = Literal["debug", "info", "warning", "error"]


class ClientInfo(Params):
    name: str
    version: str | None = None


class InitializeParams(Params):
    protocol_version: Annotated[int, Meta(description="1; anything else is refused.")]
    client_info: ClientInfo
    process_id: Annotated[
        Annotated[int, Meta(ge=1, le=2**31 - 1)] | None,
        Meta(description="The client's process; the sidecar ends when it does."),
    ] = None
    log_messages: Annotated[
        LogLevel | None,
        Meta(description="Send log events of at least this level as window/logMessage, too."),
    ] = None


class LogMessageParams(Result):
    """An event of the log, in LSP's form: type 1 is an error, 2 a warning, 3 info, 4 debug."""

    type: Literal[1, 2, 3, 4]
    message: str
    logger: Annotated[str, Meta(description="The part of the sidecar that says so.")]


class ServerInfo(Result):
    name: str
    version: str


class Limits(Result):
    max_message_bytes: Annotated[int, Meta(description="Largest body of a frame, both ways.")]
    max_discard_bytes: Annotated[
        int,
        Meta(
            description="A body over `maxMessageBytes` is refused and read past, up to this; a "
            "longer one ends the process."
        ),
    ]
    max_text_chars: Annotated[int, Meta(description="Of a streamed request's text.")]
    max_utterance_chars: Annotated[
        int,
        Meta(
            description="Of an instruction or transcript, and of a text that is not split or whose "
            "audio comes whole in the result."
        ),
    ]
    max_frames: Annotated[int, Meta(description="Largest `maxFrames`; 12.5 frames a second.")]
    max_streams: Annotated[int, Meta(description="Requests generated at the same time.")]
    max_queued: Annotated[int, Meta(description="Requests waiting behind those.")]
    max_reference_seconds: Annotated[
        float, Meta(description="Longest recording in `reference`; --max-reference-seconds.")
    ]


class Capabilities(Result):
    methods: list[str]
    encodings: list[str]
    text_modes: list[str]
    limits: Limits


class InitializeResult(Result):
    protocol_version: int
    server_info: ServerInfo
    capabilities: Capabilities


class PingResult(Result):
    uptime_ms: float


class MemoryStatus(Result):
    active_bytes: int
    peak_bytes: int
    cache_bytes: int
    limit_bytes: Annotated[
        int | None, Meta(description="What loaded models may take together; absent: no limit.")
    ] = None


class StreamStatus(Result):
    model: str
    frames: int
    audio_ms: float
    elapsed_ms: float


class LoadedModel(Result):
    model: str
    dtype: str
    memory_bytes: int
    streams: int
    bits: Annotated[int | None, Meta(description="What it is quantised to.")] = None


class EngineState(Result):
    """What the engine's thread is at.

    `stalled`: it has been on one piece of work for over ten seconds. A load may take that long;
    speech should not.
    """

    state: Literal["idle", "busy", "stalled"]
    doing: str | None = None
    for_ms: Annotated[float, Meta(description="On this piece of work, to the second.")] = 0.0


class ReferenceStatus(Result):
    """Recordings whose analysis is remembered."""

    count: int
    bytes: int
    codec_bytes: Annotated[int, Meta(description="What the codecs remember of such recordings.")]


class StatusResult(Result):
    backend: Annotated[
        str, Meta(description="metal, cuda or cpu; starting or broken: MLX is not there (yet).")
    ]
    engine: EngineState
    memory: MemoryStatus
    queued: Annotated[int, Meta(description="Requests that wait for a model or for a row.")]
    streams: list[StreamStatus]
    models: list[LoadedModel]
    references: ReferenceStatus
    uptime_ms: float


class CancelParams(Params):
    id: int | str
