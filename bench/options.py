"""What a run of the benchmarks is asked to do; the same options for all of them."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench import engines
from bench.child import ChildFailed

DEFAULT_MODEL = "tiny-voice"
STREAMS = (1, 2, 4, 8)
QUICK_STREAMS = (1, 8)


@dataclass(frozen=True)
class Options:
    """One model's run.

    Attributes:
        model: alias or folder.
        quick: shorter, coarser measurements: a minute or two each on a laptop.
        runs: how many processes each engine is measured in; None leaves it to the benchmark.
        frames: length of an utterance at most, in frames of 80 ms.
        streams: how many simultaneous streams to measure.
        engines: keys of those to measure; empty means all that fit the machine.
        timeout: seconds that one process may take.
        deadline: `time.monotonic()` after which nothing is started.
    """

    model: str = DEFAULT_MODEL
    quick: bool = False
    runs: int | None = None
    frames: int = 120
    streams: tuple[int, ...] = STREAMS
    engines: tuple[str, ...] = ()
    timeout: float = 1800.0
    deadline: float = field(default_factory=lambda: time.monotonic() + 4 * 3600)

    def run_count(self, full: int, quick: int = 1) -> int:
        return self.runs or (quick if self.quick else full)

    def seconds(self) -> float:
        """Return the time that the next process may take.

        Raises:
            ChildFailed: there is none left.
        """
        left = self.deadline - time.monotonic()
        if left <= 1:
            raise ChildFailed("not run: the time for all benchmarks is over")
        return min(self.timeout, left)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that the suite and each benchmark on its own have in common."""
    parser.add_argument(
        "--model", action="append", metavar="NAME|FOLDER", help="repeat it for several"
    )
    parser.add_argument("--quick", action="store_true", help="shorter and coarser")
    parser.add_argument("--runs", type=int, help="processes per engine")
    parser.add_argument("--frames", type=int, default=120, help="of an utterance, at most")
    parser.add_argument("--streams", type=_numbers, metavar="1,2,4,8")
    parser.add_argument("--engines", type=_names, default=(), metavar=",".join(engines.KEYS))
    parser.add_argument("--timeout", type=float, default=1800.0, help="seconds for one process")
    parser.add_argument("--minutes", type=float, default=240.0, help="for everything together")


def read(arguments: argparse.Namespace) -> list[Options]:
    """One for each model."""
    deadline = time.monotonic() + arguments.minutes * 60
    return [
        Options(
            model=_absolute(model),
            quick=arguments.quick,
            runs=arguments.runs,
            frames=arguments.frames,
            streams=arguments.streams or (QUICK_STREAMS if arguments.quick else STREAMS),
            engines=arguments.engines,
            timeout=arguments.timeout,
            deadline=deadline,
        )
        for model in arguments.model or [DEFAULT_MODEL]
    ]


def label(model: str) -> str:
    """Return a folder's name, and whether its weights are random."""
    config = Path(model) / "config.json"
    if not config.is_file():
        return model
    random = json.loads(config.read_text("utf-8")).get("random_weights", False)
    return Path(model).name + (" (random weights)" if random else "")


def _absolute(model: str) -> str:
    """Children run in the repository's folder, wherever we were started."""
    return str(Path(model).absolute()) if Path(model).is_dir() else model


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := set(names) - set(engines.KEYS):
        raise argparse.ArgumentTypeError(f"no such engine: {', '.join(sorted(unknown))}")
    return names
