"""Tensors of files into mlx-audio's modules, as transformers does it.

What the module does not have is left out with a warning; what it misses, or has in another shape
or as integers, is an error.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx.utils import tree_flatten

from sidecar.errors import ModelLoadFailed
from sidecar.models.checkpoint.quantised import ADVICE
from sidecar.models.checkpoint.weights import list_names

log = logging.getLogger(__name__)

Weights = dict[str, mx.array]
_AGAIN = "Get the checkpoint again with all its files, or save it again from the model."


def read(files: Iterable[Path]) -> Weights:
    """Return all tensors of safetensors files; MLX reads them when they are first needed."""
    weights: Weights = {}
    for file in files:
        weights.update(mx.load(str(file)))  # pyright: ignore[reportArgumentType, reportCallIssue]
    return weights


def fill(module: Any, weights: Weights, folder: Path) -> None:
    """Put weights into a module; every parameter of the module must be among them.

    Args:
        folder: where they come from, for errors.

    Raises:
        ModelLoadFailed: a parameter is missing, or has another shape or kind of number.
    """
    parameters = parameters_of(module)
    check_complete(parameters, weights, folder)
    drop_unexpected(weights, parameters, folder)
    module.load_weights(list(weights.items()))


def parameters_of(module: Any) -> Weights:
    return dict(tree_flatten(module.parameters()))


def drop_unexpected(weights: Weights, expected: Iterable[str], folder: Path) -> None:
    """Remove tensors that the model does not have: buffers, another variant's parts, leftovers."""
    unexpected = sorted(weights.keys() - set(expected))
    for name in unexpected:
        del weights[name]
    if unexpected:
        log.warning(
            "%s: %d tensors that the model does not have are ignored: %s",
            folder,
            len(unexpected),
            list_names(unexpected),
        )


def check_complete(expected: Weights, weights: Weights, folder: Path) -> None:
    """Compare names, shapes and kinds of numbers.

    Raises:
        ModelLoadFailed: a tensor is missing or different.
    """
    check_names(expected, weights, folder)
    for name, value in expected.items():
        if weights[name].shape != value.shape:
            raise shape_error(name, weights[name].shape, value.shape, folder)
        if mx.issubdtype(value.dtype, mx.floating):
            check_floating(name, weights[name], folder)


def check_names(expected: Iterable[str], weights: Weights, folder: Path) -> None:
    """Refuse weights that lack some of the expected tensors.

    Raises:
        ModelLoadFailed
    """
    missing = sorted(set(expected) - weights.keys())
    if not missing:
        return
    count = f"{len(missing)} tensors are missing" if len(missing) > 1 else "a tensor is missing"
    message, hint = f"{folder}: {count}: {list_names(missing)}", _AGAIN
    longer = next((name for name in weights if name.endswith(f".{missing[0]}")), None)
    if longer is not None:
        prefix = longer.removesuffix(missing[0])
        message += f"; the file has them under names that begin with {prefix!r}"
        hint = f"Remove {prefix!r} from the names: save the model inside the training wrapper."
    raise ModelLoadFailed(f"{message}.", hint=hint, field="model")


def check_floating(name: str, value: mx.array, folder: Path) -> None:
    """Refuse integers where the model has floating-point numbers.

    MLX would compute with the integers themselves. Mostly they are quantised weights whose scales
    have unknown names, and without the scales the output is noise.

    Raises:
        ModelLoadFailed
    """
    if not mx.issubdtype(value.dtype, mx.floating):
        kind = str(value.dtype).removeprefix("mlx.core.")
        raise ModelLoadFailed(
            f"{folder}: the tensor {name} is {kind}, and floating-point numbers are expected.",
            hint=f"It may be quantised in an unknown way. {ADVICE}",
            field="model",
        )


def shape_error(
    name: str, got: Sequence[int], expected: Sequence[int], folder: Path
) -> ModelLoadFailed:
    return ModelLoadFailed(
        f"{folder}: the tensor {name} has the shape {tuple(got)}, but config.json "
        f"describes {tuple(expected)}.",
        hint="The weights and config.json belong to different models, or one of them is damaged.",
        field="model",
    )
