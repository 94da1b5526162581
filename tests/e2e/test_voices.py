"""Voices that are made, kept, spoken with and deleted, through the real process."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from safetensors import safe_open
from safetensors.numpy import load_file

from tests.harness import RpcError, Sidecar, sidecar
from tests.parity import cases
from tests.parity.test_wire import request


def reference(golden: cases.Golden) -> dict[str, Any]:
    return request(golden)["reference"]


def test_saved_voices_speak_as_the_official_code_before_and_after_a_restart(
    golden: Path, tmp_path: Path
) -> None:
    """tests/parity/test_wire.py has the same with the recording in the request."""
    model, folder = str(golden / "base"), ("--voices-dir", str(tmp_path))

    def speak(server: Sidecar, case: str, **voice: Any) -> None:
        expected = cases.load(golden, f"base/{case}")
        params = {**request(expected), "reference": None, "model": None, **voice}
        speech = server.speak(expected.case["text"], **params)
        assert speech.samples.shape == expected.audio.shape
        assert np.abs(speech.samples - expected.audio).max() < 1e-4
        assert speech.result["finishReason"] == expected.finish_reason

    with sidecar(*folder) as server:
        server.call("model/load", {"model": model, "dtype": "float32"})
        for name, case in (("Anna", "icl_full"), ("Béla B.", "xvector_full")):
            expected = cases.load(golden, f"base/{case}")
            params = {"voice": name, "model": model, "reference": reference(expected)}
            made = server.call("voice/create", params)
            assert (made["voice"], made["model"], made["kind"]) == (name, model, "saved")
            assert made["hasTranscript"] == (name == "Anna")
        saved = load_file(tmp_path / "anna.safetensors")
        with safe_open(golden / "base" / "golden" / "icl_full.safetensors", "np") as official:
            assert np.array_equal(saved["codes"], official.get_tensor("ref_codes"))
            speaker = official.get_tensor("speaker_embedding")
            assert np.abs(saved["speaker"] - speaker).max() < 5e-3
        speak(server, "icl_stream", voice="Anna")
        speak(server, "xvector_full", voice="Béla B.", model=model)
    with sidecar(*folder) as server:
        server.call("model/load", {"model": model, "dtype": "float32"})
        entries = server.call("voice/list", {"model": model})["voices"]
        assert [(v["voice"], v["hasTranscript"]) for v in entries] == [
            ("Anna", True),
            ("Béla B.", False),
        ]
        speak(server, "icl_full", voice="anna", model=model)
        speak(server, "xvector_stream", voice="BÉLA B.")
        assert server.call("voice/delete", {"voice": "anna"}) == {}
        assert [path.name for path in tmp_path.iterdir()] == ["béla b..safetensors"]
        with pytest.raises(RpcError) as caught:
            server.call("voice/delete", {"voice": "anna"})
        assert caught.value.type == "unknownVoice"
        assert "béla b." in caught.value.message
