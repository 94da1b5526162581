"""Recordings in requests: the errors for bad ones, and the cache of good ones."""

from __future__ import annotations

import base64
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.alphabets import without_cyrillic
from tests.support.harness import TIMEOUT, RpcError, Sidecar, sidecar
from tests.support.sounds import contained, sound, wav


@pytest.fixture(scope="module")
def base(golden: Path) -> str:
    return str(golden / "base")


def refused(server: Sidecar, method: str, params: dict[str, Any]) -> RpcError:
    with pytest.raises(RpcError) as caught:
        server.call(method, params)
    return caught.value


REFERENCES: dict[str, tuple[dict[str, Any], int, str, str]] = {
    "unreadable": ({"audio": "bm90IGF1ZGlv"}, 1005, "badReferenceAudio", "reference.audio"),
    "missing": ({"path": "/no/such.wav"}, 1005, "badReferenceAudio", "reference.path"),
    "device": ({"path": "/dev/zero"}, 1005, "badReferenceAudio", "reference.path"),
    "too short": ({"audio": wav(sound(0.9))}, 1005, "referenceTooShort", "reference.audio"),
    "too long": (
        {"audio": wav(sound(61)[::3], 8000)}, 1005, "referenceTooLong", "reference.audio",
    ),
    "silent": ({"audio": wav(sound(2, 0))}, 1005, "referenceSilent", "reference.audio"),
    "no base64": ({"audio": "?"}, -32602, "invalidParams", "reference.audio"),
    "neither": ({}, -32602, "invalidParams", "reference"),
    "no base64 in a data: URI": (
        {"audio": "data:audio/wav;base64,?"}, -32602, "invalidParams", "reference.audio",
    ),
    "URL": ({"path": "https://a.example/v.wav"}, 1005, "badReferenceAudio", "reference.path"),
    "folder": ({"path": "/"}, 1005, "badReferenceAudio", "reference.path"),
    "empty": ({"audio": ""}, 1005, "badReferenceAudio", "reference.audio"),
    "damaged m4a": (
        {"audio": base64.b64encode(b"\0\0\0\x1cftypM4A " + bytes(999)).decode()},
        1005, "badReferenceAudio", "reference.audio",
    ),
    "both": ({"audio": "", "path": ""}, -32602, "invalidParams", "reference"),
    "long transcript": (
        {"audio": wav(sound()), "text": "a" * 5000}, 1007, "textTooLong", "reference.text",
    ),
    "control tokens": (
        {"audio": wav(sound()), "text": "<|im_end|>"}, -32602, "invalidParams", "reference.text",
    ),
    "infinite": (
        {"audio": wav(3e38 * np.sign(sound(2)), subtype="FLOAT")},
        1005, "badReferenceAudio", "reference.audio",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFERENCES)
def test_each_fault_of_a_reference_has_its_error(server: Sidecar, base: str, kind: str) -> None:
    given, code, type, field = REFERENCES[kind]
    for method, more in (
        ("speech/synthesize", {"text": "Hi.", "maxFrames": 1}),
        ("voice/create", {}),
    ):
        error = refused(server, method, {"model": base, "reference": given, **more})
        assert (error.code, error.type, error.data["field"]) == (code, type, field)


@pytest.fixture(scope="module")
def memo() -> bytes:
    """Make a recording as a phone does."""
    return contained(sound(), "ipod", "aac", 48000, layout="stereo")


def test_a_phones_recording_is_taken_at_every_door(
    server: Sidecar, base: str, memo: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "my memo.m4a"
    path.write_bytes(memo)
    data = base64.b64encode(memo).decode()
    said = {"text": "Hi.", "model": base, "maxFrames": 2, "seed": 1}
    heard = {
        server.call("speech/synthesize", {**said, "reference": reference})["audio"]
        for reference in (
            {"path": str(path)},
            {"path": path.as_uri()},
            {"audio": data},
            {"audio": f"data:audio/mp4;base64,{data}"},
        )
    }
    assert len(heard) == 1
    made = server.call("voice/create", {"model": base, "reference": {"path": str(path)}})
    assert server.call("speech/synthesize", {**said, "voice": made["voice"]})["audio"] in heard


def test_a_cancel_takes_effect_while_another_program_decodes(
    base: str, memo: bytes, tmp_path: Path
) -> None:
    """A stand-in for a decoder reports that it has begun, and hangs."""
    pipe = tmp_path / "begun"
    os.mkfifo(pipe)
    program = tmp_path / "bin" / "afconvert"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho $$ > {pipe}\nexec sleep 1000\n")
    program.chmod(0o700)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    reference = {"audio": base64.b64encode(memo).decode()}
    with sidecar(env={"PATH": path}) as server:
        for method, params in (
            ("speech/synthesize", {"text": "Hi.", "maxFrames": 1}),
            ("voice/create", {}),
        ):
            id = server.request(method, {"model": base, "reference": reference, **params})
            decoder = int(pipe.read_text())
            server.notify("$/cancelRequest", {"id": id})
            with pytest.raises(RpcError) as caught:
                server.wait(id)
            assert caught.value.code == -32800
            deadline = time.monotonic() + TIMEOUT
            while _runs(decoder):
                assert time.monotonic() < deadline


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_warnings_are_in_the_results(server: Sidecar, base: str) -> None:
    loud = {"audio": wav(np.clip(sound(2) * 9, -1, 1)), "text": "word " * 40}
    expected = ["referenceShort", "referenceClipped", "transcriptMismatch"]
    made = server.call("voice/create", {"model": base, "reference": loud})
    assert [warning["type"] for warning in made["warnings"]] == expected
    said = {"text": "Hi.", "model": base, "maxFrames": 1}
    result = server.call("speech/synthesize", {**said, "reference": loud})
    assert [warning["type"] for warning in result["warnings"]] == expected
    assert "warnings" not in server.call("speech/synthesize", {**said, "voice": made["voice"]})
    good = {"audio": wav(sound())}
    assert "warnings" not in server.call("speech/synthesize", {**said, "reference": good})


def test_a_transcript_has_letters_that_the_model_has_learned(
    server: Sidecar, golden: Path, tmp_path: Path
) -> None:
    base = without_cyrillic(golden / "base", tmp_path / "base")
    foreign = {"audio": wav(sound(3.5)), "text": "Привет, это мой голос."}
    mixed = {"audio": wav(sound(3.5)), "text": "This is my voice, мой голос, in a recording."}
    for method, more in (
        ("speech/synthesize", {"text": "Hi. And more.", "maxFrames": 1}),
        ("voice/create", {}),
    ):
        error = refused(server, method, {"model": base, "reference": foreign, **more})
        assert (error.type, error.data["field"]) == ("emptyText", "reference.text")
        result = server.call(method, {"model": base, "reference": mixed, **more})
        [warning] = result["warnings"]
        assert warning["type"] == "lettersNotSpoken"
        assert "of the transcript, and they were left out: м, о, й, г, л, с." in warning["message"]


def test_an_analysed_recording_is_remembered_by_its_content(base: str, tmp_path: Path) -> None:
    data = base64.b64decode(wav(sound(3.5)))
    file = tmp_path / "one.wav"
    file.write_bytes(data)
    said = {"text": "Hi.", "model": base, "maxFrames": 1, "seed": 1}
    with sidecar() as server:

        def speak(**reference: Any) -> str:
            return server.call("speech/synthesize", {**said, "reference": reference})["audio"]

        def remembered(count: int) -> None:
            """Wait for the figures of the cache, which the engine publishes after the answer."""
            deadline = time.monotonic() + TIMEOUT
            while server.call("server/status")["referenceCache"]["count"] != count:
                assert time.monotonic() < deadline

        audio = speak(path=str(file))
        assert speak(audio=base64.b64encode(data).decode()) == audio
        remembered(1)
        speak(path=str(file), text="Said.")
        speak(path=str(file), text="Said.", appendSilence=False)
        remembered(3)
        figures = server.call("server/status")
        assert figures["referenceCache"]["featureBytes"] > 0
        assert 0 < figures["promptCacheBytes"] <= 128 * 2**20


def test_the_longest_recording_is_an_option_that_initialize_tells(base: str) -> None:
    said = {"text": "Hi.", "model": base, "maxFrames": 1}
    with sidecar("--max-reference-seconds", "2.5") as server:
        limits = server.initialized["capabilities"]["limits"]
        assert limits["maxReferenceSeconds"] == 2.5
        for method, params in (("speech/synthesize", said), ("voice/create", {"model": base})):
            error = refused(server, method, {**params, "reference": {"audio": wav(sound(2.6))}})
            assert error.type == "referenceTooLong"
            assert "2.5 s" in error.message
