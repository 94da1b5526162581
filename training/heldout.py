"""The sentences that the voice was not trained on."""

from __future__ import annotations

from pathlib import Path

_FILE = Path(__file__).with_name("heldout.txt")


def held_out(count: int | None = None) -> list[str]:
    """Return the first `count` held-out sentences, or all; CI uses the first twenty."""
    return _FILE.read_text(encoding="utf-8").splitlines()[:count]
