"""Checkpoints of other families: their real architecture in mlx-audio, tiny, with random weights.

They are written as in a hub's folder. Files that a family reads from other repositories are
written into a cache with the hub's layout, which the hub's own client then reads.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import mlx.core as mx
import pytest

# Each module has `write`; where mlx-audio fixes sizes, it also has `shrink`, which replaces them.
NAMES = ("kokoro", "soprano", "dia", "outetts", "csm", "spark", "chatterbox")


def build(name: str, folder: Path, cache: Path, patch: pytest.MonkeyPatch) -> Path:
    """Write the checkpoint into `folder`, and the other files that it needs into `cache`.

    The sizes must stay as `patch` sets them until the checkpoint is loaded.
    """
    family = importlib.import_module(f"tests.support.families.{name}")
    if hasattr(family, "shrink"):
        family.shrink(patch)
    mx.random.seed(7)
    folder.mkdir(parents=True)
    family.write(folder, cache)
    return folder
