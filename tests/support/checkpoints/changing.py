"""Changes of a copy of a checkpoint: each function returns a change, which is a function."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx

Change = Callable[[Path], object]
Weights = dict[str, mx.array]

WEIGHTS, CONFIG, CODEC = "model.safetensors", "config.json", "speech_tokenizer"
BOM = b"\xef\xbb\xbf"


def copy_of(source: Path, target: Path) -> Path:
    """Copy a golden checkpoint without its references."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("golden"))
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return target


def put(field: str, value: Any, file: str = CONFIG) -> Change:
    """Set a field; dots in its name separate the fields around it."""

    def change(folder: Path) -> None:
        path = folder / file
        whole = json.loads(path.read_text())
        *outer, last = field.split(".")
        inside = whole
        for name in outer:
            inside = inside[name]
        if value is ...:
            del inside[last]
        else:
            inside[last] = value
        path.write_text(json.dumps(whole))

    return change


def drop(field: str, file: str = CONFIG) -> Change:
    return put(field, ..., file)


def write(file: str, content: bytes | str) -> Change:
    def change(folder: Path) -> None:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    return change


def remove(*files: str) -> Change:
    def change(folder: Path) -> None:
        for file in files:
            path = folder / file
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

    return change


def marked(file: str) -> Change:
    """Put a byte-order mark before a file."""
    return lambda folder: (folder / file).write_bytes(BOM + (folder / file).read_bytes())


def recoded(file: str, encoding: str) -> Change:
    """Save a file in another encoding."""
    return lambda folder: (folder / file).write_text((folder / file).read_text(), encoding)


def cut(file: str, bytes_left: int) -> Change:
    return lambda folder: (folder / file).write_bytes((folder / file).read_bytes()[:bytes_left])


def save(file: str, **tensors: mx.array) -> Change:
    """Write a safetensors file of its own."""
    return lambda folder: mx.save_safetensors(str(folder / file), tensors)


def tensors(change: Callable[[Weights], object], file: str = WEIGHTS) -> Change:
    """Change the tensors of a file."""

    def apply(folder: Path) -> None:
        weights: Any = mx.load(str(folder / file))
        mx.eval(weights)
        change(weights)
        mx.save_safetensors(str(folder / file), weights)

    return apply


def more(file: str = WEIGHTS, **added: mx.array) -> Change:
    """Add tensors to a file; a double underscore in a name stands for a dot."""
    named = {name.replace("__", "."): value for name, value in added.items()}
    return tensors(lambda weights: weights.update(named), file)


def without(name: str, file: str = WEIGHTS) -> Change:
    return tensors(lambda weights: weights.pop(name), file)


def sharded(index: bool = True, lost: bool = False, folder_name: str = "") -> Change:
    """Cut model.safetensors in two, as transformers saves large models."""

    def apply(folder: Path) -> None:
        weights: Any = mx.load(str(folder / WEIGHTS))
        mx.eval(weights)
        (folder / WEIGHTS).unlink()
        names = [f"model-0000{part}-of-00002.safetensors" for part in (1, 2)]
        where = {name: names[at % 2] for at, name in enumerate(sorted(weights))}
        for name in names[: 1 if lost else 2]:
            part = {key: value for key, value in weights.items() if where[key] == name}
            mx.save_safetensors(str(folder / name), part)
        if index:
            listed = {key: folder_name + value for key, value in where.items()}
            (folder / f"{WEIGHTS}.index.json").write_text(json.dumps({"weight_map": listed}))

    return apply


def also(*changes: Change) -> Change:
    def apply(folder: Path) -> None:
        for change in changes:
            change(folder)

    return apply
