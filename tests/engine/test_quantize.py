"""`models quantize`: its files, the loaders that read them, and how it changes speech."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from mlx import nn
from mlx_audio.tts.utils import load_model

from sidecar.errors import ModelLoadFailed, Unsupported
from sidecar.models import catalog, registry
from sidecar.models.base import Utterance
from sidecar.models.checkpoint import footprint
from tests.support.command import COMMAND
from tests.support.quantised import TEXT, Forced, agreement, heard
from tests.support.wire import ROOT

TINY = ROOT / "sidecar" / "bundled" / "tiny-voice"


def quantize(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "models", "quantize", *args],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Quantise the bundled voice to 4 bits with the command."""
    target = tmp_path_factory.mktemp("made") / "four"
    done = quantize("tiny-voice", "--bits", "4", "-o", str(target))
    assert done.returncode == 0, done.stderr
    assert "81 linear layers" in done.stdout
    return target


def test_everything_but_the_talkers_weights_is_copied(four: Path) -> None:
    theirs = {p.relative_to(TINY) for p in TINY.rglob("*")}
    assert {p.relative_to(four) for p in four.rglob("*")} == theirs
    assert os.listdir(four.parent) == ["four"]  # nothing is left beside it
    for path in theirs - {Path("config.json"), Path("model.safetensors")}:
        if (TINY / path).is_file():
            assert (four / path).read_bytes() == (TINY / path).read_bytes()
    before, after = (json.loads((p / "config.json").read_text()) for p in (TINY, four))
    how = {"group_size": 64, "bits": 4, "mode": "affine"}
    assert after == {**before, "quantization": how, "quantization_config": how}


def test_mlx_audio_reads_it_and_has_the_same_weights(four: Path) -> None:
    model: Any = load_model(four)
    modules = dict(model.talker.named_modules())
    packed = {name for name, m in modules.items() if isinstance(m, nn.QuantizedLinear)}
    assert len(packed) == 81
    plain: Any = load_model(TINY)
    for name, module in plain.talker.named_modules():
        if isinstance(module, nn.Linear):
            q = modules[name]
            back = mx.dequantize(q.weight, q.scales, q.biases, q.group_size, q.bits)
            step = float(q.scales.astype(mx.float32).abs().max())
            # Scales and differences are rounded to bfloat16's eight bits.
            assert float((back - module.weight).abs().max()) <= 1.05 * step


def test_it_is_what_bits_makes_at_load(four: Path) -> None:
    """Every logit is equal: both quantise the weights as they are stored."""
    from_disk = heard(four, "slt", 3, Forced())
    model = registry.load(catalog.resolve("tiny-voice"), "float32", 4)
    row, at_load = model.open(model.prepare(Utterance(TEXT, "slt", "english"))), Forced()
    while not model.prefill([row]):
        pass
    mx.eval([model.frame([row], at_load) for _ in range(3)])
    assert all(np.array_equal(a, b) for a, b in zip(from_disk.logits, at_load.logits, strict=True))


@pytest.mark.parametrize(("bits", "error", "same"), [(8, 0.02, 0.9), (4, 0.35, 0.3)])
def test_the_bundled_voice_keeps_its_choices(
    tmp_path: Path, bits: int, error: float, same: float
) -> None:
    registry.convert(catalog.resolve("tiny-voice"), bits, 64, tmp_path)
    found = agreement(TINY, tmp_path, frames=12)
    assert 0 < found.error < error
    assert found.first > same
    assert found.rest > same


def test_layers_that_are_too_narrow_stay_and_the_checkpoint_speaks(
    golden: Path, tmp_path: Path
) -> None:
    source = golden / "custom_voice_proj"  # read-only, of widths 48, 64, 96 and 128
    done, left = registry.convert(catalog.resolve(str(source)), 8, 64, tmp_path)
    assert done > 0
    assert left > 0
    names = {tensor.name for tensor in footprint.tensors(tmp_path)}
    assert sum(name.endswith(".scales") for name in names) == done
    found = agreement(source, tmp_path, frames=6)
    assert 0 < found.error < 0.02


def test_what_cannot_be_is_refused_and_leaves_nothing(four: Path, tmp_path: Path) -> None:
    inside = four.parent
    again = quantize(str(four), "--bits", "8", "-o", str(tmp_path / "again"))
    there = quantize("tiny-voice", "--bits", "8", "-o", str(inside))
    nobody = quantize("nobody", "--bits", "8", "-o", str(tmp_path / "nobody"))
    for done, said in (
        (again, "already quantised to 4 bits"),
        (there, "already exists"),
        (nobody, "Unknown model 'nobody'"),
    ):
        assert done.returncode == 1
        assert said in done.stderr
        assert "Traceback" not in done.stderr
    assert os.listdir(tmp_path) == []
    assert quantize("tiny-voice", "--bits", "5", "-o", "x").returncode == 2


def test_a_broken_checkpoint_or_one_too_narrow_is_an_error(golden: Path, tmp_path: Path) -> None:
    narrow = catalog.resolve(str(golden / "custom_voice"))
    with pytest.raises(Unsupported, match="multiple of 256"):
        registry.convert(narrow, 4, 256, tmp_path)
    (tmp_path / "config.json").write_bytes((TINY / "config.json").read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelLoadFailed):
        registry.convert(catalog.resolve(str(tmp_path)), 4, 64, tmp_path / "out")
