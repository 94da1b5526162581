"""Checkpoints whose tokenizer does not know an alphabet, as a small one's does not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

_NO_CYRILLIC = {"type": "Replace", "pattern": {"Regex": "[\u0400-\u04ff]"}, "content": ""}


def without_cyrillic(checkpoint: Path, folder: Path) -> str:
    """Copy a checkpoint to `folder`, with a tokenizer that drops Cyrillic letters."""
    shutil.copytree(checkpoint, folder)
    file = folder / "tokenizer.json"
    tokenizer = json.loads(file.read_text())
    file.chmod(0o644)
    before = [tokenizer["normalizer"]] if tokenizer.get("normalizer") else []
    tokenizer["normalizer"] = {"type": "Sequence", "normalizers": [*before, _NO_CYRILLIC]}
    file.write_text(json.dumps(tokenizer))
    return str(folder)
