"""What Qwen3-TTS imports of mlx-audio, and that other families still find all of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.support import families
from tests.support.command import run as run_command
from tests.support.harness import sidecar

_QWEN = """
import sys
from sidecar.models import backend
backend.prepare()
from sidecar.models import catalog, registry
registry.load(catalog.resolve("tiny-voice"), "auto")
"""
_PACKAGES = ("mlx_audio.codec", "mlx_audio.codec.models", "mlx_audio.tts")
# How other families use them: a name of a package, a module of one, and a path of attributes.
_OTHERS = """
import sys
from mlx_audio.codec.models import *
from mlx_audio.codec.models import DAC, Mimi
from mlx_audio.tts import load
import mlx_audio.codec.models.mimi.mimi
assert mlx_audio.codec.models.mimi.mimi.Mimi is Mimi
assert mlx_audio.codec.DAC is DAC
"""
_NAMES = f"""
import importlib, json
packages = [importlib.import_module(name) for name in {_PACKAGES}]
assert {{type(package) for package in packages}} == {{type(sys)}}
print(json.dumps({{package.__name__: sorted(vars(package)) for package in packages}}))
"""


@cache
def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_speaking_imports_no_package_that_it_does_not_need(tmp_path: Path) -> None:
    traced = {**os.environ, "PYTHONPROFILEIMPORTTIME": "1"}
    done = run_command("say", "Hello.", "-o", str(tmp_path / "a.wav"), env=traced)
    assert done.returncode == 0
    names = set(re.findall(r"^import time:.*\| +(\S+)$", done.stderr, re.MULTILINE))
    assert {"mlx.core", "mlx_audio.tts.models.qwen3_tts.speech_tokenizer"} <= names
    unneeded = ("scipy", "transformers", "yaml", "httpx2", "http", "huggingface_hub.file_download")
    assert not [name for name in names if name.startswith(unneeded)]
    codecs = {name.split(".")[3] for name in names if name.startswith("mlx_audio.codec.models.")}
    assert codecs == {"mimi"}
    families = {name.split(".")[3] for name in names if name.startswith("mlx_audio.tts.models.")}
    assert families == {"base", "qwen3_tts"}


@pytest.mark.parametrize("code", [_OTHERS + _QWEN, _QWEN + _OTHERS], ids=["after", "before"])
def test_other_families_find_the_whole_packages(code: str) -> None:
    expected, found = json.loads(run(_OTHERS + _NAMES)), json.loads(run(code + _NAMES))
    assert {"DAC", "SNAC", "Mimi", "descript"} <= set(expected["mlx_audio.codec.models"])
    for package in _PACKAGES:
        assert set(expected[package]) <= set(found[package])


def test_another_family_speaks_between_two_sentences_of_qwen(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        dia = families.build("dia", tmp_path / "dia", tmp_path / "hub", patch)
    with sidecar(env={"HF_HUB_CACHE": str(tmp_path / "hub")}) as server:
        first = server.speak("Hello.", voice="slt", seed=1, maxFrames=3)
        server.speak("Hello.", model=str(dia), seed=1, maxFrames=4)
        again = server.speak("Hello.", voice="slt", seed=1, maxFrames=3)
        assert again.audio == first.audio
        assert server.shutdown() == 0
        assert "it/s" not in server.whole_log()  # a bar of mlx-audio's progress


def test_what_a_package_cannot_import_is_the_error_of_each_use() -> None:
    run(
        _QWEN
        + """
sys.modules["scipy"] = None  # as if it were not installed
import mlx_audio.codec.models as models
for _ in range(2):
    try:
        models.SNAC
    except ModuleNotFoundError as error:
        assert error.name == "scipy", error
    else:
        raise AssertionError("it was imported")
del sys.modules["scipy"]
assert models.SNAC
"""
    )


@pytest.mark.parametrize("name", ["hf_hub_download", "snapshot_download"])
def test_the_downloads_of_the_hub_are_the_real_ones_afterwards(name: str) -> None:
    run(
        _QWEN
        + f"""
import huggingface_hub
from mlx_audio import utils
from mlx_audio.codec.models.mimi import mimi
deferred = vars(utils).get({name!r}) or vars(mimi)[{name!r}]
assert huggingface_hub.{name}.__module__.startswith("huggingface_hub.")
try:
    deferred("no/such name")
except ValueError as error:  # the hub's own check of names
    assert "no/such name" in str(error), error
else:
    raise AssertionError("it was accepted")
"""
    )
