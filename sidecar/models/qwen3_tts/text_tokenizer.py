"""The text tokenizer of a checkpoint, read by transformers and checked."""

from __future__ import annotations

import codecs
import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer
from transformers.utils import logging as transformers_logging

from sidecar.errors import ModelLoadFailed
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.checkpoint.jsonfile import read_object
from sidecar.models.qwen3_tts.prompt import ROLE_TOKENS, TAIL_TOKENS
from sidecar.wording import describe

_FRAME = "<|im_start|>assistant\n<|im_end|>\n<|im_start|>assistant\n"
_PATTERNS = ("*.json", "*.txt", "*.jinja")


def load(checkpoint: Checkpoint, rows: int) -> Any:
    """Return the tokenizer; no code that comes with a checkpoint is run.

    Args:
        rows: how many tokens the model embeds.

    Raises:
        ModelLoadFailed: it is missing, cannot be read, or is another model's.
        NotACheckpoint: one of its files is not JSON.
    """
    folder = checkpoint.path
    _check_files(folder)
    with _quiet(), _without_marks(folder) as readable:
        try:
            tokenizer: Any = AutoTokenizer.from_pretrained(
                str(readable), trust_remote_code=False, local_files_only=True
            )
        except Exception as error:  # bad files make transformers raise errors of any class
            raise _refused(folder, f"has no readable text tokenizer ({describe(error)})") from error
    _check(tokenizer, rows, folder)
    return tokenizer


def _check_files(folder: Path) -> None:
    whole, parts = (folder / "tokenizer.json"), [folder / "vocab.json", folder / "merges.txt"]
    if not whole.is_file() and not all(part.is_file() for part in parts):
        raise _refused(
            folder, "has no text tokenizer: no tokenizer.json, nor vocab.json with merges.txt"
        )
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.json"):
        if (folder / name).is_file():
            read_object(folder / name)


def _check(tokenizer: Any, rows: int, folder: Path) -> None:
    """MLX does not check an index: a token without an embedding would read foreign memory."""
    token, id = max(tokenizer.get_vocab().items(), key=lambda item: item[1])
    if id >= rows:
        raise _refused(
            folder,
            f"has the token {token!r} with the id {id} in its tokenizer; the text embedding has "
            f"{rows} rows, 0 to {rows - 1}",
        )
    cut = len(tokenizer.encode(_FRAME))
    if cut != ROLE_TOKENS + TAIL_TOKENS:
        raise _refused(
            folder,
            f"has a tokenizer that cuts the markup around a text into {cut} tokens, but the model "
            f"expects {ROLE_TOKENS + TAIL_TOKENS}",
        )


@contextlib.contextmanager
def _without_marks(folder: Path) -> Iterator[Path]:
    """Yield the folder, or a copy of its small files if one begins with a byte-order mark."""
    files = [file for pattern in _PATTERNS for file in folder.glob(pattern) if file.is_file()]
    if not any(_is_marked(file) for file in files):
        yield folder
        return
    with tempfile.TemporaryDirectory() as copy:
        for file in files:
            target = Path(copy) / file.name
            shutil.copyfile(file, target)
            if _is_marked(file):
                target.write_bytes(file.read_bytes()[len(codecs.BOM_UTF8) :])
        yield Path(copy)


def _is_marked(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence transformers, which warns about a config.json that it does not know."""
    verbosity = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)


def _refused(folder: Path, why: str) -> ModelLoadFailed:
    return ModelLoadFailed(
        f"{folder} {why}.",
        hint="The tokenizer's files are missing or belong to another model: use those of the model "
        "that this model was made from.",
        field="model",
    )
