"""Voices that are made, kept, spoken with and deleted, through the real process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from tests.parity import cases
from tests.parity.requests import wire_request
from tests.support.alphabets import without_cyrillic
from tests.support.harness import RpcError, Sidecar, sidecar
from tests.support.sounds import sound, wav


def reference(golden: cases.Golden) -> dict[str, Any]:
    return wire_request(golden)["reference"]


def test_saved_voices_speak_as_the_official_code_before_and_after_a_restart(
    golden: Path, tmp_path: Path
) -> None:
    """tests/parity/test_wire.py checks the same with the recording in the request."""
    model, folder = str(golden / "base"), ("--voices-dir", str(tmp_path))

    def speak(server: Sidecar, case: str, **voice: Any) -> None:
        expected = cases.load(golden, f"base/{case}")
        params = {**wire_request(expected), "reference": None, "model": None, **voice}
        speech = server.speak(expected.case["text"], **params)
        assert speech.samples.shape == expected.audio.shape
        assert np.abs(speech.samples - expected.audio).max() < 1e-4
        assert speech.result["finishReason"] == expected.finish_reason

    with sidecar(*folder) as server:
        server.call("model/load", {"model": model, "dtype": "float32"})
        for name, case in (("Anna", "icl_full"), ("Béla", "xvector_full")):
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
        for mode in ("full", "stream"):
            speak(server, f"icl_{mode}", voice="Anna")
            speak(server, f"xvector_{mode}", voice="Béla", model=model)
    with sidecar(*folder) as server:
        server.call("model/load", {"model": model, "dtype": "float32"})
        entries = server.call("voice/list", {"model": model})["voices"]
        assert [(v["voice"], v["hasTranscript"]) for v in entries] == [
            ("Anna", True),
            ("Béla", False),
        ]
        speak(server, "icl_stream", voice="anna", model=model)
        speak(server, "xvector_full", voice="BÉLA")
        # No encoder has run in this process.
        assert server.call("server/status")["referenceCache"]["count"] == 0
        assert server.call("voice/delete", {"voice": "anna"}) == {}
        assert [path.name for path in tmp_path.iterdir()] == ["béla.safetensors"]
        with pytest.raises(RpcError) as caught:
            server.call("voice/delete", {"voice": "anna"})
        assert caught.value.type == "unknownVoice"
        assert "béla" in caught.value.message


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("voices")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Sidecar]:
    """Start one process for this file; each test uses its own voice names."""
    with sidecar("--voices-dir", str(folder)) as process:
        yield process


@pytest.fixture(scope="module")
def base(golden: Path) -> str:
    return str(golden / "base")


def refused(server: Sidecar, method: str, params: dict[str, Any]) -> RpcError:
    with pytest.raises(RpcError) as caught:
        server.call(method, params)
    return caught.value


def test_errors_of_making_a_voice(server: Sidecar, base: str, golden: Path, folder: Path) -> None:
    reference = {"audio": wav(sound())}
    design = {"instruct": "An old man.", "text": "Hello there."}

    def designed(**changes: str) -> dict[str, Any]:
        return {"reference": None, "design": {**design, **changes}}

    taken = {"voice": "taken", "model": base, "reference": reference}
    assert server.call("voice/create", taken)["voice"] == "taken"
    custom, designer = str(golden / "custom_voice"), str(golden / "voice_design")
    for params, code, type, field in [
        ({"voice": "Taken"}, 1013, "voiceExists", "voice"),
        ({"voice": "../evil"}, -32602, "invalidVoiceName", "voice"),
        ({"voice": ""}, -32602, "invalidParams", "voice"),
        ({"replace": True}, -32602, "invalidParams", "voice"),
        ({"reference": None}, -32602, "invalidParams", "reference"),
        ({"design": design}, -32602, "invalidParams", "reference"),
        ({"model": custom}, 1006, "unsupported", "model"),
        ({"model": "./nothing"}, 1001, "unknownModel", "model"),
        ({"language": "klingon"}, 1004, "unknownLanguage", "language"),
        (designed(model=base), 1006, "unsupported", "design.model"),
        (designed(model="./no"), 1001, "unknownModel", "design.model"),
        (designed(text=" "), -32602, "emptyText", "design.text"),
        (designed(model=designer, language="klingon"), 1004, "unknownLanguage", "design.language"),
    ]:  # fmt: skip
        error = refused(server, "voice/create", {"model": base, "reference": reference, **params})
        assert (error.code, error.type, error.data["field"]) == (code, type, field)
    assert [path.name for path in folder.iterdir()] == ["taken.safetensors"]
    assert server.call("voice/create", {**taken, "replace": True})["voice"] == "taken"


def test_a_voice_that_cannot_be_spoken_with(server: Sidecar, base: str, golden: Path) -> None:
    assert server.call(
        "voice/create", {"voice": "Vivian", "model": base, "reference": {"audio": wav(sound())}}
    )
    custom, designer = str(golden / "custom_voice"), str(golden / "voice_design")
    hello = {"text": "Hi.", "maxFrames": 1}
    # A preset of that name is the model's own; a model without one accepts only presets.
    assert server.call("speech/synthesize", {**hello, "voice": "VIVIAN", "model": custom})["frames"]
    server.call(
        "voice/create", {"voice": "mine", "model": base, "reference": {"audio": wav(sound())}}
    )
    for params, type, said in [
        ({"voice": "mine", "model": custom}, "incompatibleVoice", "custom_voice"),
        ({"voice": "nobody", "model": custom}, "unknownVoice", "dylan, ryan, vivian"),
        ({"voice": "nobody", "model": base}, "unknownVoice", "nobody"),
        ({"voice": "nobody"}, "unknownVoice", "slt, rms"),
        ({"voice": "mine", "model": designer}, "incompatibleVoice", "voice_design"),
        ({"model": base}, "invalidParams", "voice"),
        ({"voice": "mine", "reference": {"path": "x"}}, "invalidParams", "either"),
    ]:  # fmt: skip
        error = refused(server, "speech/synthesize", {**hello, **params})
        assert error.type == type
        assert said in error.message
        if type == "unknownVoice":
            assert "mine" in error.data["hint"]
    listed = server.call("voice/list", {"model": custom})["voices"]
    assert {voice["kind"] for voice in listed} == {"preset"}
    everything = server.call("voice/list")["voices"]
    assert {"slt", "rms", "mine", "Vivian"} <= {voice["voice"] for voice in everything}


CHANGES: dict[str, Callable[[dict[str, np.ndarray]], object]] = {
    "another size": lambda t: t.update(speaker=np.ones(128, np.float32)),
    "fewer codebooks": lambda t: t.update(codes=t["codes"][:, :8].copy()),
    "codes beyond the table": lambda t: t.update(codes=t["codes"] + np.uint16(60000)),
    "other tokens": lambda t: t.update(text_ids=t["text_ids"] + np.int32(100000)),
    "other length": lambda t: t.update(text_ids=np.zeros(0, np.int32)),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_voice_of_another_model_does_not_fit(
    server: Sidecar, base: str, folder: Path, kind: str
) -> None:
    """Invented files are refused, too: no number in a file is used as an index without a check."""
    reference = {"audio": wav(sound()), "text": "What is said."}
    params = {"voice": "odd", "model": base, "reference": reference, "replace": True}
    server.call("voice/create", params)
    path = folder / "odd.safetensors"
    with safe_open(path, "np") as file:
        about = file.metadata()
    tensors = load_file(path)
    CHANGES[kind](tensors)
    save_file(tensors, path, about)
    error = refused(server, "speech/synthesize", {"text": "Hi.", "voice": "odd", "maxFrames": 1})
    assert (error.code, error.type, error.data["field"]) == (1006, "incompatibleVoice", "voice")
    path.write_bytes(path.read_bytes()[:-9])
    error = refused(server, "speech/synthesize", {"text": "Hi.", "voice": "odd", "maxFrames": 1})
    assert (error.code, error.type) == (1014, "badVoiceFile")
    # The header is whole; the rest of the file is read when the voice speaks.
    assert "skipped" not in server.call("voice/list")
    server.call("voice/delete", {"voice": "odd"})


def test_letters_that_a_design_left_out_are_told(
    server: Sidecar, golden: Path, base: str, tmp_path: Path
) -> None:
    designer = without_cyrillic(golden / "voice_design", tmp_path / "designer")
    text = "Once upon a time, жил-был, there was a house."
    design = {"instruct": "An old man.", "text": text, "model": designer, "seed": 3}
    made = server.call(
        "voice/create", {"voice": "Half", "model": base, "design": {**design, "maxFrames": 20}}
    )
    [warning] = [one for one in made["warnings"] if one["type"] == "lettersNotSpoken"]
    assert "of the design, and they were left out: ж, и, л, б, ы." in warning["message"]
    server.call("voice/delete", {"voice": "Half"})


def test_a_described_voice_is_kept(server: Sidecar, golden: Path, base: str) -> None:
    token = "design"
    id = server.request(
        "voice/create",
        {
            "voice": "Grandfather",
            "model": base,
            "design": {
                "instruct": "An old man with a warm voice.",
                "text": "Once upon a time there was a house.",
                "language": "EN-gb",
                "model": str(golden / "voice_design"),
                "seed": 3,
                "maxFrames": 20,
            },
            "workDoneToken": token,
        },
    )
    made = server.wait(id)
    values = [m["params"]["value"] for m in server.others() if m["params"]["token"] == token]
    assert {value["kind"] for value in values} == {"voice"}
    stages = list(dict.fromkeys(value["stage"] for value in values))
    assert stages == ["resolving", "loading", "designing", "encoding", "saving"]
    assert made["seed"] == 3
    assert made["hasTranscript"]
    assert made["language"] == "english"
    assert made["warnings"][0]["type"] == "designCut"
    [entry] = [v for v in server.call("voice/list")["voices"] if v["voice"] == "Grandfather"]
    assert entry["origin"] == "design"
    # Two sentences, one voice: the same reference stands before both.
    for text in ("Hello there.", "And good night."):
        assert server.speak(text, voice="grandfather", maxFrames=3, seed=1).result["frames"] > 0


def test_making_a_voice_can_be_cancelled(golden: Path, tmp_path: Path) -> None:
    """A cancel works at any point of the creation, and no file is left."""
    design = {
        "instruct": "Anybody.",
        "text": "A sentence without an end.",
        "model": str(golden / "voice_design"),
        "maxFrames": 750,
    }
    with sidecar("--voices-dir", str(tmp_path)) as server:
        params = {"model": str(golden / "base"), "design": design, "workDoneToken": "work"}
        for stage in ("resolving", "designing"):
            id = server.request("voice/create", params)
            while server.next_progress("work")["stage"] != stage:
                pass
            server.notify("$/cancelRequest", {"id": id})
            with pytest.raises(RpcError) as caught:
                server.wait(id)
            assert caught.value.type == "cancelled"
        assert list(tmp_path.iterdir()) == []
        assert server.call("server/status")["queued"] == 0


def test_a_designed_voice_keeps_to_the_limit_on_references(golden: Path, tmp_path: Path) -> None:
    folder = ("--voices-dir", str(tmp_path), "--max-reference-seconds", "2")
    design = {
        "instruct": "An old man with a warm voice.",
        "text": "Once upon a time there was a house.",
        "model": str(golden / "voice_design"),
        "seed": 3,
    }
    with sidecar(*folder) as server:
        made = server.call("voice/create", {"model": str(golden / "base"), "design": design})
    assert made["warnings"][0]["type"] == "designCut"
    assert "after 2.0 s" in made["warnings"][0]["message"]
