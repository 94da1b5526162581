"""`bench`: measures this machine, beside mlx-audio's own `generate`, in a form that can be shared.

Each engine runs in a process of its own, so that none pays for another's memory or threads. What is
written has the machine's kind and versions, and no names, paths or texts of the user.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import structs

from sidecar import __version__
from sidecar.cli import terminal
from sidecar.cli.fetching import fetch
from sidecar.cli.terminal import Failure
from sidecar.engine.engine import Engine
from sidecar.engine.events import AudioChunk, Done, Failed, SpeechResult
from sidecar.engine.request import LoadOptions, SpeechRequest
from sidecar.files import describe_os_error
from sidecar.memory import physical_bytes
from sidecar.models import backend, registry
from sidecar.models.bare import Bare
from sidecar.models.base import Utterance
from sidecar.models.catalog import resolve

DEFAULT_MODEL = "0.6b-customvoice-8bit"
_TEXT = "Our meeting has been moved to Thursday at 4:30 in the afternoon, and lunch is at one."
_LANGUAGE = "english"
_CHILD_SECONDS = 1800.0
_OURS, _BARE = "qwen-tts-sidecar", "mlx-audio"


class _Plan(NamedTuple):
    """How much is measured: frames of an utterance at most, rounds, and numbers of streams."""

    frames: int
    rounds: int
    streams: tuple[int, ...]


_FULL, _QUICK = _Plan(100, 3, (1, 4)), _Plan(12, 1, (1,))
_COLUMNS = ("engine", "streams", "first audio", "compute ÷ audio", "MLX peak")


def bench(options: argparse.Namespace) -> int:
    """Run the command; return the exit code.

    Raises:
        SidecarError, Failure
    """
    if options.engine is not None:
        return _measure(
            options.engine, options.model or DEFAULT_MODEL, _QUICK if options.quick else _FULL
        )
    target = None if options.share is None else Path(options.share).expanduser()
    if target is not None and not target.parent.is_dir():
        raise Failure(f"{target} cannot be written: there is no folder {target.parent}.")
    folder = fetch(options.model or DEFAULT_MODEL, yes=options.yes).path
    name = options.model or DEFAULT_MODEL
    report: dict[str, Any] = {
        # A folder's name may be anybody's secret; an alias or a hub id is public.
        "model": "a folder" if Path(name).expanduser().exists() else name,
        "versions": {package: _version(package) for package in ("mlx", "mlx-audio", "numpy")},
        "sidecar": __version__,
        "machine": _machine(),
        "engines": {},
    }
    for engine in (_OURS, _BARE):
        terminal.note(f"{engine}: this takes a minute or several.")
        report["engines"][engine] = _in_child(engine, folder, options.quick)
    print(_table(report))
    if target is not None:
        _write(target, report)
    return 0 if "rows" in report["engines"][_OURS] else 1


def _machine() -> dict[str, Any]:
    return {
        "processor": backend.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "memoryBytes": physical_bytes(),
        # Of Linux only the number: what follows may name its builder.
        "system": f"{platform.system()} {platform.mac_ver()[0] or _number(platform.release())}",
        "python": platform.python_version(),
    }


def _number(release: str) -> str:
    return release.partition("-")[0]


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _in_child(engine: str, folder: Path, quick: bool) -> dict[str, Any]:
    """Return the figures of an engine; or why there are none, in words that name no file."""
    command = [sys.executable, "-m", "sidecar", "bench", "--engine", engine, "--model", str(folder)]
    command += ["--quick"] if quick else []
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, timeout=_CHILD_SECONDS, check=True)
        return json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return {"failed": f"It took longer than {_CHILD_SECONDS:.0f} s."}
    except (subprocess.CalledProcessError, ValueError):
        return {"failed": "It ended with an error, which was printed."}


def _measure(engine: str, model: str, plan: _Plan) -> int:
    """Measure in this process, and print JSON."""
    with terminal.reserve_stdout() as stdout:
        checkpoint = resolve(model)
        voices = registry.describe(checkpoint).voices
        voice = voices[0].name if voices else None
        measure = _measure_ours if engine == _OURS else _measure_bare
        figures = measure(model, voice, plan)
        os.write(stdout, json.dumps(figures).encode())
    return 0


def _measure_ours(model: str, voice: str | None, plan: _Plan) -> dict[str, Any]:
    engine = Engine()
    engine.start()
    for event in engine.load(model, LoadOptions()):
        if isinstance(event, Failed):
            raise event.error

    def speak(count: int) -> dict[str, float]:
        request = SpeechRequest(
            model, Utterance(_TEXT, voice=voice, language=_LANGUAGE), max_frames=plan.frames
        )
        return _speak(engine, request, count)

    rows: dict[str, dict[str, float]] = {}
    for count in plan.streams:
        speak(count)  # kernels are built when a number of rows is new
        rows[str(count)] = _medians([speak(count) for _ in range(plan.rounds)])
    return {**backend.describe(), "rows": rows}


def _speak(engine: Engine, request: SpeechRequest, count: int) -> dict[str, float]:
    start, audio, peak = time.perf_counter(), 0.0, 0
    firsts: list[float] = []
    jobs = [engine.submit(structs.replace(request, seed=seed)) for seed in range(count)]
    for job in jobs:
        for event in job:
            if isinstance(event, Failed):
                raise event.error
            if isinstance(event, AudioChunk):
                audio += event.seconds
            elif isinstance(event, Done) and isinstance(event.result, SpeechResult):
                figures = event.result.figures
                firsts.append(figures.first_audio_seconds)
                peak = max(peak, figures.peak_memory_bytes)
    factor = (time.perf_counter() - start) / audio
    return {"firstAudioMs": max(firsts) * 1000, "factor": factor, "peakBytes": peak}


def _measure_bare(model: str, voice: str | None, plan: _Plan) -> dict[str, Any]:
    bare = Bare(resolve(model).path)

    def once() -> dict[str, float]:
        start, first, samples = time.perf_counter(), 0.0, 0
        for chunk in bare.speak(_TEXT, voice, _LANGUAGE, plan.frames):
            first = first or time.perf_counter() - start
            samples += chunk
        factor = (time.perf_counter() - start) / (samples / 24000)
        return {"firstAudioMs": first * 1000, "factor": factor, "peakBytes": bare.peak_bytes()}

    once()
    return {"rows": {"1": _medians([once() for _ in range(plan.rounds)])}}


def _medians(rounds: Sequence[dict[str, float]]) -> dict[str, float]:
    return {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}


def _table(report: dict[str, Any]) -> str:
    lines = ["| " + " | ".join(_COLUMNS) + " |", "|" + "---|" * len(_COLUMNS)]
    for engine, figures in report["engines"].items():
        if "failed" in figures:
            lines.append(f"| {engine} | {figures['failed']} | | | |")
        for count, row in figures.get("rows", {}).items():
            first, peak = f"{row['firstAudioMs']:.0f} ms", f"{row['peakBytes'] / 1e6:.0f} MB"
            lines.append(f"| {engine} | {count} | {first} | {row['factor']:.3f} | {peak} |")
    machine, versions = report["machine"], report["versions"]
    device = report["engines"][_OURS].get("device", "")
    about = [machine["processor"], f"{machine['cores']} cores", machine["system"], device]
    about += [f"{package} {version}" for package, version in versions.items()]
    return "\n".join([f"{report['model']}: {', '.join(filter(None, about))}", "", *lines])


def _write(target: Path, report: dict[str, Any]) -> None:
    try:
        target.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise Failure(f"{target}: {describe_os_error(error, str(target))}.") from error
    terminal.note(f"{target} has the figures, the kind of machine and versions, and nothing else.")
