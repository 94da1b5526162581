"""The kernels on a real GPU: precision, distribution of the draws, and what a stuck launch does.

`tests/parity/test_engine.py` and `test_kernels.py` run on the GPU, too, where there is one.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from bench import checkpoints
from sidecar.engine.sampling import BatchSampler, LogitsMask, SamplingState
from sidecar.models import catalog
from sidecar.models.base import SamplingParams
from sidecar.models.qwen3_tts.backend import CUDA
from sidecar.models.qwen3_tts.cuda import selection
from sidecar.models.qwen3_tts.kv_cache import RowKV
from sidecar.models.qwen3_tts.model import Qwen3TTS
from tests.support.draws import check_draws
from tests.support.gpu import needs_cuda

pytestmark = needs_cuda


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint")
    checkpoints.write("tiny-projected", 16, folder)
    return folder


@pytest.mark.parametrize("bits", [None, 8, 4])
def test_bfloat16_is_as_exact_as_the_layered_path(checkpoint: Path, bits: int | None) -> None:
    """Both against the layered path in float32, over the talker's logits and the predictor's."""
    kernels: list[selection.Kernels] = []
    paths: list[selection.Layered] = []

    def keep(*given: object) -> None:
        paths.append(given[3])  # type: ignore[arg-type]

    def keep_and_choose(*given: object) -> selection.Kernels | None:
        chosen = selection.choose(*given)  # type: ignore[arg-type]
        assert chosen is not None
        kernels.append(chosen)
        return None  # the layered path stays whole

    found = catalog.resolve(str(checkpoint))
    models = [
        Qwen3TTS.load(found, "float32", bits, replace(CUDA, frame_kernels=keep)),
        Qwen3TTS.load(found, "bfloat16", bits, replace(CUDA, frame_kernels=keep)),
        Qwen3TTS.load(found, "bfloat16", bits, replace(CUDA, frame_kernels=keep_and_choose)),
    ]
    exact, layered = paths
    shape = kernels[0].talker.shape
    errors: dict[str, list[float]] = {"kernel": [], "layered": []}
    for turn in range(8):
        keys = mx.random.split(mx.random.key(turn), 3)
        x = mx.random.normal((8, 1, shape.hidden), key=keys[0]).astype(mx.bfloat16)
        past = mx.random.normal(
            (shape.layers, 2, 8, shape.kv_heads, 40, shape.head_dim), key=keys[1]
        )
        caches = [_row(past.astype(mx.bfloat16), row, 40 - row) for row in range(8)]
        wide = [_row(past.astype(mx.bfloat16).astype(mx.float32), n, 40 - n) for n in range(8)]
        expected, expected_logits = exact.talk(x.astype(mx.float32), wide)
        ours = selection.LayeredKVCache()
        ours.rebuild([], caches)
        first = mx.random.randint(0, 1000, (8,), mx.uint32, keys[2])
        greedy = mx.array([[float(kernels[0].predictor.shape.vocab), 1.0, 0.0]] * 8)
        narrow = layered.narrow(expected.astype(mx.bfloat16))
        codes, residual, _ = kernels[0].predictor(narrow, first, None, greedy)
        known = exact.predict(expected.astype(mx.bfloat16).astype(mx.float32), codes)
        errors["kernel"] += [
            _error(kernels[0].talker(x, ours)[1], expected_logits),
            _error(residual, known),
        ]
        errors["layered"] += [
            _error(layered.talk(x, caches)[1], expected_logits),
            _error(layered.predict(expected.astype(mx.bfloat16), codes), known),
        ]
    assert np.median(errors["kernel"]) <= 1.05 * np.median(errors["layered"]), errors
    del models


def _row(past: mx.array, row: int, length: int) -> RowKV:
    return RowKV(past[:, :, row : row + 1, :, :length])


def _error(ours: mx.array, expected: mx.array) -> float:
    difference = ours.astype(mx.float32) - expected
    return (mx.linalg.norm(difference.reshape(-1)) / mx.linalg.norm(expected.reshape(-1))).item()  # type: ignore[return-value]


@pytest.mark.parametrize(("bits", "top_p"), [(None, 1.0), (None, 0.7), (4, 1.0)])
def test_draws_have_the_distribution_of_the_softmax(
    checkpoint: Path, bits: int | None, top_p: float
) -> None:
    """Over 100,000 draws of codebook 1, which has the same logits every time."""
    model = Qwen3TTS.load(catalog.resolve(str(checkpoint)), "bfloat16", bits)
    kernel = model._talker._predictor._kernel  # pyright: ignore[reportPrivateUsage]
    assert kernel is not None
    rows, frames = 8, 12_500
    params = SamplingParams(0.9, 50, top_p)
    states = [SamplingState(params, params, 1.0, 0, seed) for seed in range(rows)]
    sampler = BatchSampler(LogitsMask(model.codes), states)
    hidden = mx.random.normal((1, 1, kernel.shape.hidden), key=mx.random.key(1))
    batch = mx.repeat(hidden.astype(mx.bfloat16), rows, axis=0)
    first = mx.array([3] * rows, mx.uint32)
    drawn: list[mx.array] = []
    logits = mx.zeros((0,))
    for _ in range(frames):
        draws = sampler.residual_draws(kernel.shape.vocab)
        codes, logits, _ = kernel(batch, first, draws.noise, draws.settings)
        drawn.append(codes[:, 1])
        for state in states:
            state.frame += 1
        if len(drawn) % 50 == 0:
            mx.eval(drawn, logits)
    counts = np.bincount(np.concatenate(drawn), minlength=kernel.shape.vocab)
    check_draws(counts, np.array(logits[0, 0], np.float64), params)


def test_a_launch_with_a_missing_block_ends_with_an_error() -> None:
    """In a process of its own: after the trap CUDA refuses everything."""
    script = """
        from dataclasses import replace
        from sidecar.models import backend; backend.prepare()
        import mlx.core as mx
        from sidecar.engine.failures import as_sidecar_error
        from sidecar.models.qwen3_tts.cuda import device, selection
        from tests.engine.cuda import stacks
        def place(shape):
            shape, launcher = selection.place(shape, device.current())
            launcher._shape = replace(shape, blocks=shape.blocks - 1)
            return shape, launcher
        talker, predictor = stacks.stack(64, 128, 320, 1), stacks.stack(64, 96, 256, 3)
        kernels = selection.build(talker, predictor, mx.zeros((1088, 64)), place)
        try:
            greedy, first = mx.array([[256.0, 1.0, 0.0]]), mx.array([1], mx.uint32)
            mx.eval(kernels.predictor(mx.zeros((1, 1, 64)), first, None, greedy)[0])
        except RuntimeError as error:
            print(as_sidecar_error(error, "generating").advice)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "The GPU broke off while generating" in done.stdout, done.stderr
    assert "Restart the sidecar" in done.stdout
