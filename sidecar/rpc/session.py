"""One client's conversation: its phase, and the requests it is still owed an answer for."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from enum import Enum
from typing import Any, Literal

import msgspec

from sidecar.engine.engine import Engine
from sidecar.errors import (
    Cancelled,
    DuplicateId,
    InternalError,
    NotInitialized,
    QueueFull,
    ShuttingDown,
    SidecarError,
    TokenInUse,
    queue_full,
)
from sidecar.limits import MAX_QUEUED, MAX_REFERENCE_SECONDS, MAX_STREAMS
from sidecar.logs import redacted
from sidecar.rpc.background import Background
from sidecar.rpc.contract.common import Token
from sidecar.rpc.contract.lifecycle import LogMessageParams, ProgressParams
from sidecar.voices.store import VoiceStore
from sidecar.wire.jsonrpc import (
    ErrorData,
    ErrorObject,
    ErrorResponse,
    Id,
    OutgoingNotification,
    Response,
)
from sidecar.wire.stdio import Outbox

# What a message costs in the outbox beside its audio.
_OVERHEAD_BYTES = 512
_MAX_ERROR_CHARS = 1000
_LOG_TYPES: dict[str, Literal[1, 2, 3, 4]] = {"error": 1, "warning": 2, "info": 3, "debug": 4}

# A disk that takes longer has other worries.
PREPARING_SECONDS = 10.0

log = logging.getLogger(__name__)


class Phase(Enum):
    NEW = "new"
    READY = "ready"
    SHUT_DOWN = "shut down"


class Session:
    """Shared by all handlers.

    Args:
        outbox: where answers go.
        engine: started by the handshake.
        default_model: what a request without `model` means.
        voices: the saved ones.
        on_exit: called with the exit code when the client says `exit`.
        max_reference_seconds: what a reference recording may last.
    """

    def __init__(
        self,
        outbox: Outbox,
        engine: Engine,
        default_model: str,
        voices: VoiceStore,
        on_exit: Callable[[int], None],
        max_reference_seconds: float = MAX_REFERENCE_SECONDS,
    ) -> None:
        self.outbox = outbox
        self.engine = engine
        self.default_model = default_model
        self.voices = voices
        self.on_exit = on_exit
        self.max_reference_seconds = max_reference_seconds
        self.background = Background()
        self.phase = Phase.NEW
        self.client_process: int | None = None
        self._started = time.monotonic()
        self._calls: dict[Id, Call] = {}
        self._lock = threading.Lock()

    @property
    def uptime_ms(self) -> float:
        return (time.monotonic() - self._started) * 1000

    def open_call(self, id: Id) -> Call:
        """Enters a request into the table of those in flight.

        Raises:
            DuplicateId: one of that id is still unanswered.
        """
        with self._lock:
            if id in self._calls:
                raise DuplicateId(f"A request with id {id!r} is still running.")
            call = self._calls[id] = Call(self, id)
            return call

    def check_phase(self, method: str, *, allowed_first: bool) -> None:
        """Raises NotInitialized or ShuttingDown if the method may not be called now."""
        if self.phase is Phase.NEW and not allowed_first:
            raise NotInitialized(f"{method} came before initialize.", hint="Send initialize first.")
        if self.phase is Phase.SHUT_DOWN:
            raise ShuttingDown(f"{method} came after shutdown.", hint="Start a new process.")

    def find_call(self, id: Id) -> Call | None:
        with self._lock:
            return self._calls.get(id)

    def fail_all(self, error: SidecarError | None = None) -> None:
        """Answers whatever is still open: the process is about to end."""
        for call, _ in self._open():
            call.fail(error or Cancelled("The sidecar is shutting down."))

    def cancel_all(self) -> None:
        """As if the client had cancelled every request."""
        for _, cancel in self._open():
            if cancel is not None:
                cancel()

    def _open(self) -> list[tuple[Call, Callable[[], None] | None]]:
        with self._lock:
            return [(call, call.on_cancel) for call in self._calls.values()]

    def claim_background(self, call: Call) -> None:
        """Makes a call one of those that wait for a disk.

        Raises:
            QueueFull: there are enough of them.
        """
        with self._lock:
            if sum(other.in_line for other in self._calls.values()) >= MAX_QUEUED:
                raise QueueFull(
                    f"{MAX_QUEUED} requests about voices and models wait already.",
                    hint="Send it again when one of them has been answered.",
                )
            call.in_line = True

    def admit_speech(self) -> None:
        """Refuses one request too many before it costs a thread.

        Raises:
            QueueFull
        """
        with self._lock:
            speaking = sum(call.begun is not None for call in self._calls.values())
        if speaking >= MAX_STREAMS + MAX_QUEUED:
            raise queue_full()

    def preparing(self) -> list[threading.Event]:
        """Of the narrations so far: set when each has read what it needs of the disk, and the
        engine knows of it."""
        with self._lock:
            return [call.begun for call in self._calls.values() if call.begun is not None]

    def behind_narrations(self, work: Callable[[], None]) -> None:
        """Does something once the engine knows of every narration so far, as if those had not been
        prepared on threads of their own."""
        earlier = [begun for begun in self.preparing() if not begun.is_set()]
        if not earlier:
            work()
            return

        def wait() -> None:
            for begun in earlier:
                begun.wait(PREPARING_SECONDS)
            work()

        self.background.run(wait)

    def find_stream(self, token: Token) -> Call | None:
        """The request in flight that reports under a token."""
        with self._lock:
            return next((call for call in self._calls.values() if call.token == token), None)

    def claim_token(self, call: Call, token: Token, field: str) -> None:
        """Gives a progress token to a call until its answer.

        Raises:
            TokenInUse: another request in flight reports under it.
        """
        with self._lock:
            if any(other.token == token for other in self._calls.values()):
                raise TokenInUse(f"The token {token!r} is in use by another request.", field=field)
            call.token = token

    def close_call(self, call: Call, answer: Response | ErrorResponse, size: int) -> None:
        """Sends a call's one answer; any later one is dropped."""
        with self._lock:
            if self._calls.get(call.id) is call:
                del self._calls[call.id]
                call.on_cancel = call.on_text = None  # they lead back here
                self.outbox.put(answer, size)

    def send_progress(self, call: Call, value: Any, size: int) -> None:
        """Under the same lock as the answer, so that nothing follows it."""
        with self._lock:
            if call.token is not None and self._calls.get(call.id) is call:
                params = ProgressParams(token=call.token, value=value)
                self.outbox.put(OutgoingNotification("$/progress", params), size)

    def send_log(self, level: str, logger: str, message: str) -> None:
        """Copies an event of the log; left out while the client does not read."""
        if self.outbox.has_room:
            type = _LOG_TYPES.get(level, 1)
            params = LogMessageParams(type=type, message=_shortened(message), logger=logger)
            self.outbox.put(OutgoingNotification("window/logMessage", params), _OVERHEAD_BYTES)


class Call:
    """A request that is owed exactly one answer."""

    def __init__(self, session: Session, id: Id) -> None:
        self._session = session
        self.id = id
        self.token: Token | None = None
        self.on_cancel: Callable[[], None] | None = None
        self.in_line = False
        self.begun: threading.Event | None = None  # of a narration
        self.on_text: Callable[[str, bool], None] | None = None

    def reply(self, result: msgspec.Struct, audio_bytes: int = 0) -> None:
        self._session.close_call(self, Response(self.id, result), _wire_size(audio_bytes))

    def reply_whole(self, result: msgspec.Struct) -> None:
        """As `reply`, of a result that may be long without audio."""
        size = len(msgspec.json.encode(result)) + _OVERHEAD_BYTES
        self._session.close_call(self, Response(self.id, result), size)

    def fail(self, error: Exception) -> None:
        answer = ErrorResponse(self.id, error_object(error))
        self._session.close_call(self, answer, _OVERHEAD_BYTES)

    def progress(self, value: msgspec.Struct, audio_bytes: int = 0) -> None:
        """Reports under the call's token; silent if it has none."""
        self._session.send_progress(self, value, _wire_size(audio_bytes))

    def in_background(self, work: Callable[[], msgspec.Struct], *, changes: bool = False) -> None:
        """Answers with what `work` returns or raises, off the reader's thread.

        Args:
            changes: `work` leaves something behind, so once it has begun it is not cancelled.

        Raises:
            QueueFull
        """
        lock = threading.Lock()
        cancelled = begun = False

        def run() -> None:
            nonlocal begun
            with lock:
                if cancelled:
                    return
                begun = True
            try:
                self.reply_whole(work())
            except Exception as error:
                self.fail(error)

        def cancel() -> None:
            nonlocal cancelled
            with lock:
                if begun and changes:
                    return
                cancelled = True
            self.fail(Cancelled("The request was cancelled."))

        self._session.claim_background(self)
        self.on_cancel = cancel
        self._session.background.run(run)


def _wire_size(audio_bytes: int) -> int:
    return audio_bytes * 4 // 3 + _OVERHEAD_BYTES


def error_object(error: Exception) -> ErrorObject:
    """The one place where an exception becomes an error on the wire."""
    if not isinstance(error, SidecarError):
        log.error("internal error", exc_info=error)
        error = InternalError(
            f"Internal error: {type(error).__name__}.", hint="See the sidecar's stderr."
        )
    field = None if error.field is None else _shortened(error.field)
    data = ErrorData(
        error.type,
        field,
        None if error.hint is None else _shortened(error.hint),
        *msgspec.structs.astuple(error.figures),
    )
    return ErrorObject(error.code, _shortened(error.message), data)


def _shortened(text: str) -> str:
    """A message that repeats a client's 30 MB name helps nobody, and one with a token does harm.

    Half a surrogate pair, from a file's name that is not UTF-8, could not be written at all.
    """
    text = text if len(text) <= _MAX_ERROR_CHARS else text[:_MAX_ERROR_CHARS] + "…"
    return redacted(text.encode(errors="replace").decode())
