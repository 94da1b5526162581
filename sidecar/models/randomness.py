"""MLX's global random state, which families that speak by themselves draw from."""

from __future__ import annotations

from typing import Any

import mlx.core as mx
import numpy as np


def state() -> int:
    """As the seed that leads to it: its key's two halves."""
    random: Any = mx.random.state
    high, low = np.array(random[0]).tolist()
    return (high << 32) | low
