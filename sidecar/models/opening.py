"""Opens a folder as a checkpoint: reads its config, and refuses what is not one. Without MLX."""

from __future__ import annotations

from pathlib import Path

from sidecar.errors import NotACheckpoint
from sidecar.models.checkpoint import Checkpoint, foreign, quantised
from sidecar.models.checkpoint.jsonfile import read_object
from sidecar.models.checkpoint.weights import advise_download
from sidecar.models.hub import cache

# mlx-audio reads the tokenizers of other families itself; the largest that is known has 33 MB.
_MAX_TOKENIZER_BYTES = 64 * 2**20


def open_checkpoint(name: str, path: Path) -> Checkpoint:
    """Return the checkpoint in a folder.

    Raises:
        NotACheckpoint: it has no readable config.json, no weights, or something in the place of a
            file that is not one.
    """
    try:
        config = read_object(path / "config.json")
    except FileNotFoundError:
        raise foreign.without_config(path) from None
    quantised.check(config, path)
    if not any(path.glob("*.safetensors")):
        raise foreign.without_weights(path)
    foreign.check_adapter(path)
    _check_files(path)
    return Checkpoint(name, path, config)


def _check_files(path: Path) -> None:
    """Refuse what is not a file where libraries will open one: a pipe would block the engine."""
    for folder in (path, *filter(Path.is_dir, path.iterdir())):
        for pattern in cache.PATTERNS:
            for file in folder.glob(pattern):
                if not file.is_file():
                    raise _no_file(file)
                if file.suffix != ".safetensors" and file.stat().st_size > _MAX_TOKENIZER_BYTES:
                    raise NotACheckpoint(
                        f"{file} is too large for a file of a tokenizer.", field="model"
                    )


def _no_file(path: Path) -> NotACheckpoint:
    gone = path.is_symlink() and not path.exists()
    what = "is a link to a missing file" if gone else "is not a regular file"
    return NotACheckpoint(f"{path} {what}.", hint=advise_download(path.parent), field="model")


def not_a_folder(name: str) -> NotACheckpoint:
    """Return the error for a file in the place of a model's name."""
    other = foreign.unread([name])
    if other is not None:
        return NotACheckpoint(
            f"{name} has weights {other[0]}, which this sidecar does not read.",
            hint=other[1],
            field="model",
        )
    return NotACheckpoint(
        f"{name} is a file, but a model is a folder.",
        hint="Name the folder that holds config.json and model.safetensors.",
        field="model",
    )
