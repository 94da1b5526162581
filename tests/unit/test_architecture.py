"""docs/architecture.md names files and classes that exist."""

from __future__ import annotations

import re
from itertools import chain

from tests.support.wire import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text()
FILES = [
    path.relative_to(ROOT).as_posix()
    for folder in ("sidecar", "clients/python/qwen_tts_client", "tests")
    for path in (ROOT / folder).rglob("*.py")
]


def test_every_file_exists() -> None:
    named = re.findall(r"`([\w/]+\.py)`", PAGE)
    assert len(named) > 60
    assert [
        name for name in named if not any(f"/{path}".endswith(f"/{name}") for path in FILES)
    ] == []


def test_every_class_and_method_exists() -> None:
    source = "\n".join((ROOT / path).read_text() for path in FILES)
    defined = set(re.findall(r"^ *(?:class|def) (\w+)|^ *(\w+) ?[:=,]", source, re.MULTILINE))
    names = set(chain.from_iterable(defined))
    mentioned = re.findall(r"`([A-Z]\w+)(?:\.(\w+))?`", PAGE)
    assert len(mentioned) > 40
    parts = {part for mention in mentioned for part in mention if part}
    assert parts - names == {"CUDA"}  # the second of two that one line assigns


def test_only_the_ages_of_files_depend_on_the_clock_of_the_day() -> None:
    """A clock that is set to another time, or jumps, changes nothing else."""
    used = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "sidecar").rglob("*.py")
        if re.search(r"\btime\.time\(|\bdatetime\b.*\bnow\(|CLOCK_REALTIME", path.read_text())
    }
    assert used == {"sidecar/voices/atomic.py", "sidecar/models/hub/cache.py"}
