"""A quantised copy of a Qwen3-TTS checkpoint, in the form that mlx-audio writes and reads."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
import msgspec

from sidecar.errors import Unsupported
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.checkpoint.weights import INDEX, SHARDS, SINGLE, weight_files
from sidecar.models.qwen3_tts import loader, tensors
from sidecar.models.qwen3_tts.quantisation import quantise

_PARTS = (".weight", ".scales", ".biases")


def write(checkpoint: Checkpoint, bits: int, group_size: int, target: Path) -> tuple[int, int]:
    """Fill the empty folder `target`; return how many layers it quantised, and left.

    Every other file and tensor is copied, so that a checkpoint in PyTorch's layout stays one.

    Raises:
        ModelLoadFailed: it cannot be read.
        Unsupported: no layer can be quantised with these settings.
    """
    model = loader.open_model(checkpoint)
    linear = [name for name, module in model.talker.named_modules() if _can_be(module)]
    names = quantise(model, bits, group_size)
    if not names:
        raise Unsupported(
            f"{checkpoint.name!r} has no layer whose width is a multiple of {group_size}.",
            hint="Try a smaller --group-size.",
            field="bits",
        )
    weights = tensors.read(weight_files(checkpoint.path))
    modules = {f"talker.{name}": module for name, module in model.talker.named_modules()}
    for name in names:
        del weights[f"{name}.weight"]
        for part in _PARTS:
            weights[name + part] = modules[name][part[1:]]
    _copy(checkpoint.path, target)
    mx.save_safetensors(str(target / SINGLE), weights, {"format": "mlx"})
    how = {"group_size": group_size, "bits": bits, "mode": "affine"}
    config = {**checkpoint.config, "quantization": how, "quantization_config": how}
    text = msgspec.json.format(msgspec.json.encode(config, order="sorted"), indent=2)
    (target / "config.json").write_bytes(text)
    return len(names), len(linear) - len(names)


def _can_be(module: Any) -> bool:
    return hasattr(module, "to_quantized") and not hasattr(module, "as_linear")


def _copy(source: Path, target: Path) -> None:
    """Copy all but the talker's weights; links, as in the hub's cache, are followed."""
    own = {"config.json", INDEX, *(file.name for file in source.glob(SHARDS))}

    def left_out(folder: str, names: list[str]) -> list[str]:
        hidden = [name for name in names if name.startswith(".")]
        return [*hidden, *(own if Path(folder) == source else ())]

    copy: Callable[..., Any] = shutil.copyfile  # not its mode: a cache may be read-only
    shutil.copytree(source, target, ignore=left_out, copy_function=copy, dirs_exist_ok=True)
    for folder in (target, *(path for path in target.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
