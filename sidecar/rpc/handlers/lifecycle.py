"""initialize, initialized, shutdown, exit, ping, server/status, $/cancelRequest."""

from __future__ import annotations

from sidecar import __version__, logs
from sidecar.audio.formats import ENCODINGS
from sidecar.engine.engine import Engine
from sidecar.errors import InvalidRequest, ProtocolVersionMismatch
from sidecar.limits import (
    MAX_FRAMES,
    MAX_QUEUED,
    MAX_STREAMS,
    MAX_TEXT_CHARS,
    MAX_UTTERANCE_CHARS,
)
from sidecar.models.aligners import list_languages
from sidecar.rpc.calls import Call
from sidecar.rpc.contract.common import Empty, NoParams
from sidecar.rpc.contract.lifecycle import (
    PROTOCOL_VERSION,
    CancelParams,
    Capabilities,
    InitializeParams,
    InitializeResult,
    Limits,
    PingResult,
    ServerInfo,
)
from sidecar.rpc.contract.status import (
    EngineState,
    LoadedModel,
    MemoryStatus,
    ReferenceCacheStatus,
    StatusResult,
    StreamStatus,
)
from sidecar.rpc.session import Phase, Session
from sidecar.wire.framing import MAX_BODY_BYTES, MAX_DISCARD_BYTES

# How long the handshake's answer may take to leave before MLX's import competes with it.
_HANDSHAKE_SECONDS = 0.1


def initialize(
    session: Session, params: InitializeParams, call: Call[InitializeResult], methods: list[str]
) -> None:
    if session.phase is not Phase.NEW:
        raise InvalidRequest("initialize was sent twice.")
    if params.protocol_version != PROTOCOL_VERSION:
        raise ProtocolVersionMismatch(
            f"This sidecar speaks protocol version {PROTOCOL_VERSION}, "
            f"not {params.protocol_version}.",
            hint="Use a client and a sidecar that speak the same protocol version.",
            field="protocolVersion",
        )
    session.phase = Phase.READY
    session.client_process = params.process_id
    if params.log_messages is not None:
        logs.to_client(params.log_messages, session.send_log)
    call.reply(
        InitializeResult(
            protocol_version=PROTOCOL_VERSION,
            server_info=ServerInfo(name="qwen-tts-sidecar", version=__version__),
            capabilities=_capabilities(session, methods),
        )
    )
    session.outbox.drain(_HANDSHAKE_SECONDS)
    session.engine.start()


def _capabilities(session: Session, methods: list[str]) -> Capabilities:
    return Capabilities(
        methods=methods,
        encodings=list(ENCODINGS),
        text_modes=["full", "stream"],
        timings=["sentence", "word"],
        aligner_languages=list_languages(),
        aligner=session.aligner,
        limits=Limits(
            max_message_bytes=MAX_BODY_BYTES,
            max_discard_bytes=MAX_DISCARD_BYTES,
            max_text_chars=MAX_TEXT_CHARS,
            max_utterance_chars=MAX_UTTERANCE_CHARS,
            max_frames=MAX_FRAMES,
            max_streams=MAX_STREAMS,
            max_queued=MAX_QUEUED,
            max_reference_seconds=session.voices.reader.max_seconds,
        ),
    )


def initialized(session: Session, params: NoParams) -> None:
    """Do nothing: nothing waits for it, but clients that follow LSP send it."""


def shutdown(session: Session, params: NoParams, call: Call[Empty]) -> Empty:
    session.phase = Phase.SHUT_DOWN
    return Empty()


def exit(session: Session, params: NoParams) -> None:
    session.on_exit(0 if session.phase is Phase.SHUT_DOWN else 1)


def ping(session: Session, params: NoParams, call: Call[PingResult]) -> PingResult:
    return PingResult(uptime_ms=session.uptime_ms)


def status(session: Session, params: NoParams, call: Call[StatusResult]) -> StatusResult:
    now = session.engine.status
    return StatusResult(
        backend=now.backend,
        engine=_engine_state(session.engine),
        memory=MemoryStatus(
            active_bytes=now.active_bytes,
            peak_bytes=now.peak_bytes,
            cache_bytes=now.cache_bytes,
            limit_bytes=now.limit_bytes,
        ),
        queued=now.queued,
        reference_cache=ReferenceCacheStatus(
            count=now.references,
            feature_bytes=now.reference_bytes,
        ),
        prompt_cache_bytes=now.prompt_cache_bytes,
        streams=[
            StreamStatus(
                model=stream.model,
                frames=stream.frames,
                audio_ms=stream.audio_seconds * 1000,
                elapsed_ms=stream.elapsed_seconds * 1000,
                waits_for=stream.waits_for,
            )
            for stream in now.streams
        ],
        models=[
            LoadedModel(
                model=model.model,
                dtype=model.dtype,
                memory_bytes=model.memory_bytes,
                streams=model.streams,
                bits=model.bits,
            )
            for model in now.models
        ],
        uptime_ms=session.uptime_ms,
    )


def _engine_state(engine: Engine) -> EngineState:
    task, watchdog = engine.heartbeat.doing, engine.watchdog
    if task is None:
        return EngineState(state="idle")
    state = "stalled" if watchdog.is_stalled else "busy"
    return EngineState(state=state, task=task, elapsed_ms=watchdog.seconds * 1000)


def cancel(session: Session, params: CancelParams) -> None:
    """Cancel a request; silent if the id is unknown, or the request cannot be cancelled."""
    target = session.calls.find(params.id)
    if target is not None:
        target.cancel(None if params.played_ms is None else params.played_ms / 1000)
