"""The settings of the cache that are the sidecar's own, not huggingface_hub's."""

from __future__ import annotations

import os

from sidecar.memory import parse_size

BUDGET = "QWEN_TTS_MODELS_BUDGET"
"""The environment variable with the budget for downloads; `--models-budget` sets it."""


def budget() -> int | None:
    """Return how many bytes models may take in the cache; None is no limit.

    Raises:
        ValueError: the environment variable is not a size.
    """
    return parse_size(os.environ.get(BUDGET) or "0") or None
