"""Send a million frames, good and bad, to the real process: `python -m tests.robustness.fuzz`.

It sends valid messages, bent ones, broken bytes and the conversations of protocol/vectors, after
every allowed header, in writes of any size. It checks every message that arrives: each must answer
an open request, once, and between two pings every frame that needs an answer has had it. One
process takes all frames; headers that end the process are sent to processes of their own.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from bench.markdown import mb
from tests.robustness import headers
from tests.robustness.expectation import Expected, Kind, expected
from tests.robustness.ledger import Ledger, Violation
from tests.robustness.mutations import body, framed, oversized, steering, vector_bodies
from tests.robustness.peer import Peer
from tests.support.harness import frame

_BATCH = 250
_WINDOW = 4  # batches that may be unanswered
_OVERSIZED_EVERY = 40  # one message over the limit in so many batches
_SAMPLE = 100
_TIMEOUT = 120.0
_NARROW_TIMEOUT = 20.0
_REPORT_SECONDS = 20.0


@dataclass
class Batch:
    """The frames between two of the fuzzer's pings; the same for the same seed and number."""

    number: int
    bodies: list[bytes] = field(default_factory=list)
    data: bytearray = field(default_factory=bytearray)
    frames: int = 0  # of the fuzzer's own choice


def make_batch(
    random: Random, number: int, first: int, count: int, vectors: list[bytes], ledger: Ledger
) -> Batch:
    """Make `count` frames and the pings between them, and record them in the ledger."""
    batch = Batch(number)

    def add(data: bytes, what: Expected) -> None:
        # Three numbers are reserved for each frame and its follow-ups.
        ledger.send(3 * first + len(batch.bodies), data, what)
        batch.bodies.append(data)
        batch.data += framed(random, data)

    def fence() -> None:
        ping = ledger.sentinel(3 * first + len(batch.bodies))
        batch.bodies.append(json.dumps(ping).encode())
        batch.data += framed(random, batch.bodies[-1])

    for index in range(count):
        data = body(random, first + index, vectors)
        what = expected(data)
        add(data, what)
        batch.frames += 1
        for more in _follow_ups(random, what):
            add(more, expected(more))
        if what.kind is Kind.LOOSE:
            fence()
    if number % _OVERSIZED_EVERY == 2:
        data = oversized(random, first)
        add(data, expected(data))
    fence()
    return batch


def _follow_ups(random: Random, what: Expected) -> Iterator[bytes]:
    """Yield what speech needs to end: a resume, credit, the end of its text, perhaps a cancel.

    Before that come steps that steer it, and sometimes its id once more.
    """
    params = what.params if isinstance(what.params, dict) else {}
    if what.method == "speech/pause":
        yield _notification("speech/resume", params.get("token"))
    if what.method != "speech/synthesize" or what.id is None:
        return
    frames, token = params.get("maxFrames"), params.get("partialResultToken")
    for _ in range(random.choice([0, 0, 1, 4])):
        yield json.dumps(steering(random, token)).encode()
    yield _notification("speech/resume", token)
    if "creditMs" in params:  # without a grant, it would wait for ever
        yield _notification("speech/grantCredit", token, ms=100_000)
    if "moreText" in params:
        yield _notification("speech/endText", token)
    if random.random() < 0.2:
        yield json.dumps({"jsonrpc": "2.0", "id": what.id, "method": "ping"}).encode()
    if type(frames) is not int or frames > 2 or random.random() < 0.3:
        cancel = {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": what.id}}
        yield json.dumps(cancel).encode()


def _notification(method: str, token: Any, **params: Any) -> bytes:
    message = {"jsonrpc": "2.0", "method": method, "params": {"token": token, **params}}
    return json.dumps(message).encode()


def pieces(random: Random, data: bytes) -> Iterator[bytes]:
    """Yield pieces of any size for the writes; sometimes of a few bytes each."""
    largest = random.choices([len(data), 65536, 4096, 300, 7], [6, 6, 6, 2, 0.2])[0]
    largest = max(largest, len(data) // 2**14)
    at = 0
    while at < len(data):
        size = random.randint(1, largest)
        yield data[at : at + size]
        at += size


class Run:
    """One process that takes `frames` frames."""

    def __init__(self, frames: int, seed: int) -> None:
        self._frames, self._seed = frames, seed
        self._vectors = vector_bodies()
        self._recent: list[Batch] = []
        self.ledger = Ledger(sample=_SAMPLE)
        self.memory: list[int] = []
        self.sent = 0

    def run(self, say: Callable[[str], object]) -> None:
        """Send all frames; raise Violation, after which `suspects` has the last frames."""
        with Peer(self.ledger) as peer:
            peer.initialize()
            peer.request(-1, "warm", "speech/synthesize", {"text": "Hello.", "maxFrames": 2})
            self.ledger.wait_owed(0, _TIMEOUT)
            self.memory.append(peer.resident())
            start = reported = time.monotonic()
            while self.sent < self._frames:
                self._batch(peer)
                if time.monotonic() - reported > _REPORT_SECONDS:
                    reported = time.monotonic()
                    rate = self.sent / (reported - start)
                    say(f"{self.sent} frames, {rate:.0f}/s, {mb(self.memory[-1])}")
            self.ledger.wait_owed(0, _TIMEOUT)
            self.memory.append(peer.resident())
            if code := peer.finish():
                raise Violation(f"exit code {code}, not 0, at the end of stdin\n{peer.log()}")

    def _batch(self, peer: Peer) -> None:
        number = self.sent // _BATCH
        random = Random(f"{self._seed}:{number}")
        count = min(_BATCH, self._frames - self.sent)
        batch = make_batch(random, number, self.sent, count, self._vectors, self.ledger)
        self.sent += batch.frames
        self._recent = [*self._recent[-_WINDOW:], batch]
        for piece in pieces(random, bytes(batch.data)):
            peer.write(piece)
        if len(self._recent) > _WINDOW:
            oldest = self._recent[0]
            last = 3 * oldest.number * _BATCH + len(oldest.bodies) - 1
            self.ledger.wait_passed(last, _TIMEOUT)
        if number % 40 == 0:
            self.memory.append(peer.resident())

    def suspects(self) -> list[bytes]:
        return [data for batch in self._recent for data in batch.bodies]


def narrowed(suspects: list[bytes]) -> bytes | None:
    """Return the first body that fails alone; all are sent one by one to a new process."""
    ledger = Ledger()
    with Peer(ledger) as peer:
        peer.initialize()
        for number, data in enumerate(suspects):
            ledger.send(2 * number, data, expected(data))
            ping = json.dumps(ledger.sentinel(2 * number + 1)).encode()
            peer.write(frame(data) + frame(ping))
            try:
                ledger.wait_passed(2 * number + 1, _NARROW_TIMEOUT)
            except Violation:
                return data
    return None


# --- headers -------------------------------------------------------------------------------


def header_runs(count: int, seed: int) -> Counter[int]:
    """Start processes with bent headers, one stream each; return their exit codes.

    Raises:
        Violation: with the stream.
    """
    codes: Counter[int] = Counter()
    for index in range(count):
        stream = headers.bent_stream(Random(f"{seed}:header:{index}"))
        try:
            codes[_header_run(stream)] += 1
        except (Violation, AssertionError) as error:
            raise Violation(f"header stream {index}, {stream[:3000]!r}: {error}") from error
    return codes


def _header_run(stream: bytes) -> int:
    followed, ledger = headers.follow(stream), Ledger()
    for number, data in enumerate(followed.bodies):
        ledger.send(number, data, expected(data))
    with Peer(ledger) as peer:
        peer.ending()
        peer.write(stream)
        code = peer.finish()
        ledger.wait_owed(0, 0.01)
        if code not in followed.codes:
            raise Violation(f"exit code {code}, not one of {followed.codes}\n{peer.log()}")
        return code


# --- the command ---------------------------------------------------------------------------


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.robustness.fuzz", description=__doc__)
    parser.add_argument("--frames", type=int, default=1_000_000, help="for the one process")
    parser.add_argument(
        "--processes", type=int, default=300, help="with headers that may end them, one each"
    )
    parser.add_argument("--seed", type=int, default=0, help="the same seed sends the same frames")
    options = parser.parse_args(arguments)
    start = time.monotonic()
    run = Run(options.frames, options.seed)
    try:
        run.run(lambda line: print(line, file=sys.stderr, flush=True))
    except (Violation, AssertionError) as error:
        _explain(run, options.seed, error)
        return 1
    seconds = time.monotonic() - start
    _report(run, seconds)
    try:
        codes = header_runs(options.processes, options.seed)
    except Violation as error:
        print(f"VIOLATION with --seed {options.seed}: {error}")
        return 1
    ends = ", ".join(f"{count} with exit code {code}" for code, count in sorted(codes.items()))
    print(f"processes with bent headers: {options.processes}; ended: {ends or 'none'}")
    print("no crash, no hang, nothing unanswered, nothing answered twice")
    return 0


def _report(run: Run, seconds: float) -> None:
    print(f"frames: {run.sent} in one process, {seconds:.0f} s, {run.sent / seconds:.0f}/s")
    counts = run.ledger.counts
    print(f"messages back: {counts.pop('messages')}")
    for kind, count in counts.most_common():
        print(f"  {count:8} {kind}")
    first, last, most = run.memory[0], run.memory[-1], max(run.memory)
    print(
        f"resident: {mb(first)} after the first speech, {mb(last)} at the end, {mb(most)} at most"
    )


def _explain(run: Run, seed: int, error: BaseException) -> None:
    print(f"VIOLATION with --seed {seed} after {run.sent} frames: {error}")
    print("looking for the frame among the last ones …", flush=True)
    culprit = narrowed(run.suspects())
    if culprit is None:
        print("none of the last frames does it alone; the same command repeats it")
    else:
        print(f"this body does it alone: {culprit[:2000]!r}")
        print(f"in base64: {base64.b64encode(culprit[:20000]).decode()}")


if __name__ == "__main__":
    sys.exit(main())
