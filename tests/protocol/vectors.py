"""A runner of the conversations in protocol/vectors; its README explains their format."""

from __future__ import annotations

import base64
import json
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.protocol.patterns import matches
from tests.support.harness import ROOT, TIMEOUT, Message, Sidecar, frame
from tests.support.timing import TooLate
from tests.support.wire import SCHEMA, check

FOLDER = ROOT / "protocol" / "vectors"
_SENDS = ("send", "sendTogether", "sendBody", "sendBodyBytes", "sendRaw", "sendRawText")


class Mismatch(AssertionError):
    """A message, or the end, differs from the conversation."""


@dataclass
class Stream:
    """The progress that has arrived under one token."""

    token: Any
    chunks: int = 0
    samples: int = 0
    frames: int = 0


@dataclass
class Conversation:
    """The requests in flight, and the rules for every message."""

    methods: dict[tuple[type, Any], list[str]] = field(default_factory=dict)
    streams: dict[tuple[type, Any], Stream] = field(default_factory=dict)

    def sent(self, message: Any) -> None:
        if not isinstance(message, dict) or not isinstance(message.get("method"), str):
            return
        if type(message.get("id")) not in (int, str):
            return
        params = message.get("params")
        token = params.get("partialResultToken") if isinstance(params, dict) else None
        waiting = self.methods.setdefault(_key(message["id"]), [])
        waiting.append(message["method"])
        if token is not None and len(waiting) == 1:
            self.streams[_key(message["id"])] = Stream(token)

    def received(self, message: Message) -> None:
        assert message.pop("jsonrpc") == "2.0"
        if "method" in message:
            assert message.keys() == {"method", "params"}
            assert message["method"] == "$/progress"
            check(message["params"], "ProgressParams")
            self._progress(message["params"])
        elif "error" in message:
            assert message.keys() == {"id", "error"}
            self._error(message["id"], message["error"])
        else:
            assert message.keys() == {"id", "result"}
            self._result(message["id"], message["result"])

    def _progress(self, params: Message) -> None:
        if params["value"]["kind"] != "audio":
            return
        streams = [s for s in self.streams.values() if _key(s.token) == _key(params["token"])]
        assert streams, "progress under a token that belongs to no request"
        # Of several requests with one token, all but the first are refused.
        stream, value = streams[0], params["value"]
        assert value["seq"] == stream.chunks
        stream.chunks += 1
        stream.samples += value["samples"]
        stream.frames += value["frames"]

    def _error(self, id: Any, error: Message) -> None:
        check(error["data"], "ErrorData")
        assert error["code"] == SCHEMA["errors"][error["data"]["type"]]
        if id is not None and error["data"]["type"] != "duplicateId":
            self._answered(id)
        elif id is not None and len(waiting := self.methods.get(_key(id), [])) > 1:
            waiting.pop()  # else it was sent in a way that was not looked into

    def _result(self, id: Any, result: Message) -> None:
        method, stream = self._answered(id)
        if method is None:
            return
        check(result, SCHEMA["methods"][method]["result"]["$ref"].rpartition("/")[2])
        if method == "speech/synthesize" and stream is not None:
            assert (stream.samples, stream.frames) == (result["samples"], result["frames"])

    def _answered(self, id: Any) -> tuple[str | None, Stream | None]:
        waiting = self.methods.get(_key(id))
        if waiting is None:
            return None, None  # sent in a way that was not looked into
        assert waiting, "a second answer"
        return waiting.pop(0), self.streams.pop(_key(id), None)


def _key(id: Any) -> tuple[type, Any]:
    return type(id), id


@dataclass
class Vector:
    """One file: its header, and its steps with their line numbers."""

    file: Path
    header: Message
    steps: list[tuple[int, Message]]

    @classmethod
    def read(cls, file: Path) -> Vector:
        lines = [
            (number, json.loads(line))
            for number, line in enumerate(file.read_text().splitlines(), start=1)
            if line and not line.startswith("#")
        ]
        return cls(file, lines[0][1], lines[1:])


class Runner:
    """A runner of one conversation with one process."""

    def __init__(self, vector: Vector, process: Sidecar) -> None:
        self._vector, self._process = vector, process
        self._conversation = Conversation()
        self._bound: dict[str, Any] = {}
        self._kept: Message | None = None
        self._nothings = 0
        self._since = time.monotonic()

    def run(self) -> None:
        """Run all steps.

        Raises:
            Mismatch, TooLate: with the file and the line.
        """
        for number, step in self._vector.steps:
            try:
                self._step(step)
            except AssertionError as error:
                where = f"{self._vector.file.name}:{number}"
                kind = TooLate if isinstance(error, TooLate) else Mismatch
                raise kind(f"{where}: {error}\n{self._process.log}") from error
            if not {"expectExit", "expectStderr"} & step.keys():
                self._since = time.monotonic()

    def _step(self, step: Message) -> None:
        match step:
            case {"closeStdin": True}:
                self._process.close_stdin()
            case {"signal": name}:
                self._process.process.send_signal(signal.Signals[name])
            case {"expect": pattern}:
                self._expect(pattern)
            case {"unordered": patterns}:
                self._unordered(patterns)
            case {"skip": pattern}:
                while self._matches(pattern, message := self._next()):
                    pass
                self._kept = message
            case {"expectNone": True}:
                self._nothings += 1
                id = f"nothing-{self._nothings}"
                self._write([frame(self._sent({"jsonrpc": "2.0", "id": id, "method": "ping"}))])
                self._expect({"id": id})
            case {"expectExit": code}:
                self._expect_exit(code, step.get("within"))
            case {"expectStderr": pattern}:
                log = self._process.whole_log()
                assert re.search(pattern, log), f"stderr has no {pattern!r}"
            case _:
                self._send(step)

    # --- sending ---------------------------------------------------------------------------

    def _send(self, step: Message) -> None:
        (kind,) = step.keys() & set(_SENDS)
        value = step[kind]
        match kind:
            case "send":
                data = frame(self._sent(value))
            case "sendTogether":
                data = b"".join(frame(self._sent(message)) for message in value)
            case "sendBody":
                data = frame(_text(value))
            case "sendBodyBytes":
                data = frame(base64.b64decode(value))
            case "sendRaw":
                data = base64.b64decode(value)
            case _:
                data = _text(value)
        size = step.get("split") or len(data)
        self._write([data[at : at + size] for at in range(0, len(data), size)])

    def _write(self, pieces: list[bytes]) -> None:
        try:
            for piece in pieces:
                self._process.send_raw(piece)
        except BrokenPipeError:
            pass

    def _sent(self, message: Any) -> Any:
        self._conversation.sent(message)
        return message

    # --- receiving -------------------------------------------------------------------------

    def _next(self) -> Message:
        message, self._kept = self._kept, None
        if message is None:
            message = self._process.messages.get(timeout=TIMEOUT)
            assert not isinstance(message, BaseException), message
            assert message is not None, "stdout has ended"
            self._conversation.received(message)
        return message

    def _matches(self, pattern: Any, message: Message) -> bool:
        bound = dict(self._bound)
        if matched := matches(pattern, message, bound):
            self._bound = bound
        return matched

    def _expect(self, pattern: Any) -> None:
        message = self._next()
        assert self._matches(pattern, message), f"{_short(message)} is not {pattern}"

    def _unordered(self, patterns: list[Any]) -> None:
        missing = list(patterns)
        while missing:
            message = self._next()
            found = next((p for p in missing if self._matches(p, message)), None)
            assert found is not None, f"{_short(message)} is none of {missing}"
            missing.remove(found)

    def _expect_exit(self, code: int, within: float | None) -> None:
        assert self._kept is None, f"{_short(self._kept)} came before the end"
        message = self._process.messages.get(timeout=TIMEOUT)
        assert not isinstance(message, BaseException), message
        assert message is None, f"{_short(message)} came before the end"
        got, _ = self._process.wait_exit(TIMEOUT)
        seconds = time.monotonic() - self._since
        assert got == code, f"exit code {got}, not {code}"
        owed = [key for key, waiting in self._conversation.methods.items() if waiting]
        assert self._vector.header.get("unanswered") or not owed, f"no answer to {owed}"
        if within is not None and seconds > within:
            raise TooLate(f"gone after {seconds:.1f} s")


def _text(value: str | list[Any]) -> bytes:
    parts = [value] if isinstance(value, str) else value
    return b"".join(
        p.encode() if isinstance(p, str) else p["repeat"].encode() * p["times"] for p in parts
    )


def _short(message: Any) -> str:
    text = json.dumps(message)
    return text if len(text) < 500 else f"{text[:500]}…"


def vectors() -> Iterator[Vector]:
    for file in sorted(FOLDER.glob("*.jsonl")):
        yield Vector.read(file)
