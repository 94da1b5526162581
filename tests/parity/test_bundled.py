"""The bundled voice says, code for code, what the official PyTorch code says with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sidecar.engine.loaded import LoadedModel
from sidecar.engine.request import SamplingOverrides, SpeechRequest
from sidecar.models.base import Utterance
from tests.support import batches

CASES = json.loads(Path(__file__).with_name("bundled.json").read_text())
GREEDY = SamplingOverrides(temperature=0.0)


@pytest.fixture(scope="module")
def loaded() -> LoadedModel:
    return batches.load("tiny-voice")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['voice']}-{case['text_mode']}")
def test_real_speech_is_the_official_one(loaded: LoadedModel, case: dict[str, Any]) -> None:
    utterance = Utterance(
        case["text"], voice=case["voice"], language="english", text_mode=case["text_mode"]
    )
    request = SpeechRequest(
        "tiny-voice", utterance, seed=1, max_frames=200, talker=GREEDY, subtalker=GREEDY
    )
    codes, _, finish_reason = batches.alone(loaded, request)
    assert finish_reason == "stop"
    np.testing.assert_array_equal(codes, case["codes"])
