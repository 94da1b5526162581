"""Small files of a hub's folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx.utils import tree_flatten
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

Weights = dict[str, Any]


def parameters(model: Any) -> list[tuple[str, Any]]:
    return tree_flatten(model.parameters())  # pyright: ignore[reportReturnType]


def write_config(folder: Path, config: dict[str, Any]) -> dict[str, Any]:
    (folder / "config.json").write_text(json.dumps(config))
    return config


def save(path: Path, model: Any) -> None:
    mx.save_safetensors(str(path), dict(parameters(model)))


def save_as_on_the_hub(path: Path, model: Any) -> None:
    """Save convolutions in PyTorch's layout, wherever the family's `sanitize` converts them."""
    weights = {}
    for name, value in parameters(model):
        if name.endswith("weight_v"):  # which start as zeros, and are divided by their norm
            value = mx.random.normal(value.shape) * 0.02
        weights[name] = unsanitized(name, value, model.sanitize).astype(mx.bfloat16)
    mx.save_safetensors(str(path), weights)


def unsanitized(name: str, value: mx.array, sanitize: Callable[[Weights], Weights]) -> mx.array:
    """Return the layout that `sanitize` expects: PyTorch's, or else the model's own."""
    turns = ((0, 2, 1), (2, 0, 1), (0, 1, 2)) if value.ndim == 3 else (tuple(range(value.ndim)),)
    for turn in turns:
        turned = value.transpose(turn)
        if next(iter(sanitize({name: turned}).values())).shape == value.shape:
            return turned
    raise AssertionError(f"{name} is too small: its layout cannot be seen by its shape")


def in_cache(cache: Path, repo: str) -> Path:
    """Return the folder of the one snapshot of a repository."""
    root = cache / ("models--" + repo.replace("/", "--"))
    (root / "refs").mkdir(parents=True)
    (root / "refs" / "main").write_text("0" * 40)
    snapshot = root / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    return snapshot


def write_tokenizer(folder: Path, special: list[str], **names: str) -> None:
    """Write a tokenizer of bytes and of the given tokens."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({sign: at for at, sign in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token) for token in special])
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(str(folder))
