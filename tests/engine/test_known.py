"""The catalogue's arithmetic, against the true shapes and against sizes that the hub shows."""

from __future__ import annotations

import math
from typing import Any

import pytest

from sidecar.models import backend, catalog, known, opening, qwen3_tts
from sidecar.models.known import KNOWN
from sidecar.models.qwen3_tts import config

# Sizes of files on the hub: mlx-community/Qwen3-TTS-12Hz-0.6B-CustomVoice-8bit, commit 049ef77f.
WEIGHTS_8BIT = 1_286_743_170
REST_8BIT = 6058 + 245 + 1671839 + 71447 + 127 + 2336 + 76 + 682293092 + 234 + 7344 + 2776833
# Sizes that the hub's pages show for whole repositories, in GB with two decimals.
SHOWN = {
    "0.6b-base-original": 2.52,
    "0.6b-customvoice-original": 2.50,
    "1.7b-voicedesign-original": 4.52,
    "1.7b-base": 4.54,
    "0.6b-base-8bit": 1.99,
    "0.6b-base-4bit": 1.71,
}


def test_sizes_are_the_hubs() -> None:
    header = 200_000  # of names and shapes, in front of the tensors
    computed = KNOWN["0.6b-customvoice-8bit"].download_bytes
    assert 0 <= WEIGHTS_8BIT + REST_8BIT - computed < header
    for alias, gigabytes in SHOWN.items():
        assert KNOWN[alias].download_bytes / 1e9 == pytest.approx(gigabytes, abs=0.006)


@pytest.mark.parametrize("size", ["0.6B", "1.7B"])
def test_parameters_are_those_of_the_true_shapes(size: str) -> None:
    backend.prepare()
    from mlx.utils import tree_flatten
    from mlx_audio.convert import build_quant_predicate
    from mlx_audio.tts.models.qwen3_tts.config import ModelConfig
    from mlx_audio.tts.models.qwen3_tts.qwen3_tts import Model

    from bench import checkpoints

    def shapes(variant: str) -> tuple[Any, dict[str, tuple[int, ...]]]:
        settings: dict[str, Any] = checkpoints._config(size.lower()) | {"tts_model_type": variant}
        settings["speaker_encoder_config"]["enc_dim"] = 1024 if size == "0.6B" else 2048
        model = Model(ModelConfig.from_dict(settings))  # its parameters are never evaluated
        flat: Any = tree_flatten(model.parameters())
        return model, {name: value.shape for name, value in flat}

    model, parameters = shapes("custom_voice")
    wanted = build_quant_predicate(model)
    quantised = {f"{path}.weight" for path, one in model.named_modules() if wanted(path, one)}
    total = sum(math.prod(shape) for shape in parameters.values())
    packed = sum(math.prod(shape) for name, shape in parameters.items() if name in quantised)
    assert (total, packed) == known._PARAMETERS[size]
    base = sum(math.prod(shape) for shape in shapes("base")[1].values())
    assert base - total == known._SPEAKER_ENCODER[size]


def test_every_variant_is_there_in_every_precision() -> None:
    assert len(KNOWN) == 5 * 5
    assert {one.bits for one in KNOWN.values()} == {16, 8, 6, 4}
    assert len({one.repo for one in KNOWN.values()}) == len(KNOWN)
    for one in KNOWN.values():
        assert one.repo.split("-12Hz-")[1].lower().startswith(f"{one.size.lower()}-")
        memory = [one.memory_bytes(on_cpu=on_cpu) for on_cpu in (False, True)]
        assert one.download_bytes < memory[0] < memory[1]


@pytest.mark.parametrize("one", KNOWN.values(), ids=KNOWN)
def test_abilities_are_those_of_the_checkpoint(one: known.KnownModel) -> None:
    assert one.abilities == config._abilities(one.variant, small=one.size == "0.6B")


def test_qwens_models_read_figures_and_the_bundled_voice_does_not() -> None:
    assert all(model.info.reads_figures for model in KNOWN.values())
    assert not qwen3_tts.describe(
        opening.open_checkpoint("tiny-voice", catalog.resolve("tiny-voice").path)
    ).reads_figures
