"""Run the sidecar with a model that fails: QWEN_TTS_TEST_FAULT is `what@frame`, and requests fail
if the word "trouble" is in their text. `hang@load` hangs while the model is loaded,
`slow@disk` while a file is written, until a byte comes to the pipe QWEN_TTS_TEST_DISK."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

from sidecar.models import backend

backend.prepare()  # before MLX is imported, or it stays with its own slow BLAS

import mlx.core as mx  # noqa: E402

from sidecar.cli import main as cli  # noqa: E402
from sidecar.models import registry  # noqa: E402
from sidecar.models.base import Utterance  # noqa: E402
from sidecar.models.slots import Slot  # noqa: E402

_WHAT, _, _WHEN = os.environ["QWEN_TTS_TEST_FAULT"].partition("@")
_load = registry.load


def hang() -> None:
    threading.Event().wait()


class Faulty:
    """A model that fails when one of its rows has made the given number of frames."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._prompts: list[Any] = []
        self._frames: dict[Any, int] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def prepare(self, utterance: Utterance) -> Any:
        prompt = self._model.prepare(utterance)
        if "trouble" in utterance.text:
            self._prompts.append(prompt)
        return prompt

    def open(self, prompt: Any) -> Any:
        row = self._model.open(prompt)
        if any(prompt is mine for mine in self._prompts):
            self._frames[row] = 0
        return row

    def frame(self, rows: Any, sampler: Any) -> Any:
        for row in rows:
            if self._frames.get(row) == int(_WHEN):
                self._fail(row)
        codes = self._model.frame(rows, sampler)
        for row in rows:
            if row in self._frames:
                self._frames[row] += 1
        return codes

    def _fail(self, row: Any) -> None:
        match _WHAT:
            case "raise":
                raise RuntimeError("a cable is loose")
            case "memory":
                raise RuntimeError("[malloc] Unable to allocate 12345678901 bytes.")
            case "nan":
                nothing = mx.full(row.talker.logits.array.shape, float("nan"))
                row.talker.logits = Slot(nothing, row.talker.logits.row)
            case _:
                hang()


def load(checkpoint: Any, dtype: str, bits: int | None = None) -> Any:
    if _WHEN == "load":
        hang()
    return Faulty(_load(checkpoint, dtype, bits))


def sync(fd: int) -> None:
    """Simulate a slow disk: report that the write has begun, and end it when the test says so."""
    pipe = os.environ["QWEN_TTS_TEST_DISK"]
    with open(f"{pipe}.began", "wb"):
        pass
    with open(pipe, "rb") as go:
        go.read(1)


if _WHEN == "disk":
    os.fsync = sync
registry.load = load  # pyright: ignore[reportAttributeAccessIssue]
cli.main(sys.argv[1:])
