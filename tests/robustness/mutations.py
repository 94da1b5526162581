"""The messages that `tests.robustness.fuzz` sends: good, bent and broken ones."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterable
from random import Random
from typing import Any

from tests.robustness.expectation import DEFERRED, MAX_MESSAGE_BYTES, Kind, expected
from tests.support.wire import ROOT

_CHEAP = ("ping", "ping", "server/status", "no/such", "$/progress", "initialize", "initialized")
_ENDS = ("exit", "shutdown")
_PAUSE = "speech/pause"
_STEERING = ("speech/flush", _PAUSE, "speech/resume", "speech/grantCredit", "speech/appendText")
_WORDS = "One two three four. Hello there! Äpfel, Öl; naïve: 「日本」 😀 \u202e \u0301 tab\t $12.50"
_MAX_SAFE_FRAMES = 2


# --- good messages -------------------------------------------------------------------------


def message(random: Random, number: int) -> dict[str, Any]:
    """Return a request or notification as from a client; `number` makes its id and token new."""
    chance = random.random()
    if chance < 0.05:
        params = {"id": random.choice([number - 1, f"d{number - random.randint(1, 900)}", "x"])}
        return {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": params}
    if chance < 0.06:
        return {"jsonrpc": "2.0", "id": number, "result": None}
    if chance < 0.0615:
        return _deferred(random, number)
    if chance < 0.09:
        return steering(random, f"t{number - random.randint(1, 900)}")
    method = random.choice(_CHEAP)
    id = random.choice([number, -number, f"id {number}", f"«{number}»"])
    request: dict[str, Any] = {"jsonrpc": "2.0", "id": id, "method": method}
    if method == "initialize":
        request["params"] = {"protocolVersion": 1, "clientInfo": {"name": "fuzz"}}
    elif random.random() < 0.3:
        request["params"] = random.choice([None, {}, {"a": 1}, []])
    if random.random() < 0.1:
        del request["id"]
    return request


def _deferred(random: Random, number: int) -> dict[str, Any]:
    """Return an id of a separate kind: a changed digit must not match another id in flight."""
    method = random.choice(
        ["speech/synthesize"] * 6 + ["model/list", "voice/list", "model/load"] * 2
        + ["model/unload"] * (random.random() < 0.1)
    )  # fmt: skip
    request: dict[str, Any] = {"jsonrpc": "2.0", "id": f"d{number}", "method": method}
    if method == "speech/synthesize":
        request["params"] = speech(random, random.randint(1, _MAX_SAFE_FRAMES), f"t{number}")
    elif method != "model/list":
        request["params"] = {"model": "tiny-voice"}
    return request


def steering(random: Random, token: Any) -> dict[str, Any]:
    """Return a notification about the stream of a token, which may have ended or never begun."""
    method = random.choice(_STEERING)
    params: dict[str, Any] = {"token": token}
    if method == "speech/grantCredit":
        params["ms"] = random.choice([0, 80, 0.5, 100_000])
    if method == "speech/appendText":
        params["text"] = text(random, random.randint(0, 40))
    return {"jsonrpc": "2.0", "method": method, "params": params}


def text(random: Random, length: int) -> str:
    start = random.randrange(len(_WORDS))
    return "".join(_WORDS[(start + i) % len(_WORDS)] for i in range(length))


def speech(random: Random, frames: int, token: str) -> dict[str, Any]:
    """Return params of `speech/synthesize`."""
    params: dict[str, Any] = {"text": text(random, random.randint(1, 60)), "maxFrames": frames}
    optional = (
        ("partialResultToken", token, 0.7),
        ("voice", random.choice(["slt", "rms"]), 0.5),
        ("seed", random.randrange(2**53), 0.7),
        ("encoding", random.choice(["pcm_s16le", "pcm_f32le"]), 0.5),
        ("priority", random.choice(["low", "normal", "high"]), 0.5),
        ("chunk", {"firstFrames": random.randint(1, 4), "maxFrames": random.randint(1, 6)}, 0.5),
        ("textMode", random.choice(["full", "stream"]), 0.2),
        ("creditMs", random.choice([0, 80, 100_000]), 0.3),
        ("moreText", True, 0.3),
        ("sampling", {"temperature": random.choice([0, 0.5, 1]), "topK": 20}, 0.2),
    )
    return params | {name: value for name, value, likely in optional if random.random() < likely}


# --- bent ones -----------------------------------------------------------------------------

_JUNK: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**53, 2**63, 2**64, -(2**70), 10**200, 0.5, -0.0, 1e308,
    "", "\0", "\n", "😀", "ключ", "a" * 5000, "../..", "~", "/dev/null", "2.0", "ping", [], {},
    [[]], {"": {}}, {"a": None}, [1, "2", {"3": 4}], math.nan, -math.inf, "\ud800", "x\udc00y",
]  # fmt: skip


def _junk(random: Random) -> Any:
    return copy.deepcopy(random.choice(_JUNK))  # what is bent next may be inside it


def bent(random: Random, value: Any) -> Any:
    """Return a copy with one to three members replaced, removed, renamed or added."""
    value = copy.deepcopy(value)
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        place = random.choice(list(_places(value)))
        key = random.choice([*place]) if isinstance(place, dict) and place else None
        match random.randrange(5):
            case _ if key is None:
                place[random.choice(["", "x", "params", "\ud83d"])] = _junk(random)
            case 0 | 1:
                place[key] = _junk(random)
            case 2:
                del place[key]
            case 3:
                place[random.choice([key.upper(), key + " ", "é", "$"])] = place.pop(key)
            case _:
                place[random.choice(["x", "seed", "id", "a\nb", "\udc00"])] = _junk(random)
    return value


def _places(value: Any) -> Iterable[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _places(inner)


def dumped(random: Random, value: Any) -> bytes:
    """Return JSON as different encoders write it; sometimes half a surrogate pair as bytes."""
    tight = random.random() < 0.5
    separators = (",", ":") if tight else (", ", ": ")
    plain = json.dumps(value, ensure_ascii=random.random() < 0.7, separators=separators)
    padding = random.choice(["", "", "", " ", "\r\n\t "])
    return (padding + plain + padding).encode("utf-8", "surrogatepass")


_BITS = [
    b'"', b"\\", b"\\u", b"\\ud800", b"NaN", b"{", b"}", b"[[[[", b"]", b",", b":", b"\x00",
    b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\r\n\r\n", b"Content-Length: 5\r\n\r\n", b"1e999",
    b"9" * 400, b"null", b" ", b"\n", b'"id":1,', b"-", b".", b"/**/",
]  # fmt: skip


def broken(random: Random, data: bytes) -> bytes:
    """Return the bytes with one to four places cut, doubled, overwritten or filled."""
    for _ in range(random.choice([1, 1, 2, 4])):
        at = random.randint(0, len(data))
        size = random.choice([1, 1, 2, 5, 20])
        match random.randrange(6):
            case 0:
                data = data[:at]
            case 1:
                data = data[:at] + data[at + size :]
            case 2:
                data = data[:at] + data[at : at + size] * 2 + data[at + size :]
            case 3:
                data = data[:at] + random.randbytes(size) + data[at + size :]
            case _:
                data = data[:at] + random.choice(_BITS) + data[at:]
    return data


# --- bodies and frames ---------------------------------------------------------------------


def vector_bodies() -> list[bytes]:
    """Return the bodies that protocol/vectors sends, up to 20 kB each."""
    bodies: list[bytes] = []
    for file in sorted((ROOT / "protocol" / "vectors").glob("*.jsonl")):
        for line in file.read_text().splitlines():
            step = {} if line.startswith("#") or not line else json.loads(line)
            messages = [step["send"]] if "send" in step else step.get("sendTogether", [])
            bodies += [json.dumps(message).encode() for message in messages]
            if isinstance(step.get("sendBody"), str):
                bodies.append(step["sendBody"].encode())
    return bodies


def oversized(random: Random, number: int) -> bytes:
    """Return a message over the limit; its id comes first, last or not at all."""
    start = {"jsonrpc": "2.0", "method": random.choice(["ping", "speech/appendText"])}
    members: dict[str, Any] = start | {"id": number, "params": {"text": ""}}
    order = random.choice([("id", "method", "params"), ("method", "params", "id"), ("params",)])
    text = json.dumps({name: members[name] for name in ("jsonrpc", *order)})
    filling = b"x" * (MAX_MESSAGE_BYTES + random.randint(1, 5000))
    return text.encode().replace(b'"text": "', b'"text": "' + filling)


def body(random: Random, number: int, vectors: list[bytes]) -> bytes:
    """Return any body that neither ends the process nor makes it use the network."""
    while True:
        data = _any_body(random, number, vectors)
        outcome = expected(data)
        if outcome.kind is Kind.LOOSE:
            # A pause that may count or not would need a resume, which may come too late.
            unfit = any(word.encode() in data for word in (*DEFERRED, *_ENDS, _PAUSE))
        else:
            # Another id could be one that a loose body mentions while it is in flight.
            foreign = outcome.deferred and outcome.id not in (None, f"d{number}")
            unfit = outcome.method in _ENDS or foreign
        if not unfit:
            return data


def _any_body(random: Random, number: int, vectors: list[bytes]) -> bytes:
    chance = random.random()
    if chance < 0.05:
        return random.randbytes(random.randrange(60))
    if chance < 0.10:
        return dumped(random, _junk(random))
    if chance < 0.20 and vectors:
        data = _owned(random.choice(vectors), number)
        return data if random.random() < 0.2 else broken(random, data)
    good = message(random, number)
    if chance < 0.50:
        return dumped(random, good)
    if chance < 0.80:
        return dumped(random, bent(random, good))
    return broken(random, dumped(random, good))


def _owned(data: bytes, number: int) -> bytes:
    """Give a deferred request an id and a token of its own."""
    if not expected(data).deferred:
        return data
    message = json.loads(data)
    message["id"] = f"d{number}"
    if isinstance(params := message.get("params"), dict):
        for name in ("partialResultToken", "workDoneToken"):
            if name in params:
                params[name] = f"t{number}"
    return json.dumps(message).encode()


def framed(random: Random, data: bytes) -> bytes:
    """Return the body after any header that the protocol allows."""
    if random.random() < 0.7:
        return b"Content-Length: %d\r\n\r\n%b" % (len(data), data)
    name = random.choice([b"content-length", b"CONTENT-LENGTH", b"Content-Length \t"])
    zeros = b"0" * random.choice([0, 0, 3, 5])
    lines = [b"%b:%b%b%d%b" % (name, random.choice([b"", b"  ", b"\t"]), zeros, len(data), b" ")]
    for _ in range(random.randrange(3)):
        filling = random.choice([b"utf-8", b"", b": : :", b"x" * random.randrange(1500), b"\xff"])
        lines.insert(random.randint(0, len(lines)), b"X-Other: " + filling)
    return b"\r\n".join(lines) + b"\r\n\r\n" + data
