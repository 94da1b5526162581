"""A checkpoint that never stops speaking: for measuring long audio with a model that would end."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.engines import folder


@contextlib.contextmanager
def endless(model: str) -> Iterator[str]:
    """Return a folder that shares `model`'s weights, with an end code that it never draws.

    The real end is a control code then, which every engine suppresses. The new one is the last
    of the control codes, which no training text has ever produced.
    """
    source = folder(model)
    config = json.loads((source / "config.json").read_text("utf-8"))
    talker = config["talker_config"]
    talker["codec_eos_token_id"] = talker["vocab_size"] - 1
    with tempfile.TemporaryDirectory(prefix="endless-") as name:
        target = Path(name)
        for file in source.iterdir():
            if file.name != "config.json":
                (target / file.name).symlink_to(file.resolve())
        (target / "config.json").write_text(json.dumps(config), "utf-8")
        yield name
