"""Preset voices, languages and instructions, as a checkpoint's config states them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.parity import cases
from tests.parity.requests import wire_request
from tests.support.alphabets import without_cyrillic
from tests.support.harness import RpcError, Sidecar


def refused(server: Sidecar, **params: Any) -> RpcError:
    with pytest.raises(RpcError) as caught:
        server.call("speech/synthesize", {"text": "Hi.", "maxFrames": 1, **params})
    return caught.value


def test_names_are_those_of_the_config_in_any_case(server: Sidecar, golden: Path) -> None:
    expected = cases.load(golden, "custom_voice/dialect_full")
    params = {**wire_request(expected), "maxFrames": 6}
    for change in ({}, {"voice": expected.case["speaker"].upper(), "language": "AUTO"}):
        speech = server.speak(expected.case["text"], **{**params, **change})
        assert np.abs(speech.samples - expected.audio[: 6 * 1920]).max() < 1e-4


def test_a_dialect_is_a_language_and_unknown_ones_are_told_what_there_is(
    server: Sidecar, golden: Path
) -> None:
    model = str(golden / "custom_voice")
    loaded = server.call("model/load", {"model": model})
    assert loaded["languages"] == ["auto", "chinese", "english"]
    assert loaded["dialects"] == ["beijing_dialect"]
    said = {"text": "Hi.", "model": model, "maxFrames": 2, "sampling": {"temperature": 0}}
    for voice, languages in {
        # The first speaker uses the dialect by default.
        "dylan": ("auto", "chinese", "Beijing_Dialect", "zh", "cmn-Hans", "zh-CN-beijing"),
        "ryan": ("beijing_dialect", "zh_CN_Beijing"),
        "vivian": ("english", "en", "EN-US", "eng", "en_GB"),
    }.items():
        heard = {
            server.call("speech/synthesize", {**said, "voice": voice, "language": one, "seed": 1})[
                "audio"
            ]
            for one in languages
        }
        assert len(heard) == 1
    error = refused(server, model=model, language="chinesse")
    assert "Did you mean 'chinese'? Known: " in error.message
    error = refused(server, model=model, language="yue")
    assert error.code == 1004
    error = refused(server, model=model, language="klingon")
    assert (error.code, error.data["field"]) == (1004, "language")
    assert "Known: auto, beijing_dialect, chinese, english." in error.message
    error = refused(server, model=model, voice="nobody")
    assert (error.code, error.data["field"]) == (1003, "voice")
    assert "Known: dylan, ryan, vivian." in error.message


def test_an_instruction_has_letters_that_the_model_has_learned(
    server: Sidecar, golden: Path, tmp_path: Path
) -> None:
    model = without_cyrillic(golden / "custom_voice", tmp_path / "model")
    error = refused(server, model=model, instruct="Говори тихо.")
    assert (error.type, error.data["field"]) == ("emptyText", "instruct")
    params = {"text": "Hi.", "model": model, "maxFrames": 1, "instruct": "Whisper, тихо."}
    [warning] = server.call("speech/synthesize", params)["warnings"]
    assert warning["type"] == "lettersNotSpoken"
    assert "left out: т, и, х, о." in warning["message"]


def test_an_instruction_is_followed_or_refused(
    server: Sidecar, golden: Path, tmp_path: Path
) -> None:
    """The config of the size that takes none says so; no instruction is silently dropped."""
    small = tmp_path / "small"
    shutil.copytree(golden / "custom_voice", small)
    config = small / "config.json"
    config.chmod(0o644)
    config.write_text(json.dumps({**json.loads(config.read_text()), "tts_model_size": "0b6"}))
    case = cases.load(golden, "base/xvector_full")
    base = {"model": str(case.model), "reference": wire_request(case)["reference"]}
    for params in ({"model": str(small)}, base):
        error = refused(server, instruct="Whisper.", **params)
        assert (error.code, error.type) == (1006, "unsupported")
        assert error.data["field"] == "instruct"
    assert server.speak("Hi.", model=str(small), maxFrames=1).result["frames"] == 1
    for name in ("custom_voice", "voice_design"):
        model = str(golden / name)
        plain, told = (
            server.speak("Hi.", model=model, seed=1, maxFrames=3, instruct=instruct).audio
            for instruct in (None, "Whisper.")
        )
        assert plain != told
