"""A checkpoint that is made to do harm is refused before it costs time or memory."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from sidecar.models import catalog
from tests.support.checkpoints.changing import copy_of
from tests.support.checkpoints.hostile import HOSTILE

# Of processor time; the whole load of the bundled voice takes some 0.2 s.
MOST_SECONDS = 1.0
MOST_BYTES = 64 * 2**20


def measure(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what the load of each checkpoint costs, one after another in one process."""
    places: list[Path] = []
    for number, (change, _) in enumerate(HOSTILE.values()):
        places.append(copy_of(catalog.BUNDLED_PATH, folder / str(number)))
        change(places[-1])
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.checkpoints.hostile", *map(str, places)],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert len(lines) == len(HOSTILE), f"it ended at {list(HOSTILE)[len(lines)]}\n{done.stderr}"
    return dict(zip(HOSTILE, lines, strict=True))


def test_it_is_refused_before_it_costs_anything(tmp_path: Path) -> None:
    costs = measure(tmp_path)
    for name, (_, words) in HOSTILE.items():
        error = costs[name]["error"]
        assert re.search(words, error) if words else not error, f"{name}: {error}"
    dear = {
        name: cost
        for name, cost in costs.items()
        if cost["seconds"] > MOST_SECONDS or cost["bytes"] > MOST_BYTES
    }
    assert dear == {}
