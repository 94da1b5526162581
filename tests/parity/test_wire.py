"""The official audio, through the real process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.parity.cases import NAMES, load
from tests.parity.requests import wire_request
from tests.support.harness import Sidecar


@pytest.mark.parametrize("name", NAMES)
def test_audio_is_the_official_one(server: Sidecar, golden: Path, name: str) -> None:
    expected = load(golden, name)
    server.call("model/load", {"model": str(expected.model), "dtype": "float32"})
    speech = server.speak(expected.case["text"], **wire_request(expected))
    assert speech.result["frames"] == len(expected.codes)
    assert speech.result["finishReason"] == expected.finish_reason
    assert speech.samples.shape == expected.audio.shape
    assert np.abs(speech.samples - expected.audio).max() < 1e-4


@pytest.mark.parametrize(("folder", "mode"), [("custom_voice", "full"), ("base", "stream")])
def test_the_text_mode_is_the_official_default_of_the_variant(
    server: Sidecar, golden: Path, folder: str, mode: str
) -> None:
    case = {"custom_voice": "plain", "base": "xvector"}[folder]
    expected = load(golden, f"{folder}/{case}_{mode}")
    params = {**wire_request(expected), "textMode": None, "maxFrames": 12}
    speech = server.speak(expected.case["text"], **params)
    assert np.abs(speech.samples - expected.audio[: 12 * 1920]).max() < 1e-4


def test_the_models_say_what_they_are(server: Sidecar, golden: Path) -> None:
    loaded = server.call("model/load", {"model": str(golden / "custom_voice")})
    assert loaded["variant"] == "custom_voice"
    assert loaded["voices"] == ["dylan", "ryan", "vivian"]
    assert loaded["languages"] == ["auto", "chinese", "english"]
    voices = server.call("voice/list", {"model": str(golden / "custom_voice")})["voices"]
    assert [v.get("language") for v in voices] == ["beijing_dialect", None, None]
    assert server.call("model/load", {"model": str(golden / "base")})["voices"] == []
