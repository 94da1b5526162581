"""How a checkpoint is quantised on disk: in MLX's format, or in one that cannot be read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sidecar.errors import NotACheckpoint
from sidecar.models.checkpoint.weights import Tensor

_BITS, _GROUPS = (2, 3, 4, 5, 6, 8), (16, 32, 64, 128)
_MODES = ("affine", "mxfp4", "mxfp8", "nvfp4")
ADVICE = (
    "Use the bf16 checkpoint, or one quantised for MLX (4, 6 or 8 bits, from mlx-community or by "
    "qwen-tts-sidecar models quantize)."
)
# The names in transformers' `quant_method`, and their usual spelling.
_NAMES = {
    "bitsandbytes": "bitsandbytes",
    "bitsandbytes_4bit": "bitsandbytes",
    "bitsandbytes_8bit": "bitsandbytes",
    "gptq": "GPTQ",
    "awq": "AWQ",
    "fp8": "fp8",
    "fbgemm_fp8": "fp8 (FBGEMM)",
    "compressed-tensors": "compressed-tensors",
    "torchao": "torchao",
    "gguf": "GGUF",
}
# Tensors that show a format if config.json does not name it.
_TENSORS = {
    "GPTQ or AWQ": (".qweight", ".qzeros", ".g_idx"),
    "bitsandbytes": (".absmax", ".quant_map", ".SCB", ".nested_absmax"),
    "compressed-tensors": (".weight_packed", ".weight_shape"),
    "fp8": (".weight_scale_inv", ".weight_scale"),
}


def stored(config: dict[str, Any]) -> dict[str, Any] | None:
    """Return MLX's quantisation of a checkpoint; None if it is not quantised.

    mlx-lm and mlx-audio write the same object twice, and read `quantization` first.
    """
    for key in ("quantization", "quantization_config"):
        how = config.get(key)
        if isinstance(how, dict) and how and not _method(how):
            return how
    return None


def check(config: dict[str, Any], path: object) -> None:
    """Refuse a config.json that names a quantisation which MLX does not read.

    Raises:
        NotACheckpoint: it is another program's, or its numbers are invalid.
    """
    how = stored(config)
    for key in ("quantization_config", "compression_config", "quantization"):
        foreign = config.get(key)
        if how is None and isinstance(foreign, dict) and foreign:
            raise foreign_error(path, _method(foreign) or "another program")
        if foreign is not None and not isinstance(foreign, dict):
            raise NotACheckpoint(
                f"{path}/config.json: {key} is wrong: it is {foreign!r}, not an object.",
                hint=ADVICE,
                field="model",
            )
    if how is not None:
        _check_figures(how, path)


def check_tensors(tensors: Iterable[Tensor], path: object) -> None:
    """Refuse weights that only another program's quantisation has.

    Raises:
        NotACheckpoint
    """
    for tensor in tensors:
        if tensor.dtype.startswith("F8_"):
            raise foreign_error(path, "fp8", f" ({tensor.name} is {tensor.dtype})")
        for name, endings in _TENSORS.items():
            if any(f"{ending}." in f"{tensor.name}." for ending in endings):
                raise foreign_error(path, name, f" (it has {tensor.name})")


def foreign_error(path: object, name: str, because: str = "") -> NotACheckpoint:
    """Return the error for a quantisation with this name."""
    return NotACheckpoint(
        f"{path} is quantised by {name}, which this sidecar does not read{because}.",
        hint=ADVICE,
        field="model",
    )


def _method(how: dict[str, Any]) -> str | None:
    """Return which program has quantised a checkpoint; None for MLX."""
    method = how.get("quant_method")
    if isinstance(method, str) and method and method != "mlx":
        return _NAMES.get(method.lower(), method)
    if any(how.get(key) for key in ("load_in_4bit", "load_in_8bit", "_load_in_4bit")):
        return "bitsandbytes"
    if "config_groups" in how:
        return "compressed-tensors"
    return None if "bits" in how or "group_size" in how else "another program"


def _check_figures(how: dict[str, Any], path: object) -> None:
    allowed: dict[str, tuple[Any, ...]] = {"bits": _BITS, "group_size": _GROUPS, "mode": _MODES}
    for key, values in allowed.items():
        got = how.get(key, {"group_size": 64, "mode": "affine"}.get(key))
        if isinstance(got, bool) or got not in values:
            raise NotACheckpoint(
                f"{path}/config.json: quantization.{key} is {got!r}, but MLX supports "
                f"{', '.join(map(str, values))}.",
                hint=ADVICE,
                field="model",
            )
