"""Unusual and foreign checkpoints through the real process, its command line, and the converter."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import mlx.core as mx
import pytest

from sidecar.models import catalog, registry
from tests.support.checkpoints.changing import (
    CODEC,
    WEIGHTS,
    also,
    copy_of,
    drop,
    more,
    save,
    sharded,
)
from tests.support.checkpoints.kinds import KINDS
from tests.support.checkpoints.loaded import LOADED
from tests.support.checkpoints.refused_config import FIELDS, IDS
from tests.support.checkpoints.refused_files import FILES
from tests.support.command import COMMAND
from tests.support.harness import ROOT, RpcError, sidecar

_LOADED = ("a speaker's embedding beside", "a speaker encoder in a CustomVoice",
           "a byte-order mark in config.json", "temperature is null")  # fmt: skip
_REFUSED = ("a speaker beyond the table", "no tts_model_type", "fp8", "an adapter",
            "no codec's weights", "GGUF alone")  # fmt: skip


def test_a_process_speaks_with_what_it_takes_and_says_what_it_does_not(
    golden: Path, tmp_path: Path
) -> None:
    with sidecar() as server:

        def speak(folder: Path) -> bytes:
            return server.speak("Hi.", model=str(folder), voice="ryan", seed=1, maxFrames=4).audio

        before = speak(golden / "custom_voice")
        for number, name in enumerate(_LOADED):
            folder = copy_of(golden / "custom_voice", tmp_path / f"loaded-{number}")
            LOADED[name](folder)
            assert speak(folder) == before, name
        for number, name in enumerate(_REFUSED):
            folder = copy_of(golden / "custom_voice", tmp_path / f"refused-{number}")
            change, words = {**IDS, **FIELDS, **FILES, **KINDS}[name]
            change(folder)
            with pytest.raises(RpcError) as caught:
                speak(folder)
            assert (caught.value.code, caught.value.type) == (1002, "notACheckpoint"), name
            said = f"{caught.value.message} {caught.value.data['hint']}"
            assert re.search(words, said), said
        assert speak(golden / "custom_voice") == before


def _run(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *args],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_command_line_says_it_on_one_line_each(golden: Path, tmp_path: Path) -> None:
    folder = copy_of(golden / "custom_voice", tmp_path / "voice")
    change, words = KINDS["bitsandbytes"]
    change(folder)
    out = tmp_path / "out.wav"
    said = _run("say", "Hi.", "--model", str(folder), "-o", str(out))
    assert said.returncode == 1
    assert re.search(words, said.stderr), said.stderr
    assert "Traceback" not in said.stderr
    assert not out.exists()
    made = _run("models", "quantize", str(folder), "--bits", "8", "-o", str(tmp_path / "made"))
    assert made.returncode == 1
    assert re.search(words, made.stderr), made.stderr
    assert not (tmp_path / "made").exists()


def test_a_quantised_copy_has_the_models_weights_and_keeps_what_lies_beside(
    golden: Path, tmp_path: Path
) -> None:
    folder = copy_of(golden / "custom_voice_proj", tmp_path / "voice")
    also(
        more(speaker_encoder__left=mx.zeros((64,))),
        sharded(),
        save("speaker_emb.safetensors", speaker=mx.zeros((64,))),
    )(folder)
    target = tmp_path / "made"
    target.mkdir()
    done, _ = registry.convert(catalog.resolve(str(folder)), 8, 64, target)
    assert done
    names = {path.relative_to(target).as_posix() for path in target.rglob("*.safetensors")}
    assert names == {WEIGHTS, f"{CODEC}/{WEIGHTS}", "speaker_emb.safetensors"}
    assert not (target / f"{WEIGHTS}.index.json").exists()
    drop("quantization")(target)  # mlx-lm's readers take either
    assert registry.stored_bits(catalog.resolve(str(target))) == 8
    assert registry.load(catalog.resolve(str(target)), "auto").info.variant == "custom_voice"
