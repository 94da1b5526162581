"""One client's conversation: its phase, and what its requests need."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum
from typing import Any, Literal, TypeVar

import msgspec

from sidecar.engine.engine import Engine
from sidecar.errors import Cancelled, NotInitialized, ShuttingDown, SidecarError
from sidecar.lexicon.entries import Lexicon
from sidecar.rpc.background import Background
from sidecar.rpc.calls import OVERHEAD_BYTES, Call, Calls
from sidecar.rpc.contract.lifecycle import LogMessageParams
from sidecar.rpc.error_objects import shortened
from sidecar.voices.store import VoiceStore
from sidecar.wire.jsonrpc import OutgoingNotification
from sidecar.wire.stdio import Outbox

R = TypeVar("R", bound=msgspec.Struct)

_LOG_TYPES: dict[str, Literal[1, 2, 3, 4]] = {"error": 1, "warning": 2, "info": 3, "debug": 4}


class Phase(Enum):
    NEW = "new"
    READY = "ready"
    SHUT_DOWN = "shut down"


class Session:
    """Shared by all handlers.

    Args:
        outbox: where answers go.
        engine: the handshake starts it.
        default_model: the model of a request that has no `model`.
        voices: the saved voices; `voices.reader` reads reference audio.
        on_exit: called with the exit code when the client sends `exit`.
        aligner: the model that finds word times; None leaves it to the aligners of the package.
        lexicon: how words are said in all texts, if there is one.
    """

    def __init__(
        self,
        outbox: Outbox,
        engine: Engine,
        default_model: str,
        voices: VoiceStore,
        on_exit: Callable[[int], None],
        aligner: str | None = None,
        lexicon: Lexicon | None = None,
    ) -> None:
        self.outbox = outbox
        self.engine = engine
        self.default_model = default_model
        self.voices = voices
        self.lexicon = lexicon
        self.on_exit = on_exit
        self.aligner = aligner
        self.calls = Calls(outbox)
        self.background = Background()
        self.phase = Phase.NEW
        self.client_process: int | None = None
        self._started = time.monotonic()

    @property
    def uptime_ms(self) -> float:
        return (time.monotonic() - self._started) * 1000

    def check_phase(self, method: str, *, allowed_first: bool) -> None:
        """Raise NotInitialized or ShuttingDown if the method may not be called now."""
        if self.phase is Phase.NEW and not allowed_first:
            raise NotInitialized(f"{method} came before initialize.", hint="Send initialize first.")
        if self.phase is Phase.SHUT_DOWN:
            raise ShuttingDown(f"{method} came after shutdown.", hint="Start a new process.")

    def in_order(self, call: Call[Any], step: Callable[[], object]) -> None:
        """Take a request's step in the ordered lane of `Background`.

        Until the step begins the request, a cancel answers it at once. What the step raises is
        the answer.
        """

        def turn() -> None:
            if not call.is_open:  # cancelled while it waited
                return
            try:
                step()
            except Exception as error:
                call.fail(error)

        call.wait()
        self.background.in_order(turn)

    def answer_later(self, call: Call[R], look: Callable[[], R]) -> None:
        """Answer with what `look` returns or raises.

        It begins in order, may take long, and changes nothing, so that a cancel need not wait for
        its end.

        Raises:
            QueueFull
        """

        def work() -> None:
            if not call.is_open:
                return
            try:
                call.reply_whole(look())
            except Exception as error:
                call.fail(error)

        call.admit("disk")
        self.in_order(call, lambda: self.background.run(work))

    def fail_all(self, error: SidecarError | None = None) -> None:
        """Answer whatever is still open: the process is about to end."""
        self.calls.fail_all(error or Cancelled("The sidecar is shutting down."))

    def send_log(self, level: str, logger: str, message: str) -> None:
        """Copy an event of the log to the client; dropped while the client does not read."""
        if self.outbox.has_room:
            type = _LOG_TYPES.get(level, 1)
            params = LogMessageParams(type=type, message=shortened(message), logger=logger)
            self.outbox.put(OutgoingNotification("window/logMessage", params), OVERHEAD_BYTES)
