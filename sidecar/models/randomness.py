"""MLX's global random state, from which `SpeechGenerator` families draw."""

from __future__ import annotations

from typing import Any

import mlx.core as mx
import numpy as np


def state() -> int:
    """Return the state as the seed that leads to it: the two halves of its key."""
    random: Any = mx.random.state
    high, low = np.array(random[0]).tolist()
    return (high << 32) | low
