"""The silences in speech of the bundled voice."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from tests.support.harness import Speech

PARAMS: dict[str, Any] = {"voice": "slt", "seed": 1, "encoding": "pcm_f32le"}
# The digital silence of a pause; the model's own is never exactly zero for so long.
LEAST_MS = 30.0


def pauses(speech: Speech) -> list[float]:
    """Return the lengths of the digital silences, in milliseconds."""
    samples = np.concatenate(
        [np.frombuffer(base64.b64decode(chunk["audio"]), np.float32) for chunk in speech.chunks]
    )
    edges = np.flatnonzero(np.diff(np.concatenate([[0], samples == 0, [0]])))
    lengths = (edges[1::2] - edges[::2]) / speech.result["sampleRate"] * 1000
    return [round(float(one), 1) for one in lengths if one > LEAST_MS]
