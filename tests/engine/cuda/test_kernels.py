"""The CUDA kernels compute what the layered path computes; their sources run in an emulator.

`test_device.py` holds the same, and more, on a GPU.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import mlx.core as mx
import msgspec
import numpy as np
import pytest

from sidecar.engine.references import References
from sidecar.engine.sampling import BatchSampler, LogitsMask, SamplingState
from sidecar.models.base import CodeSpec, SamplingParams
from sidecar.models.qwen3_tts.cuda import device, selection
from sidecar.models.qwen3_tts.cuda.launch import Launcher
from sidecar.models.qwen3_tts.cuda.predictor import PredictorKernel
from sidecar.models.qwen3_tts.cuda.shape import StackShape
from sidecar.models.qwen3_tts.cuda.talker import LayeredKVCache, TalkerKernel
from sidecar.models.qwen3_tts.kv_cache import RowKV
from tests.engine.cuda import emulated, stacks
from tests.parity.cases import NAMES, load
from tests.parity.requests import request
from tests.support import batches
from tests.support.gpu import needs_cuda

pytestmark = emulated.needs_emulator
FRAMES, HIDDEN, VOCAB, BOOKS = 3, 64, 256, 4
# Rows with every kind of setting: greedy, top-k, top-p, both, neither.
SETTINGS = (
    SamplingParams(0.0, 0, 1.0),
    SamplingParams(0.9, 50, 1.0),
    SamplingParams(1.3, 0, 0.8),
    SamplingParams(0.7, 20, 0.5),
    SamplingParams(1.0, 0, 1.0),
)


Small = Callable[[int], selection.Kernels]


@pytest.fixture(params=["emulated", pytest.param("gpu", marks=needs_cuda)], scope="module")
def small(request: pytest.FixtureRequest) -> Small:
    """Return what makes small kernels; its argument is the seed of the emulated threads' order."""

    @cache
    def build(seed: int) -> selection.Kernels:
        def place(shape: StackShape) -> tuple[StackShape, Launcher]:
            if request.param == "gpu":
                return selection.place(shape, device.current())
            return emulated.place(shape, seed)

        talker = stacks.stack(HIDDEN, 128, 320, 1)
        predictor = stacks.stack(HIDDEN, 96, VOCAB, BOOKS - 1)
        table = mx.random.normal((320 + (BOOKS - 1) * VOCAB, HIDDEN), key=mx.random.key(5))
        return selection.build(talker, predictor, table, place)

    return build


@pytest.mark.hosts  # the emulator takes long
def test_every_code_is_the_official_one(golden: Path) -> None:
    """Rows join one after another, one pauses, and there are more of them than a launch takes."""
    folder = "custom_voice_proj"
    loaded = batches.load(golden / folder, backend=emulated.backend())
    cases = [load(golden, name) for name in NAMES if name.startswith(f"{folder}/")]
    cases += cases[:3]
    runner, references = batches.new_runner(), References()
    requests = [msgspec.structs.replace(request(case), max_frames=FRAMES) for case in cases]
    sinks = [batches.admit(runner, loaded, one, references) for one in requests]
    while not runner.active[-1].has_spoken:
        runner.advance()
    sinks[0].reads = False  # pauses: takes its keys and values out of the cache, and back
    runner.advance()
    sinks[0].reads = True
    batches.finish(runner)
    for case, sink in zip(cases, sinks, strict=True):
        codes, _, _ = batches.speech(sink)
        assert np.array_equal(codes, case.codes[:FRAMES])


@pytest.mark.hosts
def test_bfloat16_is_near_the_layered_path(golden: Path) -> None:
    """`emulated.backend` raises an error unless both kernels pass the check of every load."""
    batches.load(golden / "custom_voice", "bfloat16", backend=emulated.backend())


def test_draws_are_the_samplers(small: Small) -> None:
    """For equal logits, each row's codes are those of the engine's sampler, with its settings."""
    rows = [SamplingState(SETTINGS[0], params, 1.0, 0, seed=n) for n, params in enumerate(SETTINGS)]
    spec = CodeSpec(codebooks=BOOKS, vocab_size=320, eos=300, suppressed=())
    sampler, twin = (BatchSampler(LogitsMask(spec), rows) for _ in range(2))
    start = mx.random.normal((len(rows), 320), key=mx.random.key(1))
    first = sampler.first(start)
    assert mx.array_equal(first, twin.first(start))
    hidden = mx.random.normal((len(rows), 1, HIDDEN), key=mx.random.key(2))
    draws = sampler.residual_draws(VOCAB)
    codes, logits, finite = small(1).predictor(hidden, first, draws.noise, draws.settings)
    expected = [twin.residual(book, logits[:, book - 1]) for book in range(1, BOOKS)]
    assert mx.array_equal(codes, mx.stack([first, *expected], axis=1))
    assert finite.tolist() == [True] * len(rows)


def test_a_row_that_is_not_a_number_is_noticed_and_no_other(small: Small) -> None:
    hidden = mx.random.normal((2, 1, HIDDEN), key=mx.random.key(2))
    hidden[1, 0, 3] = float("nan")
    greedy = mx.array([[float(VOCAB), 1.0, 0.0]] * 2)
    codes, _, finite = small(1).predictor(hidden, mx.array([1, 2], mx.uint32), None, greedy)
    assert finite.tolist() == [True, False]
    assert mx.all(codes[:, 1:] < VOCAB)


def past(length: int, shape: StackShape) -> RowKV:
    size = (shape.layers, 2, 1, shape.kv_heads, length, shape.head_dim)
    drawn = mx.random.normal(size, key=mx.random.key(length))
    return RowKV(drawn.astype(mx.float32 if shape.is_float32 else mx.bfloat16))


@pytest.mark.parametrize(
    ("bits", "dtype", "tolerance"),
    [
        (8, mx.float32, 1e-5),
        (4, mx.float32, 1e-5),
        pytest.param(8, mx.bfloat16, 0.02, marks=pytest.mark.hosts),
        pytest.param(4, mx.bfloat16, 0.02, marks=pytest.mark.hosts),
    ],
)
def test_quantised_weights_give_what_the_unpacked_ones_do(
    bits: int, dtype: mx.Dtype, tolerance: float
) -> None:
    """Over logits of several rows; the unpacked ones are computed in float32."""
    x = mx.random.normal((3, 1, HIDDEN), key=mx.random.key(7)).astype(dtype)
    logits: list[np.ndarray] = []
    for stack in (
        stacks.cast(stacks.stack(HIDDEN, 128, 320, 1, bits=bits), dtype),
        stacks.unpacked(stacks.cast(stacks.stack(HIDDEN, 128, 320, 1, bits=bits), dtype)),
    ):
        kernel = TalkerKernel(stack, *emulated.place(selection.shape_of(stack)))
        cache = LayeredKVCache()
        cache.rebuild([], [past(length, kernel.shape) for length in (40, 3, 90)])
        logits.append(np.array(kernel(x.astype(kernel.dtype), cache)[1]))
    ours, expected = logits
    assert np.linalg.norm(ours - expected) <= tolerance * np.linalg.norm(expected)


def test_a_row_alone_is_the_row_in_a_batch(small: Small) -> None:
    """Bit for bit, whatever the other rows are, and in whatever order the GPU's threads run."""
    lengths, shape = (40, 3, 90), small(1).talker.shape
    x = mx.random.normal((3, 1, HIDDEN), key=mx.random.key(7))
    both = LayeredKVCache()
    both.rebuild([], [past(length, shape) for length in lengths])
    hidden, logits = small(2).talker(x, both)
    first, greedy = mx.array([5, 6, 7], mx.uint32), mx.array([[float(VOCAB), 1.0, 0.0]] * 3)
    _, residual, _ = small(2).predictor(x, first, None, greedy)
    for row, length in enumerate(lengths):
        alone, one = LayeredKVCache(), slice(row, row + 1)
        alone.rebuild([], [past(length, shape)])
        same_hidden, same_logits = small(1).talker(x[one], alone)
        _, same_residual, _ = small(1).predictor(x[one], first[one], None, greedy[one])
        assert mx.array_equal(hidden[one], same_hidden)
        assert mx.array_equal(logits[one], same_logits)
        assert mx.array_equal(residual[one], same_residual)


def test_a_block_that_is_missing_ends_the_launch_instead_of_hanging() -> None:
    shape = replace(
        selection.shape_of(predictor := stacks.stack(HIDDEN, 96, VOCAB, BOOKS - 1)),
        first_vocab=320,
        codebooks=BOOKS,
    )
    shape = emulated.divided(shape)
    kernel = PredictorKernel(
        predictor,
        mx.zeros((320 + (BOOKS - 1) * VOCAB, HIDDEN)),
        shape,
        emulated.EmulatedLauncher(shape, blocks=7),
    )
    greedy = mx.array([[float(VOCAB), 1.0, 0.0]])
    with pytest.raises(RuntimeError, match="gave up waiting"):
        kernel(mx.zeros((1, 1, HIDDEN)), mx.array([1], mx.uint32), None, greedy)
