"""`ping` is answered at once, whatever else is read, refused, decoded, normalised or loaded.

What counts is the processor time that the process spends between a `ping` and its answer, since the
machine may be busy with something else. Two threads may spend it at once.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from sidecar.models import catalog
from tests.support.checkpoints.changing import copy_of
from tests.support.checkpoints.hostile import add_tensors, enlarge_vocabulary, pad
from tests.support.harness import TIMEOUT, RpcError, Sidecar, sidecar
from tests.support.timing import TooLate, in_time

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="other systems do not tell the time of another process"
)

MOST_SECONDS = 0.1 * min(2, len(os.sched_getaffinity(0)) if sys.platform == "linux" else 2)
# Just below the longest message that is read.
LONG = 16 * 2**20 - 1000

Send = Callable[[Sidecar], list[Any]]


@pytest.fixture(scope="module")
def server() -> Iterator[Sidecar]:
    with sidecar() as server:
        server.call("model/load", {"model": "tiny-voice"})
        # What the first request of a kind imports is not what is measured here.
        server.speak("It costs $5.", maxFrames=2)
        server.request("speech/synthesize", {"text": "Hi.", "reference": {"audio": "AAAA"}})
        server.request("speech/synthesize", {"text": "Hi.", "reference": {"path": "/nowhere"}})
        yield server


def spent(server: Sidecar) -> float:
    """Return the processor time of all threads of the process, in seconds."""
    return time.clock_gettime((~server.process.pid << 3) | 2)  # as clock_getcpuclockid makes it


def longest_ping(server: Sidecar, send: Send) -> tuple[float, float]:
    """Ping without a pause until all that `send` has requested is answered.

    Returns:
        The most processor time, and the most time, that a ping took, in seconds.
    """
    waiting, most, slowest = set(send(server)), 0.0, 0.0
    deadline = time.monotonic() + TIMEOUT
    while True:
        start, before = time.monotonic(), spent(server)
        id = server.request("ping")
        while (message := server.next_message()) is not None and message.get("id") != id:
            waiting.discard(message.get("id"))
        most = max(most, spent(server) - before)
        slowest = max(slowest, time.monotonic() - start)
        if not waiting:
            return most, slowest
        assert time.monotonic() < deadline, f"{len(waiting)} requests have no answer"


def check(server: Sidecar, send: Send) -> None:
    def attempt() -> None:
        most, slowest = longest_ping(server, send)
        print(f"processor time {most * 1000:.0f} ms, time {slowest * 1000:.0f} ms")
        if most > MOST_SECONDS:
            raise TooLate(f"a ping has cost {most * 1000:.0f} ms of processor time")

    in_time(attempt)


def asking(**params: Any) -> Send:
    def send(server: Sidecar) -> list[Any]:
        return [server.request("speech/synthesize", {"text": "Hi.", "maxFrames": 2, **params})]

    return send


def sending(start: bytes, unit: bytes, length: int, end: bytes) -> Send:
    """Send a request whose text is this JSON, of so many bytes."""

    def send(server: Sidecar) -> list[Any]:
        id = server.request("ping")  # a number that is not used again
        server.methods[-id] = "speech/synthesize"
        head = b'{"jsonrpc":"2.0","id":%d,"method":"speech/synthesize","params":{"text":' % -id
        body = head + start + unit * (length // len(unit)) + end + b"}}"
        server.send_raw(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        return [-id]

    return send


def recording(length: int) -> Send:
    """Send a recording of so many bytes in base64."""
    return lambda server: asking(reference={"audio": "A" * length})(server)


TOO_LONG = 66_000_000  # which was not, once
MESSAGES: dict[str, Send] = {
    "base64": recording(LONG),
    "47 MB of base64": recording(47_000_000),
    "66 MB of numbers": sending(b"[", b"0,", TOO_LONG, b"0]"),
    "66 MB of objects": sending(b"[", b"{},", TOO_LONG, b"0]"),
    "numbers": sending(b"[", b"0,", LONG, b"0]"),
    "objects": sending(b"[", b"{},", LONG, b"0]"),
    "escapes": sending(b'"', b"\\u4e2d", LONG, b'"'),
    "Chinese": sending(b'"', "中".encode(), LONG, b'"'),
    "white space": sending(b"", b" ", LONG, b'"Hi."'),
}


OFTEN = ("base64", "47 MB of base64", "numbers")  # the others run with the hosts


@pytest.mark.parametrize(
    "name",
    [name if name in OFTEN else pytest.param(name, marks=pytest.mark.hosts) for name in MESSAGES],
)
def test_while_a_long_message_is_read(server: Sidecar, name: str) -> None:
    check(server, MESSAGES[name])


def test_while_a_voice_is_made_of_a_long_message(server: Sidecar) -> None:
    def send(server: Sidecar) -> list[Any]:
        params = {"voice": "a", "model": "tiny-voice", "reference": {"audio": "A" * LONG}}
        return [server.request("voice/create", params)]

    check(server, send)


REFUSED = {
    "10**6 tensors": add_tensors(10**6),
    "60 MB of config.json": pad("config.json", 60),
}


@pytest.mark.parametrize("name", REFUSED)
def test_while_a_checkpoint_is_refused(server: Sidecar, tmp_path: Path, name: str) -> None:
    folder = copy_of(catalog.BUNDLED_PATH, tmp_path / "model")
    REFUSED[name](folder)
    check(server, lambda server: [server.request("model/load", {"model": str(folder)})])


@pytest.mark.parametrize("in_parts", [False, True], ids=["tokenizer.json", "vocab.json"])
def test_while_a_large_vocabulary_is_read(server: Sidecar, tmp_path: Path, in_parts: bool) -> None:
    """The official models have as many tokens. The bundled voice embeds fewer, so it is refused."""
    folder = copy_of(catalog.BUNDLED_PATH, tmp_path / "model")
    enlarge_vocabulary(150_000, in_parts=in_parts)(folder)
    check(server, lambda server: [server.request("model/load", {"model": str(folder)})])
    with pytest.raises(RpcError, match="with the id 159999 in its tokenizer"):
        server.call("model/load", {"model": str(folder)})


@pytest.mark.hosts  # 24 recordings are decoded
def test_while_many_recordings_are_decoded(server: Sidecar, tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, (48_000 * 58, 8)).astype(np.float32)
    path = tmp_path / "wide.wav"
    soundfile.write(path, noise, 48_000, subtype="PCM_16")

    def send(server: Sidecar) -> list[Any]:
        reference = {"path": str(path)}
        return [id for _ in range(24) for id in asking(reference=reference)(server)]

    check(server, send)


TEXTS = [
    {"text": "1½" * 2048, "splitSentences": False},
    {"text": "1." + "1" * 4094, "splitSentences": False},
    {"text": "Twenty-one 3.14% of $5, 12:30 and 3/4 kg. " * 23_000, "partialResultToken": "n"},
    {"text": "\U0001f1e6" * 16_000, "partialResultToken": "n"},
    {"text": "a\u200d" * 16_000, "partialResultToken": "n"},
]


@pytest.mark.hosts  # some of them are long
@pytest.mark.parametrize("params", TEXTS, ids=["halves", "digits", "novel", "flags", "joiners"])
@pytest.mark.parametrize("language", ["english", "chinese"])
def test_while_a_text_is_read(
    server: Sidecar, golden: Path, params: dict[str, Any], language: str
) -> None:
    model = str(golden / "custom_voice") if language == "chinese" else "tiny-voice"
    server.call("model/load", {"model": model})
    server.speak("3", model=model, language=language, normalizeText=True, maxFrames=2)
    check(server, asking(normalizeText=True, language=language, model=model, **params))
