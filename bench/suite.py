"""Runs benchmarks and prints their tables: all of them, or one on its own."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench import machine, options
from bench.options import Options

# Each module has TITLE, run(Options) → JSON values, and report(those) → Markdown.
BENCHMARKS = (
    "first_audio",
    "streams",
    "length",
    "memory",
    "protocol",
    "bridge",
    "startup",
    "voices",
    "live",
)
# What needs more than the project's environment, and runs only by its own name.
ALONE = ("cluster",)


def main(names: Sequence[str] = BENCHMARKS) -> None:
    """`names` is what runs unless --only says otherwise."""
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measures this checkout beside mlx-audio; prints Markdown for RESULTS.md.",
    )
    options.add_arguments(parser)
    if len(names) > 1:
        parser.add_argument("--only", type=lambda text: text.split(","), metavar=",".join(names))
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    arguments = parser.parse_args()
    wanted = getattr(arguments, "only", None) or names
    if unknown := set(wanted) - {*BENCHMARKS, *ALONE}:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    report = {"machine": machine.describe(), "command": _command(), "models": []}
    print(machine.header(), flush=True)
    for chosen in options.read(arguments):
        report["models"].append(_run_model(chosen, wanted, report, arguments.json))
    if any(model["broken"] for model in report["models"]):
        sys.exit("some benchmarks failed: see above")


def _command() -> str:
    """Return what repeats this run, without the file of the figures; of a folder, its name."""
    words = [Path(word).name if Path(word).is_dir() else word for word in sys.argv[1:]]
    if "--json" in words:
        at = words.index("--json")
        del words[at : at + 2]
    return " ".join(["python -m bench", *words])


def _run_model(
    chosen: Options, names: Sequence[str], report: dict[str, Any], file: Path | None
) -> dict[str, Any]:
    """One model's section; the file is kept up to date, in case a later benchmark is cut off."""
    name = options.label(chosen.model)
    section: dict[str, Any] = {"model": name, "results": {}, "broken": {}}
    print(f"\n## {name}", flush=True)
    for benchmark in names:
        module = importlib.import_module(f"bench.{benchmark}")
        start = time.monotonic()
        try:
            result = module.run(chosen)
            text = module.report(result)
            section["results"][benchmark] = result
            section["broken"].update({f"{benchmark}: {k}": v for k, v in _failed(result)})
        except Exception as error:
            # One broken benchmark must not cost the figures of the others.
            traceback.print_exc()
            text = f"failed: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
            section["broken"][benchmark] = text
        took = f"{benchmark} took {time.monotonic() - start:.0f} s"
        print(f"\n### {module.TITLE}\n\n{text}", flush=True)
        print(took, file=sys.stderr, flush=True)
        if file:
            models = [*report["models"], section]
            file.write_text(json.dumps({**report, "models": models}, indent=1) + "\n", "utf-8")
    return section


def _failed(result: dict[str, Any]) -> list[tuple[str, str]]:
    return list(result.get("failed", {}).items())
