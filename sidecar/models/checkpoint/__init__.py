"""A checkpoint: a folder with a config.json and weights, and what can be read of it without MLX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec


class Checkpoint(msgspec.Struct, frozen=True):
    """A model's name as the client gave it, its folder, and its config.json."""

    name: str
    path: Path
    config: dict[str, Any]
