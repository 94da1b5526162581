"""`python -m bench.report RUN.json… > page.md`: runs of the suite as one page, by machine.

Each run is what `python -m bench --json RUN.json` wrote. Runs of one machine stand together, the
newest first; each has the command that repeats it, its tables, and its picture, if there is one
beside the run that `python -m bench.plot RUN.json RUN.svg` drew.
"""

from __future__ import annotations

import argparse
import importlib
import json
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from bench import machine
from bench.suite import BENCHMARKS

Run = tuple[Path, Mapping[str, Any]]


def page(runs: Iterable[Run]) -> str:
    """Return Markdown."""
    ordered = sorted(runs, key=lambda run: run[1]["machine"]["date"], reverse=True)
    ordered.sort(key=lambda run: _name(run[1]))
    parts: list[str] = []
    for name, of_machine in groupby(ordered, key=lambda run: _name(run[1])):
        parts.append(f"## {name}")
        for file, report in of_machine:
            parts += _run(file, report)
    return "\n\n".join(parts) + "\n"


def _name(report: Mapping[str, Any]) -> str:
    seen = report["machine"]
    return seen["cpu"] if seen["backend"] == "cpu" else seen["device"]


def _run(file: Path, report: Mapping[str, Any]) -> Iterable[str]:
    yield machine.header_of(report["machine"])
    yield f"`{report['command']}`"
    picture = file.with_suffix(".svg")
    if picture.is_file():
        yield f"![first audio, compute ÷ audio, streams]({picture.name})"
    for model in report["models"]:
        for benchmark in BENCHMARKS:
            if benchmark in model["results"]:
                module = importlib.import_module(f"bench.{benchmark}")
                yield f"### {model['model']}: {module.TITLE}"
                yield module.report(model["results"][benchmark])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN.json")
    files = parser.parse_args().runs
    print(page((file, json.loads(file.read_text("utf-8"))) for file in files), end="")


if __name__ == "__main__":
    main()
