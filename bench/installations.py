"""`python -m bench.installations OLD/bin/python NEW/bin/python`: the start of two installations.

They take turns, so that a machine that becomes busy meanwhile slows both down. Wall time and
processor time count from the spawn; the audio is compared byte by byte.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench import engines, sidecars
from bench.markdown import ms, table
from bench.options import DEFAULT_MODEL

_SECONDS = 120.0
_FIGURES = ("handshake", "handshake, CPU", "first audio", "first audio, CPU")


def measure(python: str, model: str, text: str) -> dict[str, float | str]:
    """Return seconds to the handshake's answer and to the first audio, and the audio's hash."""
    found: dict[str, float | str] = {}
    audio = hashlib.sha256()
    voice = engines.first_voice(model)
    with tempfile.TemporaryDirectory() as elsewhere:
        start = time.perf_counter()
        with sidecars.running(model, _SECONDS, python=python, folder=Path(elsewhere)) as tts:

            def note(what: str) -> None:
                found[what] = time.perf_counter() - start
                found[f"{what}, CPU"] = sidecars.cpu_seconds(tts.pid)

            note("handshake")
            for chunk in tts.synthesize(text, voice=voice, seed=1):
                if not chunk.seq:
                    note("first audio")
                audio.update(chunk.audio)
    return {**found, "audio": audio.hexdigest()}


def main() -> None:
    parser = argparse.ArgumentParser(description="Compares the start of two installations.")
    parser.add_argument("old", type=os.path.abspath, help="the Python of one installation")
    parser.add_argument("new", type=os.path.abspath, help="the Python of the other")
    parser.add_argument("--runs", type=int, default=9, help="processes of each (default: 9)")
    parser.add_argument("--model", default=DEFAULT_MODEL, metavar="NAME|FOLDER")
    parser.add_argument("--text", default="Hello there.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures here")
    given = parser.parse_args()
    # The first turn writes the bytecode of both, which an installer mostly has done.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    runs: dict[str, list[dict[str, float | str]]] = {"old": [], "new": []}
    for turn in range(given.runs + 1):
        for name, found in runs.items():
            print(f"turn {turn}/{given.runs}: {name}", file=sys.stderr, flush=True)
            measured = measure(getattr(given, name), given.model, given.text)
            if turn:  # the first one fills the disk's cache, too
                found.append(measured)
    medians = {
        name: [statistics.median(float(run[figure]) for run in found) for figure in _FIGURES]
        for name, found in runs.items()
    }
    rows = [
        (figure, ms(old), ms(new), f"{new / old:.2f}")
        for figure, old, new in zip(_FIGURES, *medians.values(), strict=True)
    ]
    print(table(("from spawn to", "old", "new", "new/old"), rows))
    heard = {run["audio"] for found in runs.values() for run in found}
    same = "the same" if len(heard) == 1 else "NOT the same"
    print(f"\nmedians of {given.runs}; the audio is {same}")
    if given.json:
        given.json.write_text(json.dumps(runs, indent=1) + "\n", "utf-8")
    sys.exit(len(heard) != 1)


if __name__ == "__main__":
    main()
