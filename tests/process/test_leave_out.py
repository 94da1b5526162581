"""The sidecar without the packages that packaging/leave-out.toml takes out of a bundle."""

from __future__ import annotations

import base64
import io
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import soundfile
from packaging.utils import canonicalize_name

from tests.support import families
from tests.support.harness import RpcError, Sidecar, sidecar
from tests.support.hub_server import hub_server
from tests.support.sounds import encoded, sound
from tests.support.wire import ROOT
from training.pack import unpack

LEFT_OUT = {
    str(entry["name"])
    for entry in tomllib.loads((ROOT / "packaging" / "leave-out.toml").read_text("utf-8"))[
        "distribution"
    ]
}
COMMAND = [sys.executable, "-m", "tests.process.without"]
TEXT = {
    "english": "On May 5th, 2024, it cost $42.50.",
    "french": "Bonjour, le train part à huit heures.",
    "markdown": "# News\n\nSee **this**: [the page](https://example.com/a) 👍",
}


@cache
def environment() -> dict[str, str]:
    """Return the variable for `without`: the modules that no other distribution has."""
    owners = metadata.packages_distributions()
    without = [
        module
        for module, distributions in owners.items()
        if all(canonicalize_name(name) in LEFT_OUT for name in distributions)
    ]
    assert {"scipy", "transformers"} <= set(without)
    return {"QWEN_TTS_TEST_WITHOUT": ",".join(without)}


@pytest.fixture(scope="module")
def bundle() -> Iterator[Sidecar]:
    with sidecar(command=COMMAND, env=environment()) as process:
        yield process


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("tiny-base")
    unpack(ROOT / "tests" / "data" / "tiny-base", folder)
    return str(folder)


def run(*args: str, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [*COMMAND, *args],
        cwd=ROOT,
        env={**os.environ, **environment(), **(env or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_names_dependencies_that_only_other_packages_require() -> None:
    packages = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]
    requires = {
        package["name"]: [one["name"] for one in package.get("dependencies", ())]
        for package in packages
    }
    own, found = "qwen-tts-sidecar", set[str]()
    left = list(requires[own])
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += requires[name]
    assert found - set(requires[own]) >= LEFT_OUT


@pytest.mark.parametrize("text", TEXT)
def test_every_kind_of_text_is_spoken(bundle: Sidecar, text: str) -> None:
    spoken = bundle.speak(TEXT[text], voice="slt", seed=1)
    assert spoken.result["finishReason"] == "stop"
    assert spoken.result.get("warnings", []) == []


def test_chinese_is_read(bundle: Sidecar) -> None:
    """The bundled voice speaks no Chinese; its refusal has the text as it was read."""
    with pytest.raises(RpcError, match="我有三只猫"):
        bundle.speak("我有3只猫。", voice="slt")


@pytest.mark.parametrize("encoding", ["flac", "mp3", "ogg_opus", "wav", "pcm_s16le"])
def test_every_encoding_is_written(bundle: Sidecar, encoding: str) -> None:
    asked: dict[str, Any] = {"encoding": encoding, "sampleRate": 48000, "maxFrames": 6}
    spoken = bundle.speak("Hello.", voice="slt", **asked)
    if encoding != "pcm_s16le":
        assert soundfile.info(io.BytesIO(spoken.audio)).samplerate == 48000


@pytest.mark.parametrize("format", ["WAV", "FLAC", "MP3"])
def test_a_voice_is_cloned_and_saved(bundle: Sidecar, base: str, format: str) -> None:
    subtype = {"MP3": "MPEG_LAYER_III"}.get(format, "PCM_16")
    audio = base64.b64encode(encoded(sound(), 24000, format, subtype)).decode()
    reference = {"audio": audio, "text": "Hello there."}
    bundle.call("voice/create", {"voice": format, "model": base, "reference": reference})
    spoken = bundle.speak("Hello.", voice=format, model=base, maxFrames=4)
    assert spoken.result["frames"] > 0


def test_a_family_that_needs_more_is_refused_in_a_sentence(bundle: Sidecar, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        soprano = families.build("soprano", tmp_path / "soprano", tmp_path / "hub", patch)
    with pytest.raises(RpcError, match="soprano models need transformers, which is not") as caught:
        bundle.call("model/load", {"model": str(soprano)})
    assert caught.value.type == "missingPackage"
    assert "with pip" in caught.value.data["hint"]


def test_the_commands_work(tmp_path: Path) -> None:
    assert "spoke" in run("doctor", "--offline")
    assert "tiny-voice" in run("models", "list")
    made = tmp_path / "four"
    run("models", "quantize", "tiny-voice", "--bits", "4", "-o", str(made))
    with hub_server() as hub:
        hub.serve("someone/four", made)
        home = hub.environment(tmp_path / "home")
        run("models", "download", "someone/four", env=home)
        wav = tmp_path / "a.wav"
        run("say", "Hello.", "--model", "someone/four", "-o", str(wav), "--seed", "1", env=home)
    assert soundfile.info(wav).frames > 0
