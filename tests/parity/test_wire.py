"""The official audio, through the real process."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.harness import Sidecar
from tests.parity.cases import NAMES, Golden, load

GREEDY = {"temperature": 0, "subtalker": {"temperature": 0}}


def request(golden: Golden) -> dict[str, Any]:
    case = golden.case
    params: dict[str, Any] = {
        "model": str(golden.model),
        "voice": case["speaker"] or None,
        "language": case["language"],
        "instruct": case["instruct"] or None,
        "sampling": GREEDY,
        "maxFrames": golden.max_frames,
        "textMode": golden.text_mode,
        "encoding": "pcm_f32le",
        "normalizeText": False,
    }
    if golden.reference is not None:
        wav = io.BytesIO()
        soundfile.write(wav, golden.reference, 24000, format="WAV", subtype="FLOAT")
        params["reference"] = {
            "audio": base64.b64encode(wav.getvalue()).decode(),
            "text": case["ref_text"] or None,
            "appendSilence": False,
        }
    return params


@pytest.mark.parametrize("name", NAMES)
def test_audio_is_the_official_one(server: Sidecar, golden: Path, name: str) -> None:
    expected = load(golden, name)
    server.call("model/load", {"model": str(expected.model), "dtype": "float32"})
    speech = server.speak(expected.case["text"], **request(expected))
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
    params = {**request(expected), "textMode": None, "maxFrames": 12}
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
