"""The conversation with one sidecar: matches answers and progress to requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from qwen_tts_client.errors import SidecarError, SidecarProtocolError, SidecarResponseError
from qwen_tts_client.framing import MAX_BODY
from qwen_tts_client.outgoing import encode_message
from qwen_tts_client.protocol import (
    ERROR_CODES,
    AudioProgress,
    ErrorData,
    LoadProgress,
    SentenceProgress,
    VoiceProgress,
    WordsProgress,
)

T = TypeVar("T")

# Time limit for the end of a sidecar that cancels everything; the protocol says one second.
_ENDING = 5.0

# The param of each method that names the token of its progress.
TOKEN_FIELDS = {
    "model/load": "workDoneToken",
    "model/download": "workDoneToken",
    "voice/create": "workDoneToken",
    "speech/synthesize": "partialResultToken",
}

_PROGRESS: dict[str, type] = {
    "audio": AudioProgress,
    "sentence": SentenceProgress,
    "words": WordsProgress,
    "load": LoadProgress,
    "voice": VoiceProgress,
}

Params = dict[str, Any]


class _ErrorObject(msgspec.Struct):
    code: int
    message: str
    data: ErrorData = msgspec.field(default_factory=lambda: ErrorData(type="unknown"))


class _Incoming(msgspec.Struct):
    """Any message of the sidecar; what depends on the method is left as it is."""

    id: Any = None
    method: str | None = None
    params: msgspec.Raw = msgspec.Raw()
    result: msgspec.Raw = msgspec.Raw()
    error: _ErrorObject | None = None


class _Progress(msgspec.Struct):
    token: Any
    value: msgspec.Raw


class _Kind(msgspec.Struct):
    kind: str = ""


_decode_message = msgspec.json.Decoder(_Incoming).decode
_decode_progress = msgspec.json.Decoder(_Progress).decode
_decode_kind = msgspec.json.Decoder(_Kind).decode

OnProgress = Callable[[Any], object]


@dataclass
class _Pending:
    method: str
    answer: asyncio.Future[Any]
    result: type
    on_progress: OnProgress | None
    is_cancelled: bool = False
    held_back: _ErrorObject | None = None
    """An answer that was held back because the sidecar seems to be ending."""


@dataclass(frozen=True)
class Call(Generic[T]):
    """A request that has been sent."""

    answer: asyncio.Future[T]
    token: int
    """The id of the request, and the token of its progress."""

    cancel: Callable[[float | None], None]
    """Asks the sidecar to stop, and says how many milliseconds of speech were played; `answer`
    still gets its result, once."""


class Connection:
    """The conversation over one transport, which it does not know.

    Args:
        send: sends one message.
        log: is called with messages that concern no call.

    Attributes:
        max_message_bytes: the largest message that the sidecar accepts; the handshake sets it.
        credit_ms: the credit of a stream whose request names none; None if it needs none.
        has_room: set while little waits to be sent, and after the end.
        closed: why the conversation has ended; None if it has not.
    """

    def __init__(self, send: Callable[[bytes], None], log: Callable[[str], None]) -> None:
        self._send = send
        self._log = log
        self._pending: dict[Any, _Pending] = {}
        self._last_id = 0
        self.max_message_bytes = MAX_BODY
        self.credit_ms: float | None = None
        self.has_room = asyncio.Event()
        self.closed: SidecarError | None = None

    def request(
        self,
        method: str,
        params: Params,
        result: type[T],
        on_progress: OnProgress | None = None,
    ) -> Call[T]:
        """Send a request.

        Args:
            params: with the protocol's spelling of names.
            on_progress: is called with each progress; a kind that is not known is ignored.

        Raises:
            SidecarError: the conversation has ended.
            SidecarResponseError: `messageTooLong`, and nothing was sent.
            TypeError: a param cannot be JSON.
        """
        if self.closed is not None:
            raise self.closed.with_traceback(None)
        self._last_id += 1
        id = self._last_id
        token = TOKEN_FIELDS.get(method) if on_progress else None
        body = self._encode(
            {"id": id, "method": method}, {**params, token: id} if token else params
        )
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._pending[id] = _Pending(method, answer, result, on_progress)
        self._send(body)
        return Call(answer, id, lambda played_ms=None: self._cancel(id, played_ms))

    def notify(self, method: str, params: Params) -> None:
        """Send a notification. It raises like `request`, but after the end it does nothing."""
        if self.closed is None:
            self._send(self._encode({"method": method}, params))

    def receive(self, body: bytes) -> None:
        """Handle a message from the sidecar.

        Raises:
            SidecarProtocolError: no sidecar sends such a message.
        """
        try:
            message = _decode_message(body)
            if message.method == "$/progress":
                self._on_progress(_decode_progress(message.params))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            start = ascii(body[:200].decode("latin-1"))
            reason = f"The sidecar sent something that cannot be read: {error} in {start}"
            raise SidecarProtocolError(reason) from error
        if message.method is None:
            self._on_answer(message)
        elif message.id is not None:
            raise SidecarProtocolError(
                f"The sidecar sent a request ({message.method}): it may be a program that repeats "
                "its input."
            )

    def receive_audio(self, token: int, chunk: AudioProgress) -> None:
        """Handle a chunk of audio that did not come as JSON."""
        pending = self._pending.get(token)
        if pending is not None:
            self._report(pending, chunk)

    def close(self, reason: SidecarError) -> None:
        """End all pending calls and all later ones with an error. The first reason counts."""
        self.closed = self.closed or reason
        pending, self._pending = self._pending, {}
        for one in pending.values():
            _fail(one.answer, self.closed)

    def _encode(self, head: dict[str, Any], params: Params) -> bytes:
        return encode_message({**head, "params": params}, self.max_message_bytes)

    def _cancel(self, id: int, played_ms: float | None) -> None:
        pending = self._pending.get(id)
        if pending is None:
            return
        pending.is_cancelled = True
        if pending.held_back is not None:
            self._settle(id, msgspec.Raw(), pending.held_back)
        else:
            played = {} if played_ms is None else {"playedMs": played_ms}
            self.notify("$/cancelRequest", {"id": id, **played})

    def _on_progress(self, progress: _Progress) -> None:
        # The token is the id of the request. After its answer there is no entry, which is no error.
        pending = self._pending.get(progress.token)
        if pending is None:
            return
        kind = _PROGRESS.get(_decode_kind(progress.value).kind)
        if kind is not None:
            self._report(pending, msgspec.json.decode(progress.value, type=kind))

    def _report(self, pending: _Pending, value: Any) -> None:
        if pending.on_progress is not None and not pending.answer.done():
            pending.on_progress(value)

    def _on_answer(self, message: _Incoming) -> None:
        if not memoryview(message.result).nbytes and message.error is None:
            raise SidecarProtocolError("The sidecar sent a message that is not an answer.")
        if message.error is not None and message.id is None:
            # The sidecar could not read a message, so it does not know which request it was.
            error = message.error
            self._log(f"The sidecar could not read a message: {error.message} ({error.data.type})")
            return
        pending = self._pending.get(message.id)
        if pending is None:
            return
        is_unasked = not (pending.is_cancelled or pending.answer.cancelled())
        if message.error and message.error.code == ERROR_CODES["cancelled"] and is_unasked:
            # The caller did not cancel it, so the sidecar is about to end, and the caller gets the
            # error of that end.
            pending.held_back = message.error
            loop = asyncio.get_running_loop()
            loop.call_later(_ENDING, self._settle, message.id, message.result, message.error)
        else:
            self._settle(message.id, message.result, message.error)

    def _settle(self, id: Any, result: msgspec.Raw, error: _ErrorObject | None) -> None:
        pending = self._pending.pop(id, None)
        if pending is None or pending.answer.done():
            return
        if error is not None:
            _fail(pending.answer, SidecarResponseError(error.message, error.code, error.data))
            return
        try:
            pending.answer.set_result(msgspec.json.decode(result, type=pending.result))
        except msgspec.DecodeError as cause:
            reason = f"The sidecar's answer to {pending.method} cannot be read: {cause}"
            _fail(pending.answer, SidecarProtocolError(reason))


def _fail(answer: asyncio.Future[Any], error: SidecarError) -> None:
    if not answer.done():
        answer.set_exception(error)
        answer.exception()  # It counts as handled, since its caller may have left.
