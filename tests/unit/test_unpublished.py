"""No page tells a reader to install this project's name from a registry: until there is a release,
the name belongs to the first person who registers it."""

from __future__ import annotations

import re

import pytest

from tests.support.wire import ROOT

TOLD = [
    *sorted((ROOT / "sidecar").rglob("*.py")),
    *sorted((ROOT / "clients" / "typescript" / "src").rglob("*.ts")),
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "README.md",
    ROOT / "clients" / "typescript" / "README.md",
    ROOT / "protocol" / "README.md",
]
FETCHES = re.compile(
    r"(?:pip|pipx|uv|npm|bun)\s+(?:tool\s+)?(?:install|add|i)\s+['\"]?qwen-tts-sidecar|uvx\s+\S*qwen"
)


@pytest.mark.parametrize("file", TOLD, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_nobody_is_told_to_fetch_a_name_that_is_not_ours(file: object) -> None:
    found = FETCHES.findall(file.read_text(encoding="utf-8"))  # type: ignore[attr-defined]
    assert found == []
