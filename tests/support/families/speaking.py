"""Requests to models of other families, and their outcomes."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sidecar.engine.engine import Engine
from sidecar.engine.events import SpeechFigures
from sidecar.engine.request import SpeechRequest
from sidecar.errors import SidecarError
from sidecar.models.base import Utterance
from tests.support.families import NAMES
from tests.support.jobs import heard, outcome

RATES = {
    "kokoro": 24000, "soprano": 32000, "dia": 44100, "outetts": 24000, "csm": 24000,
    "spark": 16000, "chatterbox": 24000,
}  # fmt: skip
_MISAKI = importlib.util.find_spec("misaki") is not None  # mlx-audio's module imports it
PRONOUNCED = pytest.mark.skipif(
    not _MISAKI,
    reason="NOT TESTED: Kokoro needs misaki, which cannot be installed with Python 3.13 and later",
)
ALL = [pytest.param("kokoro", marks=PRONOUNCED), *NAMES[1:]]
# Its decoder's sizes are fixed, and so are those of the whole model.
EACH = [pytest.param("kokoro", marks=[PRONOUNCED, pytest.mark.slow]), *NAMES[1:]]
# Kokoro's English needs packages that are too large for the tests.
VOICES = {"kokoro": "ef_dora"}


def request(name: str, folders: dict[str, str], **changes: object) -> SpeechRequest:
    said = {"text": "Sí.", "voice": VOICES.get(name), **changes.pop("utterance", {})}  # type: ignore[dict-item]
    options = {"seed": 3, "max_frames": 4, **changes}
    return SpeechRequest(folders[name], Utterance(**said), **options)  # type: ignore[arg-type]


def speak(engine: Engine, request: SpeechRequest) -> tuple[np.ndarray, SpeechFigures]:
    chunks, event = heard(engine.submit(request))
    if isinstance(event, SidecarError):
        raise event
    assert {chunk.sample_rate for chunk in chunks} <= {RATES[Path(request.model).name]}
    assert sum(len(chunk.codes) for chunk in chunks) == event.figures.frames
    return np.concatenate([chunk.samples for chunk in chunks]), event.figures


def refusal(engine: Engine, request: SpeechRequest) -> SidecarError:
    error = outcome(engine.submit(request))
    assert isinstance(error, SidecarError)
    return error


def write_reference(path: Path) -> str:
    tone = 0.3 * np.sin(np.arange(24000 * 3) * 0.05) * np.random.default_rng(1).random(72000)
    soundfile.write(path, tone, 24000)
    return str(path)
