"""One request of a connection on its way to the sidecar and back."""

from __future__ import annotations

from typing import Any

import msgspec

from qwen_tts_client.audio_message import MAX_TOKEN, encode_audio
from qwen_tts_client.bridge import messages
from qwen_tts_client.bridge.accounts import Account, NoAccount
from qwen_tts_client.bridge.credit import Credit, OpenCredit
from qwen_tts_client.bridge.messages import Id, Params, Refusal
from qwen_tts_client.bridge.outgoing import Outgoing
from qwen_tts_client.connection import TOKEN_FIELDS, Call, Connection
from qwen_tts_client.protocol import AudioProgress, SentenceProgress, WordsProgress

SPEECH = "speech/synthesize"
# Notifications by which a client holds a stream up, or lets it go on.
_HOLDS = {"speech/pause": ("pause", True), "speech/resume": ("pause", False)}
_HOLDS["speech/endText"] = ("text", False)


class Request:
    """A request that is passed on under an id and a token of the bridge's own.

    Args:
        params: as the client sent them.
        credit_ms: the most audio that is on its way to the client.
        open_credit: makes the credit of a stream.
        allow_paths: whether a client may name files of this machine.

    Attributes:
        token: the client's token for its progress; None if it wants none.

    Raises:
        Refusal: the params are not those of a WebSocket.
    """

    def __init__(
        self,
        id: Id,
        method: str,
        params: Any,
        *,
        credit_ms: float,
        open_credit: OpenCredit,
        allow_paths: bool,
    ) -> None:
        self.id, self.method = id, method
        self._params = params
        self._call: Call[msgspec.Raw] | None = None
        self._connection: Connection | None = None
        self._rate = 0
        given = messages.as_params(params)
        token = given.get(TOKEN_FIELDS.get(method, ""))
        is_token = isinstance(token, (int, str)) and not isinstance(token, bool)
        self.token: Id | None = token if is_token else None
        self.credit: Credit | None = None
        self._account: Account = NoAccount()
        self._held_by: set[str] = set()
        if not allow_paths:
            _check_paths(given)
        if method == SPEECH and isinstance(params, dict):
            asked = _check_speech(given)
            if asked is not None:
                self.credit = open_credit(asked, credit_ms, self._grant)

    @property
    def token_field(self) -> str:
        """The name of the param that holds the token."""
        return TOKEN_FIELDS.get(self.method, "")

    def count(self, account: Account) -> None:
        """Count its audio in an account, from now on."""
        self._account = account
        self._hold("text", messages.as_params(self._params).get("moreText") is True)

    def send(self, connection: Connection, outgoing: Outgoing) -> Call[msgspec.Raw]:
        """Send it to the sidecar. What comes back, except the answer, goes to `outgoing`.

        Raises:
            SidecarError: it cannot be sent.
        """
        params: Any = self._params
        self._params = None  # It may hold a recording.
        if self.credit is not None:
            params = {**params, "creditMs": self.credit.passed_on}

        def on_progress(value: msgspec.Struct) -> None:
            self._on_progress(value, outgoing)

        report = None if self.token is None else on_progress
        self._call = connection.request(self.method, params, msgspec.Raw, report)
        self._connection = connection
        return self._call

    def notify(self, method: str, params: Params) -> None:
        """Pass on a notification about its stream."""
        if method in _HOLDS:
            self._hold(*_HOLDS[method])
        if self._call is None or self._connection is None or self._call.answer.done():
            return
        self._connection.notify(method, {**params, "token": self._call.token})

    def cancel(self, played_ms: Any = None) -> None:
        """Ask the sidecar to stop; the answer still comes.

        Args:
            played_ms: as the client sent it; the sidecar ignores a message in which it is wrong.
        """
        if self._call is not None:
            self._call.cancel(played_ms)

    def ask(self, ms: float) -> None:
        """Add to the credit of its stream."""
        if self.credit is not None and ms:
            self.credit.ask(ms)
            self._hold("credit", self.credit.is_used)

    def end(self, error: BaseException | None) -> None:
        """Note that its answer has come, or is not wanted any more."""
        if self.credit is not None:
            self.credit.end()
        self._account.end("ok" if error is None else messages.error_type(error))

    def _grant(self, ms: float) -> None:
        self.notify("speech/grantCredit", {"ms": ms})

    def _on_progress(self, chunk: msgspec.Struct, outgoing: Outgoing) -> None:
        assert self.token is not None
        if not isinstance(chunk, AudioProgress) or not isinstance(self.token, int):
            # A download reports for hours; what nobody reads is not kept.
            if isinstance(chunk, (SentenceProgress, WordsProgress)) or not outgoing.is_full:
                outgoing.put(messages.progress(self.token, chunk), text=True)
            return
        self._rate = chunk.sample_rate or self._rate
        ms = chunk.samples / self._rate * 1000
        outgoing.put(
            encode_audio(self.token, chunk, self._rate),
            text=False,
            on_sent=lambda: self._on_sent(ms),
        )

    def _on_sent(self, ms: float) -> None:
        self._account.sent(ms)
        if self.credit is not None:
            self.credit.leave(ms)
            self._hold("credit", self.credit.is_used)

    def _hold(self, reason: str, is_held: bool) -> None:
        """Note that the client holds the speech up for a reason, or does not any more."""
        before = bool(self._held_by)
        if is_held:
            self._held_by.add(reason)
        else:
            self._held_by.discard(reason)
        if bool(self._held_by) != before:
            self._account.held(not before)


def _check_paths(params: Params) -> None:
    if messages.as_params(params.get("reference")).get("path") is not None:
        raise Refusal(
            "invalidParams",
            "This server opens no files for its clients.",
            field="reference.path",
            hint="Send the recording as `reference.audio`, or start the server with --allow-paths.",
        )


def _check_speech(params: Params) -> float | None:
    """Return the credit of a speech; None if it is of a wrong type, which the sidecar refuses."""
    token, credit = params.get("partialResultToken"), params.get("creditMs")
    if isinstance(token, bool) or not isinstance(token, int) or not 0 <= token <= MAX_TOKEN:
        raise Refusal(
            "invalidParams",
            "Over a WebSocket, `partialResultToken` is an integer from 0 to 4294967295.",
            field="partialResultToken",
        )
    if credit is None:
        raise Refusal(
            "invalidParams",
            "Over a WebSocket, `creditMs` is required: the milliseconds of audio to send before "
            "speech/grantCredit grants more.",
            field="creditMs",
        )
    return messages.as_number(credit)
