"""The ledger that checks the sidecar in fuzz, soak and conversations must notice every error."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.robustness.expectation import Kind, expected
from tests.robustness.ledger import Ledger, Message, Violation

SPEECH = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "speech/synthesize",
    "params": {"text": "Hi.", "partialResultToken": "t"},
}
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
PONG = {"jsonrpc": "2.0", "id": 1, "result": {"uptimeMs": 1.0}}


def ledger(*messages: Any) -> Ledger:
    """Return a ledger that has recorded these frames."""
    ledger = Ledger()
    for number, message in enumerate(messages):
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        ledger.send(number, body, expected(body))
    return ledger


def error(kind: str, code: int, id: Any = 1) -> Message:
    message = {"code": code, "message": "No.", "data": {"type": kind}}
    return {"jsonrpc": "2.0", "id": id, "error": message}


def audio(seq: int, token: str = "t") -> Message:
    value = {"kind": "audio", "seq": seq, "audio": "AAA=", "samples": 1, "frames": 1}
    value["sentence"] = 0
    params = {"token": token, "value": value}
    return {"jsonrpc": "2.0", "method": "$/progress", "params": params}


def result(frames: int) -> Message:
    metrics = dict.fromkeys(("queueMs", "firstAudioMs", "generationMs", "realTimeFactor"), 1.0)
    value = {
        "finishReason": "stop", "frames": frames, "samples": frames, "sampleRate": 24000,
        "encoding": "pcm_s16le", "durationMs": 1.0, "seed": 1, "sentences": 1,
        "metrics": {**metrics, "peakMemoryBytes": 1},
    }  # fmt: skip
    return {"jsonrpc": "2.0", "id": 1, "result": value}


def test_a_stream_that_is_right() -> None:
    watcher = ledger(SPEECH)
    for message in (audio(0), audio(1), result(2)):
        watcher.receive(message)
    watcher.wait_owed(0, 0)
    assert watcher.unanswered() == []


@pytest.mark.parametrize(
    ("sent", "received", "wrong"),
    [
        ([PING], [PONG, PONG], "to no open request"),
        ([PING], [PONG | {"id": "1"}], "to no open request"),
        ([b"{}"], [error("parseError", -32700, None)] * 2, "to no open request"),
        ([PING], [error("duplicateId", -32600)], "to no open request"),
        ([PING], [error("internalError", -32603)], "at fault"),
        ([PING], [error("parseError", -32600)], "code and type"),
        ([PING], [PONG | {"more": 1}], "envelope"),
        ([PING], [{"jsonrpc": "2.0", "method": "other", "params": {}}], "strange"),
        ([SPEECH], [audio(1)], "gap"),
        ([SPEECH], [audio(0), audio(0)], "gap"),
        ([SPEECH], [audio(0), audio(1, "other")], "for no open request"),
        ([SPEECH], [audio(0), result(2)], "sums"),
        ([SPEECH], [audio(0), error("cancelled", -32800), audio(1)], "after the answer"),
    ],
)
def test_what_should_not_come(sent: list[Any], received: list[Message], wrong: str) -> None:
    watcher = ledger(*sent)
    for message in received[:-1]:
        watcher.receive(message)
    with pytest.raises(Violation, match=wrong):
        watcher.receive(received[-1])


@pytest.mark.parametrize("body", [PING, b"[]", {"jsonrpc": "1.0", "id": 1, "method": "ping"}])
def test_what_was_not_answered_is_seen_at_the_next_pong(body: Any) -> None:
    watcher = ledger(body)
    pong = PONG | {"id": watcher.sentinel(9)["id"]}
    with pytest.raises(Violation, match="frame 0 was not answered"):
        watcher.receive(pong)


def test_what_takes_its_time_is_missed_at_the_end() -> None:
    watcher = ledger(SPEECH)
    watcher.receive(PONG | {"id": watcher.sentinel(9)["id"]})
    watcher.wait_passed(9, 0)
    with pytest.raises(Violation, match="without an answer"):
        watcher.wait_owed(0, 0)


@pytest.mark.parametrize(
    ("body", "kind", "id"),
    [
        (b'{"jsonrpc":"2.0","id":1,"method":"ping"}', Kind.ID, 1),
        (b'{"jsonrpc":"2.0","id":"\\ud83d\\ude00","method":"ping"}', Kind.ID, "😀"),
        (b'{"jsonrpc":"2.0","id":1.0,"method":"ping"}', Kind.NULL, None),
        (b'{"jsonrpc":"2.0","id":1,"method":5}', Kind.ID, 1),
        (b'{"jsonrpc":"2.0","method":"ping"}', Kind.SILENT, None),
        (b'{"jsonrpc":"2.0","id":1,"result":null}', Kind.SILENT, None),
        (b"[]", Kind.NULL, None),
        (b"\xff", Kind.NULL, None),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":NaN}}', Kind.LOOSE, None),
        (b'{"jsonrpc":"2.0","id":"\\ud800","method":"ping"}', Kind.LOOSE, None),
        (b'{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', Kind.LOOSE, None),
    ],
)
def test_who_is_to_be_answered(body: bytes, kind: Kind, id: Any) -> None:
    assert (expected(body).kind, expected(body).id) == (kind, id)
