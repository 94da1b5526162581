"""Loading real folders: quantised, other dtypes, and broken ones that mlx-audio would accept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from mlx import nn
from mlx.utils import tree_flatten
from mlx_audio.tts.utils import load_model

from sidecar.errors import ModelLoadFailed, NotACheckpoint
from sidecar.models import catalog, registry
from sidecar.models.base import Utterance
from sidecar.models.qwen3_tts.config import read
from tests.support.samplers import Greedy

Weights = dict[str, mx.array]


def frames(path: Path, dtype: str, count: int = 4) -> np.ndarray:
    """Return the first frames of a sentence, after a check that they can be decoded."""
    model = registry.load(catalog.resolve(str(path)), dtype)
    prompt = model.prepare(Utterance("Hello there, how are you today?", "ryan", "english"))
    row = model.open(prompt)
    while not model.prefill([row]):
        pass
    codes = np.array(mx.concatenate([model.frame([row], Greedy()) for _ in range(count)]))
    (audio,) = model.decode([row], [codes])
    assert np.isfinite(np.array(audio)).all()
    assert model.dtype == ("float32" if dtype == "auto" else dtype)
    return codes


def copy_of(source: Path, target: Path) -> Path:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("golden"))
    return target


def edit(path: Path, change: Callable[[Weights], object]) -> None:
    weights: Any = mx.load(str(path))
    mx.eval(weights)
    change(weights)
    mx.save_safetensors(str(path), weights)


def test_on_the_cpu_auto_is_float32(golden: Path) -> None:
    assert frames(golden / "custom_voice", "auto").shape == (4, 16)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_other_dtypes_run(golden: Path, dtype: str) -> None:
    assert frames(golden / "custom_voice", dtype).shape == (4, 16)


def test_a_quantised_checkpoint_runs_through_the_same_loop(golden: Path, tmp_path: Path) -> None:
    path = copy_of(golden / "custom_voice", tmp_path / "quantised")
    model: Any = load_model(path, lazy=True)

    def quantised(name: str, module: Any) -> bool:
        divides = hasattr(module, "to_quantized") and module.weight.shape[-1] % 32 == 0
        return divides and model.model_quant_predicate(name, module)

    nn.quantize(
        model.talker,
        group_size=32,
        bits=8,
        class_predicate=quantised,
    )
    parameters: Any = tree_flatten({"talker": model.talker.parameters()})
    assert any(name.endswith(".scales") for name, _ in parameters)
    mx.save_safetensors(str(path / "model.safetensors"), dict(parameters))
    config = json.loads((path / "config.json").read_text())
    config["quantization"] = {"group_size": 32, "bits": 8, "mode": "affine"}
    (path / "config.json").write_text(json.dumps(config))
    assert frames(path, "float32").shape == (4, 16)


def test_a_missing_codec_weight_is_named(golden: Path, tmp_path: Path) -> None:
    path = copy_of(golden / "custom_voice", tmp_path / "missing")
    name = "decoder.upsample.1.1.gamma"
    edit(path / "speech_tokenizer" / "model.safetensors", lambda weights: weights.pop(name))
    with pytest.raises(ModelLoadFailed, match=rf"missing: {name}"):
        registry.load(catalog.resolve(str(path)), "auto")


def test_codec_weights_that_do_not_fit_together_fail_at_load(golden: Path, tmp_path: Path) -> None:
    path = copy_of(golden / "custom_voice", tmp_path / "misfit")

    def narrow(weights: Weights) -> None:
        name = "decoder.pre_transformer.input_proj.weight"
        weights[name] = weights[name][:, :-8]

    edit(path / "speech_tokenizer" / "model.safetensors", narrow)
    with pytest.raises(ModelLoadFailed, match=r"input_proj.*\(48, 72\).*describes \(48, 80\)"):
        registry.load(catalog.resolve(str(path)), "auto")


def test_a_missing_talker_weight_fails_at_load(golden: Path, tmp_path: Path) -> None:
    path = copy_of(golden / "custom_voice", tmp_path / "headless")
    edit(path / "model.safetensors", lambda weights: weights.pop("talker.codec_head.weight"))
    with pytest.raises(ModelLoadFailed, match="codec_head"):
        registry.load(catalog.resolve(str(path)), "auto")


def test_a_tokenizer_of_another_checkpoint_fails_at_load(tmp_path: Path) -> None:
    """The model would look up the tokenizer's ids beyond the end of the embeddings."""
    folder = copy_of(catalog.resolve(catalog.BUNDLED).path, tmp_path / "voice")
    file = folder / "tokenizer.json"
    tokenizer = json.loads(file.read_text())
    size = len(tokenizer["model"]["vocab"])
    tokenizer["added_tokens"].append({**tokenizer["added_tokens"][-1], "id": size, "content": "☃"})
    file.write_text(json.dumps(tokenizer))
    with pytest.raises(ModelLoadFailed, match=f"'☃' with the id {size}.*has {size} rows"):
        registry.load(catalog.resolve(str(folder)), "auto")


def test_a_config_with_a_missing_id_is_no_checkpoint(golden: Path, tmp_path: Path) -> None:
    path = copy_of(golden / "custom_voice", tmp_path / "config")
    config = json.loads((path / "config.json").read_text())
    del config["talker_config"]["codec_bos_id"]
    (path / "config.json").write_text(json.dumps(config))
    with pytest.raises(NotACheckpoint, match="codec_bos_id"):
        registry.describe(catalog.resolve(str(path)))


def test_defaults_are_the_files_then_the_official_ones(golden: Path, tmp_path: Path) -> None:
    path = copy_of(golden / "custom_voice", tmp_path / "defaults")
    settings = {"temperature": 0.5, "subtalker_dosample": False}
    (path / "generation_config.json").write_text(json.dumps(settings))
    defaults = read(catalog.resolve(str(path))).defaults
    assert (defaults.talker.temperature, defaults.talker.top_k) == (0.5, 50)
    assert defaults.subtalker.temperature == 0
    assert (defaults.repetition_penalty, defaults.max_frames) == (1.05, 2048)
    (path / "generation_config.json").unlink()
    assert read(catalog.resolve(str(path))).defaults.talker.temperature == 0.9
