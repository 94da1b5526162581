"""The handshake, ping, cancelling, and what the sidecar sends by itself."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sidecar.limits import MAX_PLAYED_MS
from sidecar.rpc.contract.common import Params, Result, Token
from sidecar.rpc.contract.model import LoadProgress
from sidecar.rpc.contract.speech_results import (
    AudioProgress,
    SentenceProgress,
)
from sidecar.rpc.contract.voice import VoiceProgress
from sidecar.rpc.contract.words import WordsProgress

LogLevel = Literal["debug", "info", "warning", "error"]

PROTOCOL_VERSION = 1


class ClientInfo(Params):
    """The program that uses the sidecar."""

    name: Annotated[str, Meta(description="The client's name, for the log.")]
    version: Annotated[
        str | None, Meta(description="The client's own version, for the log. Default: none.")
    ] = None


class InitializeParams(Params):
    """The protocol version that the client speaks, and what it is."""

    protocol_version: Annotated[
        int,
        Meta(description="Version of the protocol that the client speaks: 1. Others are refused."),
    ]
    client_info: Annotated[ClientInfo, Meta(description="The client's name and version.")]
    process_id: Annotated[
        Annotated[int, Meta(ge=1, le=2**31 - 1)] | None,
        Meta(
            description="The client's process id. The sidecar exits when that process is gone. "
            "Default: none; then the sidecar exits when its stdin ends or its parent is gone."
        ),
    ] = None
    log_messages: Annotated[
        LogLevel | None,
        Meta(
            description="Send log events of this level and above as window/logMessage "
            "notifications. Default: none are sent."
        ),
    ] = None


class LogMessageParams(Result):
    """A log event, in the form of the Language Server Protocol."""

    type: Annotated[
        Literal[1, 2, 3, 4], Meta(description="Severity: 1 error, 2 warning, 3 info, 4 debug.")
    ]
    message: Annotated[str, Meta(description="The log event, for people.")]
    logger: Annotated[
        str, Meta(description="The module that logged the event, e.g. sidecar.engine.")
    ]


class ServerInfo(Result):
    """The name and version of the sidecar."""

    name: Annotated[str, Meta(description="Always qwen-tts-sidecar.")]
    version: Annotated[str, Meta(description="Version of the Python package, e.g. 0.1.0.")]


class Limits(Result):
    """The largest requests that this sidecar accepts."""

    max_message_bytes: Annotated[
        int,
        Meta(description="Largest message (the body of one frame) in bytes, in both directions."),
    ]
    max_discard_bytes: Annotated[
        int,
        Meta(
            description="Largest message in bytes that is refused with `messageTooLong` and "
            "skipped. A larger one is a framing error, which ends the process."
        ),
    ]
    max_text_chars: Annotated[
        int,
        Meta(
            description="Longest `text` of a request with `partialResultToken`, in characters "
            "(Unicode code points)."
        ),
    ]
    max_utterance_chars: Annotated[
        int,
        Meta(
            description="Longest instruction or transcript, in characters (Unicode code points); "
            "also the longest `text` with `splitSentences: false` or without `partialResultToken`."
        ),
    ]
    max_frames: Annotated[
        int,
        Meta(
            description="Largest value of `maxFrames`, in codec frames; 12.5 frames are one second."
        ),
    ]
    max_streams: Annotated[
        int, Meta(description="Number of requests that can be generated at the same time.")
    ]
    max_queued: Annotated[
        int, Meta(description="Number of further requests that may wait for their turn.")
    ]
    max_reference_seconds: Annotated[
        float,
        Meta(
            description="Longest reference recording in seconds. The command-line option "
            "--max-reference-seconds sets it."
        ),
    ]
    max_credit_ms: Annotated[
        int | None,
        Meta(
            description="Over a WebSocket: the most credit of a stream that the server uses at a "
            "time, in milliseconds. Absent: no limit."
        ),
    ] = None
    max_requests: Annotated[
        int | None,
        Meta(
            description="Number of requests of one WebSocket connection that may be in flight. "
            "Absent: there is no such limit."
        ),
    ] = None


class Capabilities(Result):
    """What this sidecar can do."""

    methods: Annotated[
        list[str],
        Meta(description="All methods that a client may call, including notifications."),
    ]
    encodings: Annotated[list[str], Meta(description="Values of `encoding`.")]
    text_modes: Annotated[list[str], Meta(description="Values of `textMode`.")]
    limits: Annotated[Limits, Meta(description="The largest requests that are accepted.")]
    aligner: Annotated[
        str | None,
        Meta(
            description="The model of --aligner, which finds word times in place of the sidecar's "
            "own aligners. Absent: none."
        ),
    ] = None
    timings: Annotated[
        list[str] | None,
        Meta(description="Values of `timing`. Absent: an older sidecar, without `timing`."),
    ] = None
    aligner_languages: Annotated[
        list[str] | None,
        Meta(
            description="Languages for which the sidecar itself has an aligner, for voices of "
            "models that do not know their word times. Absent: an older sidecar, without word "
            "times."
        ),
    ] = None


class InitializeResult(Result):
    """The protocol version, name and capabilities of the sidecar."""

    protocol_version: Annotated[
        int, Meta(description="Version of the protocol that the sidecar speaks: 1.")
    ]
    server_info: Annotated[ServerInfo, Meta(description="The sidecar's name and version.")]
    capabilities: Annotated[
        Capabilities, Meta(description="Methods, encodings and limits of this sidecar.")
    ]


class PingResult(Result):
    """Proof that the sidecar is alive."""

    uptime_ms: Annotated[float, Meta(description="Milliseconds since the process began to serve.")]


class CancelParams(Params):
    """Which request to cancel."""

    id: Annotated[int | str, Meta(description="The id of the request.")]
    played_ms: Annotated[
        Annotated[float, Meta(ge=0, le=MAX_PLAYED_MS)] | None,
        Meta(
            description="Of a speech: how much of its audio was played, in milliseconds, for "
            "`heard` in the error. Default: all that was sent."
        ),
    ] = None


class ProgressParams(Result):
    """Progress of a request."""

    token: Annotated[Token, Meta(description="The token that the request named.")]
    value: Annotated[
        AudioProgress | SentenceProgress | WordsProgress | LoadProgress | VoiceProgress,
        Meta(description="The progress; its `kind` says which type it has."),
    ]
