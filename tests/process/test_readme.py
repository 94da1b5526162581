"""The claims of the README: its figures, its links, and its audio sample."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from docs.media.make_samples import SAMPLES
from tests.support.command import COMMAND
from tests.support.wire import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
SAMPLE = ROOT / "docs" / "media" / SAMPLES[0].file
LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "protocol" / "README.md",
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if link.startswith("http"):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{page.name} links to {link}, which does not exist"
        if anchor:
            assert anchor in anchors(target), f"{page.name} links to {link}: no such heading"


def test_more_than_forty_conversations_are_in_the_vectors() -> None:
    assert "More than forty [conversations]" in README
    assert len(list((ROOT / "protocol" / "vectors").glob("*.jsonl"))) > 40


def test_five_foreign_clients_are_tested() -> None:
    """Two runtimes of one library count as one client."""
    assert "five foreign clients" in README
    source = (ROOT / "tests" / "clients" / "interop" / "test_interop.py").read_text(
        encoding="utf-8"
    )
    assert len(re.findall(r"^def test_\w+\(", source, re.MULTILINE)) == 5


def test_the_bundled_voice_has_the_size_that_is_stated() -> None:
    assert "(30 MB" in README
    folder = ROOT / "sidecar" / "bundled" / "tiny-voice"
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    assert 29.5e6 < size < 30.5e6


def test_the_sample_is_what_the_bundled_voice_says_today(tmp_path: Path) -> None:
    """The test compares loudness over time: MP3 and a CPU's rounding change samples a little."""
    output = tmp_path / "sample.mp3"
    command = [*COMMAND, "say", SAMPLES[0].text, *SAMPLES[0].options]
    done = subprocess.run(
        [*command, "-o", str(output)], capture_output=True, text=True, timeout=150, check=False
    )
    assert done.returncode == 0, done.stderr
    (committed, rate), (spoken, _) = soundfile.read(SAMPLE), soundfile.read(output)
    assert 6 * rate < len(committed) < 8 * rate  # "a 7-second sample"
    assert len(committed) == len(spoken)
    assert np.corrcoef(loudness(committed), loudness(spoken))[0, 1] > 0.99


def loudness(samples: np.ndarray) -> np.ndarray:
    """Return the root mean square of each 240 samples (10 ms)."""
    frames = samples[: len(samples) // 240 * 240].reshape(-1, 240)
    return np.sqrt((frames**2).mean(axis=1))
