"""Requests in flight. Each is owed exactly one answer, and no progress follows it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Generic, Literal, Protocol, TypeVar

import msgspec

from sidecar.errors import Cancelled, DuplicateId, QueueFull, TokenInUse, queue_full
from sidecar.limits import MAX_QUEUED, MAX_STREAMS
from sidecar.rpc.contract.common import Token
from sidecar.rpc.contract.lifecycle import ProgressParams
from sidecar.rpc.contract.model import LoadProgress
from sidecar.rpc.contract.speech_results import (
    AudioProgress,
    SentenceProgress,
)
from sidecar.rpc.contract.voice import VoiceProgress
from sidecar.rpc.contract.words import WordsProgress
from sidecar.rpc.error_objects import error_object
from sidecar.wire.jsonrpc import ErrorResponse, Id, OutgoingNotification, Response
from sidecar.wire.stdio import Outbox

# What a message costs in the outbox beside its audio.
OVERHEAD_BYTES = 512
# Of these kinds only so many requests may be in flight.
Kind = Literal["speech", "disk"]
Progress = AudioProgress | SentenceProgress | WordsProgress | LoadProgress | VoiceProgress


class Steered(Protocol):
    """Speech that its client may still steer; a `Synthesis`."""

    def append_text(self, text: str, is_last: bool = False) -> None: ...

    def flush(self) -> None: ...

    def grant(self, seconds: float) -> None: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    @property
    def starves_at(self) -> float: ...

    def give_way(self) -> None: ...


R = TypeVar("R", bound=msgspec.Struct)


class Calls:
    """The requests in flight, by id. One lock guards them, their states, and what they send."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.lock = threading.RLock()
        self.by_id: dict[Id, Call[Any]] = {}

    def open(self, id: Id) -> Call[Any]:
        """Enter a request into the table.

        Raises:
            DuplicateId: a request with that id is still unanswered.
        """
        with self.lock:
            if id in self.by_id:
                raise DuplicateId(f"A request with id {id!r} is still running.")
            call: Call[Any] = Call(self, id)
            self.by_id[id] = call
            return call

    def find(self, id: Id) -> Call[Any] | None:
        with self.lock:
            return self.by_id.get(id)

    def find_token(self, token: Token) -> Call[Any] | None:
        """Return the request that reports under a token."""
        with self.lock:
            return next((call for call in self.by_id.values() if call.token == token), None)

    def cancel_all(self) -> None:
        """Cancel every request, as the client would."""
        for call in self._all():
            call.cancel()

    def fail_all(self, error: Exception) -> None:
        """Answer every request with an error."""
        for call in self._all():
            call.fail(error)

    def count(self, kind: Kind) -> int:
        with self.lock:
            return sum(call.kind == kind for call in self.by_id.values())

    def find_stalled(self) -> list[Call[Any]]:
        """Return the requests that waited for their client too long to keep a place, in order."""
        with self.lock:
            speeches = [(call.speech, call) for call in self.by_id.values()]
        ends = [(speech.starves_at, call) for speech, call in speeches if speech]
        now = time.monotonic()
        return [call for at, call in sorted(ends, key=lambda one: one[0]) if at <= now]

    def _all(self) -> list[Call[Any]]:
        with self.lock:
            return list(self.by_id.values())


class Call(Generic[R]):
    """One request, whose result is an R. Any thread may use it.

    Attributes:
        speech: what its client may steer by the token; None if it is no streamed speech.
        played: seconds of its audio that its client had played at the cancel; None is all of it.
    """

    def __init__(self, calls: Calls, id: Id) -> None:
        self._calls = calls
        self.id = id
        self.kind: Kind | None = None
        self.token: Token | None = None
        self.speech: Steered | None = None
        self.played: float | None = None
        self._waits = False
        self._on_cancel: Callable[[], None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether it has not been answered."""
        return self._calls.find(self.id) is self

    # --- its state ------------------------------------------------------------------------------

    def admit(self, kind: Kind, *, has_text: bool = True) -> None:
        """Count it among the requests of a kind.

        Args:
            has_text: whether there is something to do at once. If all places are taken, one that
                has waited for its client for a while then gives its place up.

        Raises:
            QueueFull: there are enough of them.
        """
        with self._calls.lock:
            count = self._calls.count(kind)
            if kind == "speech" and count >= MAX_STREAMS + MAX_QUEUED:
                stalled = self._calls.find_stalled()
                if not (has_text and stalled):
                    raise queue_full(len(stalled))
                stalled[0].give_up()
            if kind == "disk" and count >= MAX_QUEUED:
                raise QueueFull(
                    f"{MAX_QUEUED} requests about voices and models wait already.",
                    hint="Send it again when one of them has been answered.",
                )
            self.kind = kind

    def give_up(self) -> None:
        """Give up the place, and end for want of its client."""
        self.kind = None
        if self.speech is not None:
            self.speech.give_way()

    def claim_token(self, token: Token, field: str) -> None:
        """Give it a progress token until its answer.

        Raises:
            TokenInUse: another request in flight reports under it.
        """
        with self._calls.lock:
            if self._calls.find_token(token) is not None:
                raise TokenInUse(f"The token {token!r} is in use by another request.", field=field)
            self.token = token

    def wait(self) -> None:
        """Let a cancel answer it at once: nothing has begun that would have to be stopped."""
        self._waits = True

    def begin(self, start: Callable[[], Callable[[], None] | None]) -> bool:
        """Call `start`, unless it has been answered; nothing can be cancelled in between.

        Args:
            start: must not block. It returns what a cancel does from now on; None if a cancel is
                too late.

        Returns:
            False if it has been answered.
        """
        with self._calls.lock:
            if not self.is_open:
                return False
            self._waits, self._on_cancel = False, start()
            return True

    def cancel(self, played: float | None = None) -> None:
        """Cancel it; silent if that is not possible."""
        with self._calls.lock:
            on_cancel = self._on_cancel
            self.played = played if self.played is None else self.played
            if self._waits:
                self.fail(Cancelled("The request was cancelled."))
        if on_cancel is not None:
            on_cancel()

    # --- what it sends --------------------------------------------------------------------------

    def reply(self, result: R, audio_bytes: int = 0) -> None:
        self._close(Response(self.id, result), _wire_size(audio_bytes))

    def reply_whole(self, result: R) -> None:
        """Reply with a result that may be long without audio."""
        self._close(Response(self.id, result), len(msgspec.json.encode(result)) + OVERHEAD_BYTES)

    def fail(self, error: Exception) -> None:
        self._close(ErrorResponse(self.id, error_object(error)), OVERHEAD_BYTES)

    def progress(self, value: Progress, audio_bytes: int = 0) -> None:
        """Report under its token; silent if it has none."""
        # Under the same lock as the answer, so that nothing follows that.
        with self._calls.lock:
            if self.token is not None and self.is_open:
                params = ProgressParams(token=self.token, value=value)
                message = OutgoingNotification("$/progress", params)
                self._calls.outbox.put(message, _wire_size(audio_bytes))

    def _close(self, answer: Response | ErrorResponse, size: int) -> None:
        """Send its one answer; any later one is dropped."""
        with self._calls.lock:
            if self.is_open:
                del self._calls.by_id[self.id]
                self._on_cancel = self.speech = None  # they lead back here
                self._calls.outbox.put(answer, size)


def _wire_size(audio_bytes: int) -> int:
    return audio_bytes * 4 // 3 + OVERHEAD_BYTES
