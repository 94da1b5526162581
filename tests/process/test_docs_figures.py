"""The figures in the documentation are those of the code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sidecar import limits
from sidecar.audio import decode, sources
from sidecar.models import presets
from sidecar.models.known import KNOWN
from sidecar.rpc import background
from sidecar.voices import atomic, format, store
from sidecar.wire.framing import MAX_BODY_BYTES
from tests.support.harness import Sidecar

ROOT = Path(__file__).parents[2]
MIB = 2**20

SENTENCES = [
    ("docs/security.md", f"of a message ({MAX_BODY_BYTES // MIB} MiB"),
    (
        "docs/security.md",
        f"a text ({limits.MAX_TEXT_CHARS:,} characters; {limits.MAX_UTTERANCE_CHARS} characters",
    ),
    (
        "docs/security.md",
        f"the speech ({limits.MAX_FRAMES:,} frames; {limits.MAX_UTTERANCE_FRAMES} of what",
    ),
    ("docs/security.md", f"the streams ({limits.MAX_STREAMS}, with {limits.MAX_QUEUED} waiting"),
    (
        "docs/security.md",
        f"wait for a disk ({limits.MAX_QUEUED}, on {background._DISK_THREADS} threads)",
    ),
    (
        "docs/security.md",
        f"A reference is at most {round(sources.MAX_FILE_BYTES, -7) // 10**6} MB on disk, "
        f"{limits.MAX_REFERENCE_SECONDS:g} s (`--max-reference-seconds`), "
        f"{decode._MAX_RATE // 1000} kHz, {decode._MAX_CHANNELS} channels",
    ),
    (
        "docs/security.md",
        f"ends after {store._MOST_LISTED} of them, or {store._MOST_SKIPPED} files",
    ),
    ("docs/security.md", f"it has at most {format.MAX_BYTES // MIB} MiB"),
    ("protocol/README.md", f"at most {MAX_BODY_BYTES // MIB} MiB ({MAX_BODY_BYTES:,} bytes)"),
    ("protocol/README.md", f"at most {limits.MAX_TEXT_CHARS:,} Unicode code points"),
    ("protocol/README.md", f"integer 1 to {limits.MAX_FRAMES:,}"),
    ("protocol/README.md", f"sets it, to {limits.LONGEST_REFERENCE_SECONDS:g} at most"),
    ("protocol/README.md", f"| `--watchdog SECONDS` | {limits.HANG_SECONDS:g} |"),
    ("protocol/README.md", f"more than {store._MOST_LISTED} voices, or {store._MOST_SKIPPED} that"),
    ("protocol/README.md", f"there are {1 + len(KNOWN)} entries"),
]


def text(name: str) -> str:
    return " ".join((ROOT / name).read_text("utf-8").split())


@pytest.mark.parametrize(("name", "figure"), SENTENCES, ids=lambda value: str(value)[:60])
def test_a_sentence_has_the_figure_of_the_code(name: str, figure: str) -> None:
    assert figure in text(name)


def test_what_a_killed_writer_left_is_removed_when_it_is_said() -> None:
    assert atomic._STALE_SECONDS == 600
    assert "is removed after ten minutes" in text("docs/security.md")


def test_the_example_of_a_handshake_has_the_limits_of_a_handshake(server: Sidecar) -> None:
    example = re.search(r'"limits":(\{[^}]*\})', text("protocol/README.md"))
    assert example is not None
    told: dict[str, Any] = server.initialized["capabilities"]["limits"]
    assert json.loads(example[1]) == {key: told[key] for key in json.loads(example[1])}


def test_the_table_of_models_is_the_catalogue() -> None:
    row = re.compile(r"^\| `([\w.-]+)` \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|", re.MULTILINE)
    rows = row.findall((ROOT / "docs/models.md").read_text("utf-8"))
    assert [name for name, *_ in rows] == [
        alias for alias, known in KNOWN.items() if not known.is_original
    ]
    for name, *figures in rows:
        known = KNOWN[name]
        memory = [known.memory_bytes(on_cpu=on_cpu) for on_cpu in (False, True)]
        assert figures == [f"{size / 1e9:.2f}" for size in (known.download_bytes, *memory)], name


def test_the_table_of_voices_is_the_catalogue() -> None:
    row = re.compile(r"^\| `(\w+)` \| (female|male) \| (\w+)[^|]* \| (.*) \|$", re.MULTILINE)
    assert row.findall((ROOT / "docs/models.md").read_text("utf-8")) == [
        (voice.name, voice.gender, voice.languages[0].capitalize(), voice.description)
        for voice in presets.CUSTOM_VOICES
    ]


def test_the_conversations_are_as_many_as_is_said() -> None:
    said = re.search(r"More than (\w+) \[conversations\]", text("README.md"))
    assert said is not None
    least = {"forty": 40, "fifty": 50, "sixty": 60, "seventy": 70}[said[1]]
    assert least < len([*(ROOT / "protocol/vectors").glob("*.jsonl")]) <= least + 20
