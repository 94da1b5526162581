"""The frames that still need an answer, and a check of every message, for `fuzz` and `soak`."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from tests.robustness.expectation import Expected, Key, Kind
from tests.support.wire import SCHEMA, check

Message = dict[str, Any]

# Errors that mean that the sidecar itself is at fault.
_FAULTS = ("internalError", "generationFailed", "outOfMemory", "modelLoadFailed")
_SENTINEL = "sentinel-"
_WIDTH = {"pcm_s16le": 2, "pcm_f32le": 4}  # bytes of a sample


class Violation(Exception):
    """A message, or its absence, violates the protocol."""


@dataclass(eq=False)
class Owed:
    """A frame that was sent; `number` is its place in the run."""

    number: int
    body: bytes
    what: Expected
    chunks: int = 0
    samples: int = 0
    frames: int = 0
    bytes: int = 0

    @property
    def token(self) -> Any:
        params = self.what.params if isinstance(self.what.params, dict) else {}
        return params.get("partialResultToken", params.get("workDoneToken"))


@dataclass
class Ledger:
    """The frames that were sent and not answered. One thread sends, another one receives.

    The reader's thread answers in the order of the frames. So when a sentinel's pong arrives, the
    answers to all frames before it have arrived, or never will.

    Args:
        sample: one message in this many is also validated against the schema.
    """

    sample: int = 1
    counts: Counter[str] = field(default_factory=Counter[str])
    _ids: dict[Key, list[Owed]] = field(default_factory=dict)
    _tokens: dict[Key, list[Owed]] = field(default_factory=dict)
    _prompt: dict[int, Owed] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _recent: deque[Key] = field(default_factory=lambda: deque(maxlen=32))
    _passed: int = -1
    _broken: BaseException | None = None

    # --- sending ---------------------------------------------------------------------------

    def send(self, number: int, body: bytes, what: Expected) -> None:
        """Record a frame; the caller does so before it writes the frame."""
        owed = Owed(number, body, what)
        with self._changed:
            if what.kind is Kind.ID:
                self._ids.setdefault(_key(what.id), []).append(owed)
                if owed.token is not None and type(owed.token) in (int, str):
                    self._tokens.setdefault(_key(owed.token), []).append(owed)
            if what.kind is not Kind.SILENT and not what.deferred:
                self._prompt[number] = owed

    def sentinel(self, number: int) -> Message:
        """Return a ping whose pong says that everything before it has been handled."""
        id = f"{_SENTINEL}{number}"
        self.send(number, b"", Expected(Kind.ID, id, "ping"))
        return {"jsonrpc": "2.0", "id": id, "method": "ping"}

    def wait_passed(self, number: int, timeout: float) -> None:
        """Wait until the sentinel of this number has been answered."""
        self._wait(lambda: self._passed >= number, timeout, "no answer to a ping")

    def wait_owed(self, at_most: int, timeout: float) -> None:
        """Wait until at most this many requests are unanswered."""
        self._wait(lambda: len(self._ids) <= at_most, timeout, "requests without an answer")

    def _wait(self, done: Any, timeout: float, lacking: str) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._broken or done(), timeout)
            if self._broken:
                raise Violation(str(self._broken)) from self._broken
            if not done():
                raise Violation(f"{lacking} in {timeout:.0f} s: {self.unanswered()[:5]}")

    def unanswered(self) -> list[tuple[int, bytes]]:
        return [(o.number, o.body[:300]) for owed in self._ids.values() for o in owed]

    # --- receiving -------------------------------------------------------------------------

    def broke(self, error: BaseException) -> None:
        """Record that the receiving side has failed; every waiting thread then raises."""
        with self._changed:
            self._broken = self._broken or error
            self._changed.notify_all()

    def receive(self, message: Message) -> str:
        """Record a message, and return its kind.

        Raises:
            Violation: the message violates the protocol.
        """
        with self._changed:
            self.counts["messages"] += 1
            validate = self.counts["messages"] % self.sample == 0
            kind = self._receive(message, validate)
            self.counts[kind] += 1
            self._changed.notify_all()
            return kind

    def _receive(self, message: Message, validate: bool) -> str:
        _demand(message.get("jsonrpc") == "2.0", "no jsonrpc", message)
        if "method" in message:
            shape = message.keys() == {"jsonrpc", "method", "params"}
            _demand(shape and message["method"] == "$/progress", "a strange message", message)
            if validate:
                check(message["params"], "ProgressParams")
            return self._progress(message["params"])
        _demand("id" in message and len(message) == 3, "a strange envelope", message)
        if "error" in message:
            return self._error(message, validate)
        return self._result(message, validate)

    def _progress(self, params: Message) -> str:
        value = params["value"]
        streams = self._tokens.get(_key(params["token"]), [])
        _demand(bool(streams), "progress for no open request, or after the answer", params["token"])
        if value["kind"] != "audio":
            return "progress: load"
        # The later of two requests with one token is refused; its error may still be on its way.
        stream = next((s for s in streams if s.chunks == value["seq"]), None)
        if stream is None:
            raise Violation(f"seq {value['seq']} of token {params['token']!r} has a gap")
        stream.chunks += 1
        stream.samples += value["samples"]
        stream.frames += value["frames"]
        stream.bytes += _decoded_size(value["audio"])
        return "progress: audio"

    def _error(self, message: Message, validate: bool) -> str:
        error = message["error"]
        kind, code = error["data"]["type"], error["code"]
        _demand(SCHEMA["errors"].get(kind) == code, "code and type do not fit", error)
        # A model of the hub cannot be downloaded: the process is offline.
        fault = kind in _FAULTS and "HF_HUB_OFFLINE" not in error["message"]
        _demand(not fault, "the sidecar is at fault", message)
        if validate:
            check(error["data"], "ErrorData")
        self._answered(message, kind)
        return f"error: {kind}"

    def _result(self, message: Message, validate: bool) -> str:
        id, result = message["id"], message["result"]
        owed = self._answered(message)
        method = owed.what.method or "" if owed else ""
        if owed is None or method not in SCHEMA["methods"]:
            _demand(owed is None, "a result for no method", message)
            return "result of a loose body"
        if validate:
            check(result, SCHEMA["methods"][method]["result"]["$ref"].rpartition("/")[2])
        if method == "speech/synthesize":
            _check_sums(owed, result)
        if isinstance(id, str) and id.startswith(_SENTINEL) and not owed.body:
            self._pass(owed.number)
        return f"result: {method}"

    def _answered(self, message: Message, error: str = "") -> Owed | None:
        id = message["id"]
        waiting = self._ids.get(_key(id), [])
        place = 0
        if error == "duplicateId":
            place = 0 if self._overtaken(waiting, id) else 1
        if id is None or place >= len(waiting) or self._is_loose(waiting[0]):
            return self._answered_loose(message)
        owed = waiting.pop(place)
        if not waiting:
            del self._ids[_key(id)]
        if place == 0:
            self._recent.append(_key(id))
        self._prompt.pop(owed.number, None)
        self._release(owed)
        return owed

    def _overtaken(self, waiting: list[Owed], id: Any) -> bool:
        """Return whether the answer to the first request came before the refusal of the second."""
        loose = any(owed.what.kind is Kind.LOOSE for owed in self._prompt.values())
        return len(waiting) == 1 and _key(id) in self._recent and not loose

    def _release(self, owed: Owed) -> None:
        if type(owed.token) not in (int, str):
            return
        streams = self._tokens.get(_key(owed.token), [])
        if owed in streams:
            streams.remove(owed)
        if not streams:
            self._tokens.pop(_key(owed.token), None)

    def _is_loose(self, owed: Owed) -> bool:
        """Return whether an earlier loose body may have its id; no later frame is answered yet."""
        loose = (o.number for o in self._prompt.values() if o.what.kind is Kind.LOOSE)
        return bool(owed.body) and next(loose, owed.number) < owed.number

    def _answered_loose(self, message: Message) -> None:
        """Record an answer under null, or under an id that only a loose body can have."""
        kinds = (Kind.NULL, Kind.LOOSE) if message["id"] is None else (Kind.LOOSE,)
        owed = next((o for o in self._prompt.values() if o.what.kind in kinds), None)
        if owed is None:
            raise Violation(f"an answer to no open request: {str(message)[:500]}")
        del self._prompt[owed.number]

    def _pass(self, number: int) -> None:
        while self._prompt and (first := next(iter(self._prompt))) < number:
            owed = self._prompt.pop(first)
            if owed.what.kind is not Kind.LOOSE:
                raise Violation(f"frame {first} was not answered: {owed.body[:500]!r}")
            self.counts["loose bodies without an answer"] += 1
        self._passed = number


def _check_sums(owed: Owed, result: Message) -> None:
    """Check the sums of the chunks, or those of the audio in the result."""
    wanted = (result["samples"], result["frames"], result["samples"] * _WIDTH[result["encoding"]])
    got = (owed.samples, owed.frames, owed.bytes)
    if owed.token is None:
        got = (*wanted[:2], _decoded_size(result["audio"]))
    _demand(got == wanted, f"sums differ: {got}, not {wanted}", owed)
    _demand(("audio" in result) == (owed.token is None), "audio where it does not belong", owed)


def _decoded_size(base64: str) -> int:
    return len(base64) * 3 // 4 - base64[-2:].count("=")


def _key(id: Any) -> Key:
    return type(id), id


def _demand(right: bool, wrong: str, what: Any) -> None:
    if not right:
        raise Violation(f"{wrong}: {str(what)[:500]}")
