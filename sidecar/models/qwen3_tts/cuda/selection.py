"""Decides at load whether a model's frames are computed by the kernels, and says why if not."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import mlx.core as mx

from sidecar.models.qwen3_tts.cuda import compiler, device
from sidecar.models.qwen3_tts.cuda.launch import GpuLauncher, Launcher
from sidecar.models.qwen3_tts.cuda.predictor import PredictorKernel
from sidecar.models.qwen3_tts.cuda.shape import StackShape
from sidecar.models.qwen3_tts.cuda.talker import LayeredKVCache, TalkerKernel
from sidecar.models.qwen3_tts.cuda.weights import StackWeights, Unsuitable, bits_of
from sidecar.models.qwen3_tts.kv_cache import RowKV

log = logging.getLogger(__name__)

# Set to 0 to compare with the layered path, or if a GPU should ever trip over the kernels.
SWITCH = "QWEN_TTS_SIDECAR_FRAME_KERNELS"
# How far logits may be from the layered path's, relative to their norm: two orders of summation.
_TOLERANCE = {mx.bfloat16: 0.05, mx.float32: 1e-3}
_CHECKED_LENGTHS = (5, 1, 9)


@dataclass(frozen=True)
class Layered:
    """The path of separate operations, to compare with.

    Attributes:
        talk: float [rows, 1, hidden] and each row's keys and values → hidden and logits.
        predict: float [rows, 1, hidden] in the talker's width and uint32 [rows, codebooks] → the
            logits of codebooks 1 and up if those codes are drawn: float [rows, codebooks − 1,
            vocab].
        narrow: the talker's output → the predictor's input.
    """

    talk: Callable[[mx.array, Sequence[RowKV]], tuple[mx.array, mx.array]]
    predict: Callable[[mx.array, mx.array], mx.array]
    narrow: Callable[[mx.array], mx.array]


@dataclass(frozen=True)
class Kernels:
    """The two kernels of one model."""

    talker: TalkerKernel
    predictor: PredictorKernel


Place = Callable[[StackShape], tuple[StackShape, Launcher]]


def obstacle() -> str | None:
    """Return why this machine's GPU cannot run the kernels, for any model; None if it can."""
    try:
        _check_wanted()
        device.current().check()
        compiler.check()
    except Unsuitable as error:
        return str(error)
    return None


def choose(
    talker: Callable[[], StackWeights],
    predictor: Callable[[], StackWeights],
    table: mx.array,
    layered: Layered,
) -> Kernels | None:
    """Return a model's kernels, or None, and log the reason, if the layered path has to do.

    Args:
        talker, predictor: raise Unsuitable if a layer is one that the kernels do not know.
        table: float [codes of all codebooks, hidden], in the predictor's width.
    """
    try:
        _check_wanted()
        gpu = device.current()
        gpu.check()
        kernels = build(talker(), predictor(), table, lambda shape: place(shape, gpu))
        check(kernels, layered)
    except Unsuitable as error:
        log.warning("frames take many kernels instead of two: %s", error)
        return None
    log.info("frames take two kernels")
    return kernels


def build(talker: StackWeights, predictor: StackWeights, table: mx.array, divide: Place) -> Kernels:
    """Return the kernels of these weights, not yet checked.

    Args:
        divide: divides a shape's work on a device, and returns what runs it there.

    Raises:
        Unsuitable
    """
    large, small = shape_of(talker), shape_of(predictor)
    codebooks = len(predictor.heads) + 1
    if len(table) != large.vocab + (codebooks - 1) * small.vocab:
        raise Unsuitable("the codebooks have different sizes")
    talker_shape, run_talker = divide(large)
    small = replace(small, first_vocab=large.vocab, codebooks=codebooks)
    predictor_shape, run_predictor = divide(small)
    return Kernels(
        TalkerKernel(talker, talker_shape, run_talker),
        PredictorKernel(predictor, table, predictor_shape, run_predictor),
    )


def check(kernels: Kernels, layered: Layered) -> None:
    """Compare both kernels with the layered path on random input.

    Raises:
        Unsuitable: a kernel's numbers are not the layered path's.
    """
    shape, dtype = kernels.talker.shape, kernels.talker.dtype
    rows = len(_CHECKED_LENGTHS)
    keys = mx.random.split(mx.random.key(1), 2 + rows)
    x = mx.random.normal((rows, 1, shape.hidden), key=keys[0]).astype(dtype)
    caches = [
        _random_row(shape, length, dtype, key)
        for length, key in zip(_CHECKED_LENGTHS, keys[2:], strict=True)
    ]
    ours = LayeredKVCache()
    ours.rebuild([], caches)
    hidden, logits = kernels.talker(x, ours)
    expected_hidden, expected_logits = layered.talk(x, caches)
    _compare("talker's output", hidden, expected_hidden, dtype)
    _compare("talker's logits", logits, expected_logits, dtype)
    first = mx.random.randint(0, shape.vocab, (rows,), mx.uint32, keys[1])
    greedy = mx.array([[float(kernels.predictor.shape.vocab), 1.0, 0.0]] * rows)
    codes, logits, _ = kernels.predictor(layered.narrow(expected_hidden), first, None, greedy)
    _compare("predictor's logits", logits, layered.predict(expected_hidden, codes), dtype)


def _compare(what: str, ours: mx.array, expected: mx.array, dtype: mx.Dtype) -> None:
    a, b = ours.astype(mx.float32).reshape(-1), expected.astype(mx.float32).reshape(-1)
    difference = (mx.linalg.norm(a - b) / mx.linalg.norm(b)).item()
    assert isinstance(difference, float)
    log.debug("the kernels' %s differ by %.2g from the layered path", what, difference)
    if not difference <= _TOLERANCE[dtype]:  # NaN does not pass
        raise Unsuitable(f"the {what} differ by {difference:.2g} from the layered path's")


def _random_row(shape: StackShape, length: int, dtype: mx.Dtype, key: mx.array) -> RowKV:
    size = (shape.layers, 2, 1, shape.kv_heads, length, shape.head_dim)
    return RowKV(mx.random.normal(size, key=key).astype(dtype))


def _check_wanted() -> None:
    if os.environ.get(SWITCH) == "0":
        raise Unsuitable(f"{SWITCH} is 0")


def place(shape: StackShape, gpu: device.Device) -> tuple[StackShape, Launcher]:
    """Divide a shape's work on a GPU, and return what runs it there.

    Raises:
        Unsuitable
    """
    blocks, warps = gpu.division(shape.hidden)
    divided = replace(shape, blocks=blocks, warps=warps)
    return divided, GpuLauncher(divided, gpu)


def shape_of(stack: StackWeights) -> StackShape:
    """Return the sizes of a stack; how its work is divided is decided later."""
    first, matrices = stack.layers[0], stack.matrices
    dtype, head_dim, bits = stack.dtype, first.q_gain.shape[0], bits_of(first.qkv)
    if {bits_of(matrix) for matrix in matrices} != {bits}:
        raise Unsuitable("some layers are quantised, others are not, or differently")
    if {matrix.dtype for matrix in matrices} - _TOLERANCE.keys():
        raise Unsuitable(f"there are kernels for bfloat16 and float32, not for {dtype}")
    if head_dim % 32 or head_dim > 128:
        raise Unsuitable(f"there are no kernels for heads of {head_dim} values")
    return StackShape(
        layers=len(stack.layers),
        hidden=stack.norm.shape[0],
        heads=first.heads,
        kv_heads=first.kv_heads,
        head_dim=head_dim,
        inner=first.gate_up.parts[0].shape[0] // 2,
        vocab=stack.heads[0].parts[0].shape[0],
        epsilon=first.epsilon,
        is_float32=dtype == mx.float32,
        bits=bits,
    )
