"""Streams that come and go for ten minutes: memory, threads, descriptors, gaps, lost requests.

`python -m bench.soak [--model FOLDER] [--seconds 600] [--streams 8] [--pause 0]`. The real process
over pipes. Each stream is followed by another one of random length, and one in seven is cancelled
on its way. The last column says what the growth would come to in eight hours.
The exit status is 1 if a request is lost, answered twice or fails, if audio is missing, or if
memory, threads or descriptors grow.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from statistics import median
from typing import Any
from unittest import mock

import msgspec
import numpy as np
import psutil
from qwen_tts_client import ExitEvent, Sidecar, SidecarResponseError
from qwen_tts_client.connection import Call, Connection
from qwen_tts_client.protocol import ERROR_CODES, AudioProgress, SentenceProgress, SynthesizeResult

from bench import engines, sidecars
from bench.live import Listener
from bench.markdown import mb, ms, table
from sidecar.models.catalog import BUNDLED

_FRAMES, _CANCELLED = (12, 120), 1 / 7
# From here on sizes should stay; the first streams still compile, and fill caches.
_SETTLED = 0.2
_SLACK_SECONDS = 120.0
# Sizes in bytes, then counts.
_SIZES = ("resident", "MLX active", "MLX peak", "MLX cache")
_COUNTS = ("threads", "descriptors")
# Threads of requests come and go.
_COUNT_SLACK = 16
_AUDIBLE = 0.001
_EIGHT_HOURS = 8 * 60  # in minutes, as the slope


@dataclass
class Stream:
    """One request.

    Attributes:
        cancel_after: chunks after which it is cancelled; None lets it speak to its end.
        samples: of the chunks that have come.
    """

    number: int
    cancel_after: int | None
    listener: Listener = field(default_factory=Listener)
    samples: int = 0
    is_answered: bool = False


class Incoming(msgspec.Struct):
    """What tells an answer from a notification."""

    id: int | None = None
    method: str | None = None
    params: dict[str, Any] = {}


class Soak:
    """One process, and `streams` requests in flight until `seconds` have gone."""

    def __init__(self, tts: Sidecar, options: argparse.Namespace) -> None:
        self._tts, self._options = tts, options
        self._random = Random(options.seed)
        self._process = psutil.Process(tts.pid)
        self._began = time.monotonic()
        self._answered: set[int | None] = set()
        self.streams: list[Stream] = []
        self.samples: list[dict[str, float]] = []
        self.faults: list[str] = []
        self.ended: Counter[str] = Counter()

    async def run(self) -> None:
        """Speak until the time is over, and wait for what is in flight then.

        Raises:
            SidecarExitedError: in a group; the process has ended.
        """
        connection = await self._tts.connection()
        voices = await self._tts.voices.list(self._options.model)
        self._voices = [voice.voice for voice in voices] or [None]
        self._began = time.monotonic()
        receive = connection.receive
        with mock.patch.object(connection, "receive", lambda body: receive(self._audited(body))):
            try:
                async with (
                    asyncio.timeout(self._options.seconds + _SLACK_SECONDS),
                    asyncio.TaskGroup() as group,
                ):
                    group.create_task(self._sample_often())
                    for _ in range(self._options.streams):
                        group.create_task(self._speak_on(connection))
            except TimeoutError:
                owed = [stream.number for stream in self.streams if not stream.is_answered]
                self.faults += [f"stream {number} has no answer" for number in owed]
        await self._sample()

    def _is_over(self) -> bool:
        return time.monotonic() - self._began >= self._options.seconds

    def _audited(self, body: bytes) -> bytes:
        """Note what the client would ignore: a second answer, and audio after the answer."""
        message = msgspec.json.decode(body, type=Incoming)
        is_answer = message.method is None
        about = message.id if is_answer else message.params.get("token")
        if about in self._answered:
            what = "answered twice" if is_answer else "heard after its answer"
            self.faults.append(f"request {about} was {what}")
        elif is_answer:
            self._answered.add(about)
        return body

    async def _speak_on(self, connection: Connection) -> None:
        await self._speak(connection)
        while not self._is_over():
            await asyncio.sleep(self._random.uniform(0, 2 * self._options.pause))
            await self._speak(connection)

    async def _speak(self, connection: Connection) -> None:
        random, frames = self._random, self._random.randint(*_FRAMES)
        cancelled = random.random() < _CANCELLED
        stream = Stream(len(self.streams), random.randint(0, 4) if cancelled else None)
        self.streams.append(stream)
        params = {
            "model": self._options.model,
            "text": random.choice(engines.SENTENCES),
            "voice": random.choice(self._voices),
            "language": engines.LANGUAGE,
            "maxFrames": frames,
            "seed": stream.number,
        }
        known = {key: value for key, value in params.items() if value is not None}

        def hear(value: AudioProgress | SentenceProgress) -> None:
            if isinstance(value, AudioProgress):
                self._hear(stream, value)
                if stream.cancel_after == len(stream.listener.chunks):
                    call.cancel(None)

        call = connection.request("speech/synthesize", known, SynthesizeResult, hear)
        if stream.cancel_after == 0:
            call.cancel(None)
        await self._answer(stream, call)

    def _hear(self, stream: Stream, chunk: AudioProgress) -> None:
        if chunk.seq != len(stream.listener.chunks):
            self.faults.append(f"stream {stream.number}: chunk {chunk.seq} is out of order")
        stream.listener.hear(chunk)
        stream.samples += chunk.samples

    async def _answer(self, stream: Stream, call: Call[SynthesizeResult]) -> None:
        try:
            result = await call.answer
        except SidecarResponseError as error:
            if error.code == ERROR_CODES["cancelled"] and stream.cancel_after is not None:
                self.ended["cancelled"] += 1
            else:
                self.faults.append(f"stream {stream.number}: {error}")
        else:
            self.ended["spoken"] += 1
            if result.samples != stream.samples:
                self.faults.append(f"stream {stream.number}: audio is missing")
        stream.is_answered = True

    async def _sample_often(self) -> None:
        while not self._is_over():
            await self._sample()
            await asyncio.sleep(self._options.interval)

    async def _sample(self) -> None:
        memory = (await self._tts.status()).memory
        sample = {
            "at": time.monotonic() - self._began,
            "resident": self._process.memory_info().rss,
            "MLX active": memory.active_bytes,
            "MLX peak": memory.peak_bytes,
            "MLX cache": memory.cache_bytes,
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
        first, last = self._extremes("resident")
        return last / first

    def find_leaks(self) -> list[str]:
        """Return sentences about threads and descriptors of which there are ever more."""
        return [
            f"{name} grew from {first:.0f} to {last:.0f}"
            for name in _COUNTS
            for first, last in [self._extremes(name)]
            if last > first + _COUNT_SLACK
        ]

    def _extremes(self, name: str) -> tuple[float, float]:
        values = [sample[name] for sample in self.settled]
        third = -(-len(values) // 3)
        return max(values[:third]), max(values[-third:])

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
            table(("", "settled", "at the end", "growth in a minute", "in eight hours"), rows),
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
    slope = soak.slope(name) / scale
    growth = [f"{slope:+.3f} {unit}".strip(), f"{slope * _EIGHT_HOURS:+.1f} {unit}".strip()]
    return name, show(first), show(last), *growth


async def _run(options: argparse.Namespace) -> tuple[Soak, ExitEvent]:
    ends: list[ExitEvent] = []
    async with sidecars.prepared(options.model, on_exit=ends.append) as tts:
        await tts.models.load(options.model)
        soak = Soak(tts, options)
        await soak.run()
    return soak, ends[0]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.soak", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--model", default=BUNDLED, help="name or folder")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--streams", type=int, default=8, help="requests in flight")
    parser.add_argument(
        "--pause", type=float, default=0.0, help="mean seconds between a stream and the next"
    )
    parser.add_argument("--interval", type=float, default=15.0, help="seconds between two samples")
    parser.add_argument("--limit", type=float, default=1.05, help="of resident memory's growth")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    print("| at | " + " | ".join((*_SIZES, *_COUNTS)) + " |\n|" + "---|" * 7)
    soak, ended = asyncio.run(_run(options))
    soak.faults += soak.find_leaks()
    print(_report(soak))
    if ended.exit_code != 0:
        print(f"it did not end with exit code 0: {ended.error}")
    return 1 if soak.faults or ended.exit_code != 0 or soak.growth > options.limit else 0


if __name__ == "__main__":
    sys.exit(main())
