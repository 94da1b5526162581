"""Kokoro's export, spoken by onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.real.cases import Case


def speak(session: Any, vocabulary: dict[str, int], voices: Path, case: Case) -> np.ndarray:
    """Return float32 [samples] at 24 kHz."""
    pack = np.fromfile(voices / f"{case.voice}.bin", "<f4").reshape(510, 256)
    tokens = [vocabulary[sign] for sign in case.phonemes if sign in vocabulary]
    inputs = {
        "tokens": np.array([[0, *tokens, 0]], np.int64),
        "style": pack[None, len(case.phonemes) - 1],
        "speed": np.ones(1, np.float32),
    }
    return session.run(None, inputs)[0].reshape(-1)
