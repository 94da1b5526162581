"""Checkpoints of other families: their real architecture in mlx-audio, tiny, with random weights.

They are written as a hub's folder has them. What a family reads from other repositories is
written into a cache of the hub's, which the hub's own client then looks into.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import mlx.core as mx
import pytest

# A module each. It has `write`; where mlx-audio fixes sizes, also `shrink`, which replaces them.
NAMES = ("kokoro", "soprano", "dia", "outetts", "csm", "spark", "chatterbox")


def build(name: str, folder: Path, cache: Path, patch: pytest.MonkeyPatch) -> Path:
    """Writes the checkpoint into `folder`, and what it needs besides into `cache`.

    Sizes stay as `patch` has them while it is loaded.
    """
    family = importlib.import_module(f"tests.support.families.{name}")
    if hasattr(family, "shrink"):
        family.shrink(patch)
    mx.random.seed(7)
    folder.mkdir(parents=True)
    family.write(folder, cache)
    return folder
