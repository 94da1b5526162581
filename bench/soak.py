"""Streams that come and go for ten minutes: memory, threads, descriptors, gaps, lost requests.

`python -m bench.soak [--model FOLDER] [--seconds 600] [--streams 8]`. The real process over pipes.
Each stream is followed by another one of random length, and one in seven is cancelled on its way.
The exit status is 1 if a request is lost, answered twice or fails, if audio is missing, or if
memory grows.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from statistics import median

import numpy as np
import psutil

from bench import engines
from bench.client import Client, Message
from bench.live import Listener
from bench.markdown import mb, ms, table
from sidecar.models.catalog import BUNDLED

_FRAMES, _CANCELLED = (12, 120), 1 / 7
_CANCEL_CODE = -32800
# From here on sizes should stay; the first streams still compile, and fill caches.
_SETTLED = 0.2
_SLACK_SECONDS = 120.0
# Sizes in bytes, then counts.
_SIZES = ("resident", "MLX active", "MLX peak", "MLX cache")
_COUNTS = ("threads", "descriptors")
_AUDIBLE = 0.001


@dataclass
class Stream:
    """One request.

    Attributes:
        cancel_after: chunks after which it is cancelled; None lets it speak to its end.
        samples: of the chunks that have come.
    """

    cancel_after: int | None
    listener: Listener = field(default_factory=Listener)
    samples: int = 0
    answers: int = 0


class Soak:
    """One process, and `streams` requests in flight until `seconds` have gone."""

    def __init__(self, client: Client, options: argparse.Namespace) -> None:
        self._client, self._options = client, options
        self._random = Random(options.seed)
        self._process = psutil.Process(client.process.pid)
        self._began = time.monotonic()
        self._asked = 0.0
        self.streams: list[Stream] = []
        self.samples: list[dict[str, float]] = []
        self.faults: list[str] = []
        self.ended: Counter[str] = Counter()

    def run(self) -> None:
        voices = self._client.call("voice/list", {"model": self._options.model})["voices"]
        self._voices = [voice["voice"] for voice in voices] or [None]
        self._began = time.monotonic()
        self._ask_status()
        for _ in range(self._options.streams):
            self._start()
        while self._owed() or self._passed() < self._options.seconds:
            self._take(self._client.read())
        self._ask_status()
        while len(self.samples) < 2 or self._asked:
            self._take(self._client.read())
        self.faults += [f"stream {n} has no answer" for n, s in self._numbered() if not s.answers]

    def _passed(self) -> float:
        return time.monotonic() - self._began

    def _owed(self) -> bool:
        return any(not stream.answers for stream in self.streams)

    def _numbered(self) -> list[tuple[int, Stream]]:
        return list(enumerate(self.streams))

    def _start(self) -> None:
        random, number = self._random, len(self.streams)
        frames = random.randint(*_FRAMES)
        cancelled = random.random() < _CANCELLED
        self.streams.append(Stream(random.randint(0, 4) if cancelled else None))
        params = {
            "model": self._options.model,
            "text": random.choice(engines.SENTENCES),
            "voice": random.choice(self._voices),
            "language": engines.LANGUAGE,
            "maxFrames": frames,
            "seed": number,
            "partialResultToken": number,
        }
        self._request(f"speak {number}", "speech/synthesize", params)
        if self.streams[-1].cancel_after == 0:
            self._cancel(number)

    def _request(self, name: str, method: str, params: Message) -> None:
        known = {key: value for key, value in params.items() if value is not None}
        self._client.send({"jsonrpc": "2.0", "id": name, "method": method, "params": known})

    def _cancel(self, number: int) -> None:
        self._client.notify("$/cancelRequest", {"id": f"speak {number}"})

    def _ask_status(self) -> None:
        self._asked = time.monotonic()
        self._request("status", "server/status", {})

    def _take(self, message: Message) -> None:
        if message.get("method") == "$/progress":
            self._hear(message)
        elif message.get("id") == "status":
            self._asked = 0.0
            self._sample(message["result"])
        elif "id" in message:
            self._answer(int(message["id"].split()[1]), message)
        due = self.samples and self._passed() >= self.samples[-1]["at"] + self._options.interval
        if due and not self._asked:
            self._ask_status()

    def _hear(self, message: Message) -> None:
        value, number = message["params"]["value"], message["params"]["token"]
        if value["kind"] != "audio":
            return
        stream = self.streams[number]
        if stream.answers or value["seq"] != len(stream.listener.chunks):
            self.faults.append(f"stream {number}: chunk {value['seq']} is out of order")
        stream.listener.hear(message)
        stream.samples += value["samples"]
        if stream.cancel_after == len(stream.listener.chunks):
            self._cancel(number)

    def _answer(self, number: int, message: Message) -> None:
        stream, error = self.streams[number], message.get("error")
        stream.answers += 1
        if stream.answers > 1:
            self.faults.append(f"stream {number} was answered twice")
        elif error is None:
            self.ended["spoken"] += 1
            if message["result"]["samples"] != stream.samples:
                self.faults.append(f"stream {number}: audio is missing")
        elif error["code"] == _CANCEL_CODE and stream.cancel_after is not None:
            self.ended["cancelled"] += 1
        else:
            self.faults.append(f"stream {number}: {error['message']}")
        if self._passed() < self._options.seconds:
            self._start()

    def _sample(self, status: Message) -> None:
        memory = status["memory"]
        sample = {
            "at": self._passed(),
            "resident": self._process.memory_info().rss,
            "MLX active": memory["activeBytes"],
            "MLX peak": memory["peakBytes"],
            "MLX cache": memory["cacheBytes"],
            "threads": self._process.num_threads(),
            "descriptors": self._process.num_fds(),
        }
        self.samples.append(sample)
        shown = [mb(int(sample[name])) for name in _SIZES] + [f"{sample[n]:.0f}" for n in _COUNTS]
        print(f"| {sample['at']:.0f} s | " + " | ".join(shown) + " |", flush=True)

    @property
    def settled(self) -> list[dict[str, float]]:
        """The samples after the first fifth of the time, without the last: nothing is in flight."""
        late = [s for s in self.samples if s["at"] >= _SETTLED * self._options.seconds]
        return late[:-1] or self.samples[-1:]

    @property
    def growth(self) -> float:
        """Return the largest resident size of the last third ÷ that of the first, settled."""
        sizes = [sample["resident"] for sample in self.settled]
        third = -(-len(sizes) // 3)
        return max(sizes[-third:]) / max(sizes[:third])

    def slope(self, name: str) -> float:
        """Return the growth in a minute, by least squares."""
        at, values = ([s[key] for s in self.settled] for key in ("at", name))
        return float(np.polyfit(np.array(at) / 60, values, 1)[0]) if len(at) > 2 else 0.0


def _report(soak: Soak) -> str:
    rows = [_row(soak, name, lambda size: mb(int(size)), "MB", 1e6) for name in _SIZES]
    rows += [_row(soak, name, lambda count: f"{count:.0f}", "", 1.0) for name in _COUNTS]
    spoke = [stream.listener for stream in soak.streams if stream.listener.chunks]
    gaps = [listener.gaps for listener in spoke]
    firsts = [listener.first for listener in spoke]
    audio = sum(stream.samples for stream in soak.streams) / engines.SAMPLE_RATE
    return "\n".join(
        [
            table(("", "settled", "at the end", "growth in a minute"), rows),
            "",
            f"{len(soak.streams)} requests, {audio:.0f} s of audio: "
            + ", ".join(f"{count} {how}" for how, count in soak.ended.items()),
            f"first audio: {ms(median(firsts))}, worst {ms(max(firsts))}",
            f"silence of players: {sum(gap > _AUDIBLE for gap in gaps)} of {len(gaps)} had some, "
            f"worst {ms(max(gaps))}",
            *(soak.faults or ["none lost, none answered twice, all audio there, in order"]),
            f"resident memory, last third ÷ first: {soak.growth:.3f}",
        ]
    )


def _row(
    soak: Soak, name: str, show: Callable[[float], str], unit: str, scale: float
) -> tuple[str, ...]:
    first, last = soak.settled[0][name], soak.settled[-1][name]
    return name, show(first), show(last), f"{soak.slope(name) / scale:+.2f} {unit}".strip()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.soak", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--model", default=BUNDLED, help="name or folder")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--streams", type=int, default=8, help="requests in flight")
    parser.add_argument("--interval", type=float, default=15.0, help="seconds between two samples")
    parser.add_argument("--limit", type=float, default=1.05, help="of resident memory's growth")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    print("| at | " + " | ".join((*_SIZES, *_COUNTS)) + " |\n|" + "---|" * 7)
    with Client(options.model, options.seconds + _SLACK_SECONDS) as client:
        client.initialize()
        client.call("model/load", {"model": options.model})
        soak = Soak(client, options)
        soak.run()
        client.call("shutdown", {})
        client.notify("exit", {})
        status = client.process.wait(30)
    print(_report(soak))
    if status:
        print(f"exit status {status}, not 0, after `exit`")
    return 1 if soak.faults or status or soak.growth > options.limit else 0


if __name__ == "__main__":
    sys.exit(main())
