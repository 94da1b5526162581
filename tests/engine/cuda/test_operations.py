"""How many operations a GPU is given for a frame and for a chunk: the bounds may only fall.

Each costs a GPU's host some ten microseconds on CUDA, and a GPU of Apple's some; that is what a
frame's time consists of. The graphs are built on a CPU and not run: see `tests/support/graphs.py`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from sidecar.engine.sampling import BatchSampler, LogitsMask, SamplingState
from sidecar.models.base import Utterance
from sidecar.models.qwen3_tts.backend import CUDA, METAL, Backend, CodecKernels
from sidecar.models.qwen3_tts.fused import selection
from tests.support import batches, graphs
from tests.support.small_codec import BOOKS, small


def check(counted: Counter[str], kernels: int, views: int) -> None:
    started = graphs.kernels(counted)
    assert started <= kernels, f"{started} kernels: {counted}"
    assert counted.total() - started <= views, f"{counted.total() - started} views: {counted}"


@pytest.mark.parametrize(
    ("backend", "by_windows", "rows", "kernels", "views"),
    [
        pytest.param(CUDA, True, 1, 74, 19, id="cuda-1"),
        pytest.param(CUDA, True, 3, 74, 24, id="cuda-3"),
        pytest.param(METAL, False, 1, 68, 30, id="metal-1"),
        pytest.param(METAL, False, 3, 68, 35, id="metal-3"),
    ],
)
def test_a_chunk_has_few_operations(
    monkeypatch: pytest.MonkeyPatch,
    backend: Backend,
    by_windows: bool,
    rows: int,
    kernels: int,
    views: int,
) -> None:
    """Of a codec with two blocks and two layers."""
    monkeypatch.setattr(selection, "_compare", lambda *_: None)
    codec = small(replace(backend, codec_kernels=CodecKernels(graphs.StandIn, by_windows)))
    states = [codec.open() for _ in range(rows)]
    codes = [np.ones((4, BOOKS), np.uint32)] * rows
    mx.eval(codec.decode(states, codes))
    with graphs.unevaluated(monkeypatch) as wanted:
        audio = codec.decode(states, codes)
        counted = graphs.operations([*wanted, *audio])
    check(counted, kernels, views)


@pytest.mark.parametrize(
    ("backend", "kernels", "views"), [(CUDA, 587, 981), (METAL, 521, 915)], ids=["cuda", "metal"]
)
def test_a_frame_has_few_operations(
    golden: Path, monkeypatch: pytest.MonkeyPatch, backend: Backend, kernels: int, views: int
) -> None:
    """Of two layers and a predictor of fifteen codebooks with two, without the frames' kernels."""
    plain = replace(backend, codec_kernels=None, frame_kernels=lambda *_, **__: None)
    model: Any = batches.load(golden / "custom_voice", backend=plain).model
    rows = [model.open(model.prepare(Utterance("Hello.", "ryan", "english"))) for _ in range(2)]
    for row in rows:
        while not model.prefill([row]):
            pass
    params = model.defaults
    states = [SamplingState(params.talker, params.subtalker, 1.05, 2, seed) for seed in (1, 2)]
    sampler = BatchSampler(LogitsMask(model.codes), states)
    mx.eval(model.frame(rows, sampler))
    sampler.advance()
    mx.eval([array for row in rows for array in (row.talker.logits.array, row.talker.hidden.array)])
    with graphs.unevaluated(monkeypatch):
        codes = model.frame(rows, sampler)
        talker = rows[0].talker
        counted = graphs.operations([codes, sampler.finite, talker.logits.array])
    check(counted, kernels, views)
