"""Requests of every kind to a tiny model, and the result of each when it is alone."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from bench import checkpoints
from sidecar.engine.loaded import LoadedModel
from sidecar.engine.request import SamplingOverrides, SpeechRequest
from sidecar.models.base import Utterance
from tests.support import batches

Speech = tuple[np.ndarray, np.ndarray, str]
GREEDY = SamplingOverrides(temperature=0.0)
WARM = SamplingOverrides(temperature=1.0, top_k=0, top_p=0.9)


def request(text: str, mode: str = "full", frames: int = 9, **more: object) -> SpeechRequest:
    utterance = Utterance(text, text_mode=mode)
    return SpeechRequest("tiny-voice", utterance, max_frames=frames, **more)  # type: ignore[arg-type]


POOL = [
    request("Hello there.", seed=1),
    request("A somewhat longer sentence, to be longer than the others.", "stream", 14, seed=2),
    request("Yes.", seed=3, talker=GREEDY, subtalker=GREEDY),
    request("No, not at all!", "stream", 5, seed=4, talker=WARM, subtalker=GREEDY),
    request("One two three four.", frames=11, seed=5, repetition_penalty=1.3, chunk_frames=4),
    request("Once more, with feeling.", frames=7, seed=6, subtalker=WARM, first_frames=3),
]
LONG = request("One, two, three, four, five, six. " * 30, frames=3, seed=7)


_FOLDER = tempfile.TemporaryDirectory(prefix="qwen-tts-")


@cache
def bundled() -> LoadedModel:
    return batches.load("tiny-voice")


@cache
def random_weights() -> LoadedModel:
    """Make random weights: 16 codebooks, grouped heads, a talker wider than its code predictor."""
    checkpoints.write("tiny-projected", 16, Path(_FOLDER.name))
    return batches.load(_FOLDER.name)


@cache
def expected(index: int, model: Callable[[], LoadedModel] = bundled) -> Speech:
    return batches.alone(model(), POOL[index])
