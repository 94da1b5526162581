"""Send ten thousand requests to one process and watch its memory.

`python -m tests.robustness.soak`

Random texts, voices, chunk sizes, encodings and priorities, up to a dozen at a time; some of them
wrong, some cancelled at once or in the middle. Every answer comes once, every stream is whole, and
the memory after the last request is that after the first 500, or nearly.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from bench.markdown import mb
from tests.robustness.ledger import Ledger, Message, Violation
from tests.robustness.mutations import speech
from tests.robustness.peer import Peer

# Twelve requests in flight are four more than are spoken at the same time.
_IN_FLIGHT = (1, 4, 8, 12, 12, 12)
_MOST_FRAMES = 8
_TIMEOUT = 300.0
_SETTLED = 500
_SAMPLES = 20
_LIMIT = 1.05
_CANCELLED = 0.15

# Params that are refused for one reason or another.
_WRONG: list[Message] = [
    {"text": " \n"},
    {"text": "x" * 5000},
    {"voice": "nobody"},
    {"language": "klingon"},
    {"model": "./no/such/folder"},
    {"speed": 2},
    {"encoding": "mp3"},
    {"maxFrames": 0},
    {"reference": {"path": "voice.wav"}},
    {"sampling": {"temperature": -1}},
]


@dataclass(frozen=True)
class Sample:
    """The memory of the process and of MLX, while nothing is in flight."""

    requests: int
    resident: int
    active: int
    cache: int


class Soak:
    """One process and its `requests` requests; a seed fixes everything but their timing."""

    def __init__(self, requests: int, seed: int) -> None:
        self._requests = requests
        self._settled = min(_SETTLED, max(1, requests // 4))
        self._random = Random(seed)
        self._number = 0
        # Token → after how many chunks its request is cancelled.
        self._cancels: dict[str, int] = {}
        self._status: Message = {}
        self._lock = threading.Lock()
        self.ledger = Ledger()
        self.samples: list[Sample] = []

    def run(self, say: Callable[[str], object]) -> None:
        """Send all requests; raise Violation if one goes wrong."""
        with Peer(self.ledger, self._seen) as peer:
            self._peer = peer
            peer.initialize()
            start = time.monotonic()
            pause = self._settled
            for done in range(1, self._requests + 1):
                self._send()
                self.ledger.wait_owed(self._random.choice(_IN_FLIGHT) - 1, _TIMEOUT)
                if done == pause or done == self._requests:
                    pause += max(_SETTLED // 10, (self._requests - self._settled) // _SAMPLES)
                    sample = self._sample(done)
                    seconds = time.monotonic() - start
                    say(f"{done} requests, {seconds:.0f} s, resident {mb(sample.resident)}")
            if code := peer.finish():
                raise Violation(f"exit code {code}, not 0, at the end of stdin\n{peer.log()}")

    def _send(self) -> None:
        random, token = self._random, f"t{self._number}"
        params = speech(random, random.randint(2, _MOST_FRAMES), token)
        if random.random() < 0.05:
            params |= random.choice(_WRONG)
        chunks = random.choice([0, 0, 1, 2, 3]) if random.random() < _CANCELLED else None
        if chunks:
            with self._lock:
                self._cancels[token] = chunks
        self._request("speech/synthesize", params)
        if "creditMs" in params:  # without a grant, it would wait for ever
            self._notify("speech/grantCredit", {"token": token, "ms": 1_000_000})
        if chunks == 0:
            self._cancel(token)

    def _request(self, method: str, params: Any = None) -> None:
        number, self._number = self._number, self._number + 1
        self._peer.request(number, f"r{number}", method, params)

    def _cancel(self, token: str) -> None:
        self._notify("$/cancelRequest", {"id": f"r{token[1:]}"})

    def _notify(self, method: str, params: Any) -> None:
        self._peer.send(-1, {"jsonrpc": "2.0", "method": method, "params": params})

    def _seen(self, message: Message) -> None:
        """Handle a message; this runs on the reading thread."""
        if "method" in message:
            token, value = message["params"]["token"], message["params"]["value"]
            with self._lock:
                due = value["kind"] == "audio" and self._cancels.get(token) == value["seq"] + 1
            if due:
                # The pipe may be full of requests; the reading thread must not wait for the writer.
                threading.Thread(target=self._cancel, args=(token,)).start()
        elif "backend" in message.get("result", {}):
            self._status = message["result"]

    def _sample(self, requests: int) -> Sample:
        self.ledger.wait_owed(0, _TIMEOUT)
        self._request("server/status")
        self.ledger.wait_owed(0, _TIMEOUT)
        memory = self._status["memory"]
        if self._status["streams"] or self._status["queued"]:
            raise Violation(f"work is left when every request has its answer: {self._status}")
        sample = Sample(
            requests, self._peer.resident(), memory["activeBytes"], memory["cacheBytes"]
        )
        self.samples.append(sample)
        return sample

    @property
    def growth(self) -> float:
        """Return the resident memory at the end ÷ that after the first 500."""
        return self.samples[-1].resident / self.samples[0].resident


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.robustness.soak", description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0, help="of texts, parameters and cancels")
    parser.add_argument("--limit", type=float, default=_LIMIT, help="of memory, end ÷ start")
    options = parser.parse_args(arguments)
    soak = Soak(options.requests, options.seed)
    start = time.monotonic()
    try:
        soak.run(lambda line: print(line, file=sys.stderr, flush=True))
    except (Violation, AssertionError) as error:
        print(f"VIOLATION with --seed {options.seed}: {error}")
        return 1
    _report(soak, options.requests, time.monotonic() - start)
    return 0 if soak.growth <= options.limit else 1


def _report(soak: Soak, requests: int, seconds: float) -> None:
    print(f"requests: {requests}, {seconds:.0f} s, {requests / seconds:.1f}/s")
    counts = soak.ledger.counts
    print(f"messages back: {counts.pop('messages')}")
    for kind, count in counts.most_common():
        print(f"  {count:8} {kind}")
    print("none lost, none answered twice, every stream whole and in order")
    for sample in soak.samples:
        active, cache = mb(sample.active), mb(sample.cache)
        print(f"after {sample.requests}: {mb(sample.resident)}, MLX {active}, its cache {cache}")
    first, last = soak.samples[0], soak.samples[-1]
    print(
        f"resident: {mb(first.resident)} after {first.requests} requests, {mb(last.resident)} "
        f"after {last.requests}, ratio {soak.growth:.3f}"
    )


if __name__ == "__main__":
    sys.exit(main())
