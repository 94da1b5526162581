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
from sidecar.models.checkpoint.weights import listed

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
    """Put weights into a module, every parameter of which must be among them.

    Args:
        folder: where they come from, for what is said.

    Raises:
        ModelLoadFailed: a parameter is missing, or of another shape or kind of number.
    """
    parameters = parameters_of(module)
    drop_unexpected(weights, parameters, folder)
    check_complete(parameters, weights, folder)
    module.load_weights(list(weights.items()))


def parameters_of(module: Any) -> Weights:
    return dict(tree_flatten(module.parameters()))


def drop_unexpected(weights: Weights, expected: Iterable[str], folder: Path) -> None:
    """Remove what the model has no place for: buffers, another variant's parts, leftovers."""
    unexpected = sorted(weights.keys() - set(expected))
    for name in unexpected:
        del weights[name]
    if unexpected:
        log.warning(
            "%s: %d tensors that the model does not have are left out: %s",
            folder,
            len(unexpected),
            listed(unexpected),
        )


def check_complete(expected: Weights, weights: Weights, folder: Path) -> None:
    """Compare names, shapes and kinds of numbers.

    Raises:
        ModelLoadFailed
    """
    missing = sorted(expected.keys() - weights.keys())
    if missing:
        raise missing_error(missing, folder)
    for name, value in expected.items():
        if weights[name].shape != value.shape:
            raise shape_error(name, weights[name].shape, value.shape, folder)
        if mx.issubdtype(value.dtype, mx.floating):
            check_floating(name, weights[name], folder)


def check_floating(name: str, value: mx.array, folder: Path) -> None:
    """Refuse integers where the model has floating-point numbers.

    MLX would compute with them as they are. They are mostly a quantisation whose scales have names
    that are not known here, and without its scales nobody's voice is left.

    Raises:
        ModelLoadFailed
    """
    if not mx.issubdtype(value.dtype, mx.floating):
        kind = str(value.dtype).removeprefix("mlx.core.")
        raise ModelLoadFailed(
            f"{folder}: the tensor {name} is {kind}, and floating-point numbers are expected.",
            hint=f"It may be quantised in a way that is not known here. {ADVICE}",
            field="model",
        )


def missing_error(names: Sequence[str], folder: Path) -> ModelLoadFailed:
    count = f"{len(names)} tensors are missing" if len(names) > 1 else "a tensor is missing"
    return ModelLoadFailed(f"{folder}: {count}: {listed(names)}.", hint=_AGAIN, field="model")


def shape_error(
    name: str, got: Sequence[int], expected: Sequence[int], folder: Path
) -> ModelLoadFailed:
    return ModelLoadFailed(
        f"{folder}: the tensor {name} has the shape {tuple(got)}, and by config.json "
        f"{tuple(expected)} is expected.",
        hint="The weights and config.json belong to different models, or one of them is damaged.",
        field="model",
    )
