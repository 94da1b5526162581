"""Errors for a folder that is not a checkpoint: they say what the folder is instead.

They depend on file names and a few JSON files, not on a family's config.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from sidecar.errors import NotACheckpoint
from sidecar.models.checkpoint.jsonfile import read_leniently
from sidecar.models.checkpoint.weights import INDEX, SHARDS, Tensor, advise_download, list_names

_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_OTHERS = {
    "*.gguf": "GGUF",
    "*.onnx": "ONNX",
    "*.npz": "NumPy",
    "*.h5": "Keras",
    "*.msgpack": "Flax",
}
_TRAINING = (
    "trainer_state.json", "optimizer.*", "scheduler.pt", "rng_state*", "training_args.bin",
    "zero_to_fp32.py", "global_step*",
)  # fmt: skip
_STATE = ("optimizer", "scheduler", "rng_state", "training_args", "scaler")
# Parts of the names of an adapter's tensors, and of those it wraps, as PEFT saves them.
_UNMERGED = (".lora_A.", ".lora_B.", ".lora_embedding_A", ".lora_magnitude_vector", ".base_layer.")
_LOOKED_AT = 200  # entries of a folder, when a model is searched below it
_MERGE = (
    "Merge it first (merge_and_unload in PEFT, then save_pretrained), and name the merged model's "
    "folder."
)
_CONFIG, _ADAPTER = "config.json", "adapter_config.json"


def without_config(path: Path) -> NotACheckpoint:
    """Return the error for a folder that has no config.json."""
    if (path / _ADAPTER).is_file():
        return adapter(path)
    inside = list(islice(_models_in(path), 3))
    if inside:
        return _error(
            f"{path} is not a checkpoint, but {list_names(map(str, inside), 2)} inside it "
            f"{'is' if len(inside) == 1 else 'are'}.",
            f"Name that folder: {inside[0]}.",
        )
    for above in (path.parent, path.parent.parent):
        if _is_model(above):
            return _error(
                f"{path} is a part of the checkpoint {above}.", f"Name that folder: {above}."
            )
    if _has(path, _TRAINING):
        return _training(path)
    return _error(
        f"{path} is not a checkpoint: it has no config.json{_instead(path)}.",
        "Name the folder that holds config.json and model.safetensors.",
    )


def without_weights(path: Path) -> NotACheckpoint:
    """Return the error for a folder with a config.json and no *.safetensors file."""
    if (path / _ADAPTER).is_file():
        return adapter(path)
    names = [file.name for file in path.iterdir() if file.is_file()]
    other = unread(names)
    if other is not None:
        what, advice = other
        return _error(f"{path} has weights {what}, which this sidecar does not read.", advice)
    inside = list(islice(_models_in(path), 3))
    if inside:
        return _error(
            f"{path} has no *.safetensors weights, but its folder {inside[0]} has.",
            f"Name that folder: {inside[0]}.",
        )
    if _has(path, _TRAINING):
        return _training(path)
    return _error(
        f"{path} is not a checkpoint: it has no *.safetensors weights.",
        f"If the download is incomplete: {advise_download(path)}",
    )


def check_adapter(path: Path) -> None:
    """Refuse a folder whose only weights are those of an adapter.

    Raises:
        NotACheckpoint
    """
    weights = any(path.glob(SHARDS)) or (path / INDEX).is_file()
    if (path / _ADAPTER).is_file() and not weights:
        raise adapter(path)


def check_merged(tensors: Iterable[Tensor], path: Path) -> None:
    """Refuse weights that include an adapter: without it, the voice would not be the trained one.

    Raises:
        NotACheckpoint
    """
    for tensor in tensors:
        if any(part in tensor.name for part in _UNMERGED):
            raise _error(
                f"{path} has an adapter that is not merged into the weights ({tensor.name}).",
                _MERGE,
            )


def adapter(path: Path) -> NotACheckpoint:
    """Return the error for a LoRA or another adapter of PEFT."""
    base = read_leniently(path / _ADAPTER).get("base_model_name_or_path")
    of = base if isinstance(base, str) and base else "the model that it was trained on"
    kind = read_leniently(path / _ADAPTER).get("peft_type")
    name = f"a {kind} adapter" if isinstance(kind, str) else "an adapter"
    return _error(
        f"{path} is {name} for {of}, not a complete model.",
        _MERGE,
    )


def unread(names: Iterable[str]) -> tuple[str, str] | None:
    """Return the format of other weights among these names, and what to do; None without any."""
    every = [Path(name) for name in names]
    for pattern, kind in _OTHERS.items():
        found = [name for name in every if name.match(pattern)]
        if found:
            return (
                f"as {kind} ({list_names(map(str, found), 2)})",
                "Use the bf16 safetensors checkpoint, or one quantised for MLX.",
            )
    pickles = [name for name in every if any(map(name.match, _PICKLES))]
    pickles = [name for name in pickles if not name.name.startswith(_STATE)]
    if pickles:
        return (
            f"as pickles ({list_names(map(str, pickles), 2)})",
            "A pickle can run code. Use the safetensors files of the same model, or save it with "
            "save_pretrained(…, safe_serialization=True).",
        )
    return None


def _training(path: Path) -> NotACheckpoint:
    return _error(
        f"{path} has the state of a training run (an optimizer, a schedule), but no model.",
        "Save the model itself: a folder with config.json, model.safetensors, the tokenizer and "
        "speech_tokenizer.",
    )


def _instead(path: Path) -> str:
    other = unread(file.name for file in islice(path.iterdir(), _LOOKED_AT) if file.is_file())
    return "" if other is None else f"; it has weights {other[0]}"


def _models_in(path: Path, depth: int = 2) -> Iterator[Path]:
    """Yield the checkpoints below a folder: those of a training run, or a snapshot in a cache."""
    for folder in sorted(islice(path.iterdir(), _LOOKED_AT)):
        try:
            if folder.name.startswith(".") or not folder.is_dir():
                continue
            if _is_model(folder):
                yield folder
            elif depth > 1:
                yield from _models_in(folder, depth - 1)
        except OSError:
            continue


def _is_model(path: Path) -> bool:
    if path.name == "speech_tokenizer" or not (path / _CONFIG).is_file():
        return False
    return any(path.glob("*.safetensors"))


def _has(path: Path, patterns: Iterable[str]) -> bool:
    return any(next(path.glob(pattern), None) is not None for pattern in patterns)


def _error(message: str, hint: str) -> NotACheckpoint:
    return NotACheckpoint(message, hint=hint, field="model")
