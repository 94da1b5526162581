"""How Qwen3-TTS is computed on each of MLX's backends: one value, chosen at load, that every part
receives.

`layers_cpu` and `layers_gpu` arrange the same weights in two ways. Metal and CUDA share the second
one; they differ in which products have a kernel (`linear.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeAlias

import mlx.core as mx
import mlx.nn as nn

from sidecar.models import elementwise
from sidecar.models.backend import name
from sidecar.models.qwen3_tts import convolution, layers_cpu, layers_gpu, linear
from sidecar.models.qwen3_tts.cuda import selection
from sidecar.models.qwen3_tts.cuda.selection import Kernels, Layered
from sidecar.models.qwen3_tts.cuda.weights import StackWeights
from sidecar.models.qwen3_tts.fused.launch import CudaLauncher, Launcher, MetalLauncher
from sidecar.models.qwen3_tts.linear import Linear

Elementwise: TypeAlias = Callable[[mx.array], mx.array]
# What rotates a layer's queries and keys.
Rotation: TypeAlias = tuple[mx.array, mx.array]


class Layer(Protocol):
    """One pre-norm decoder layer with grouped-query attention and SwiGLU."""

    def project(self, x: mx.array, table: Rotation) -> tuple[mx.array, mx.array]:
        """Return the queries, and the keys and values, of float [rows, length, hidden].

        Args:
            table: this layer's item of `Positions.at`.

        Returns:
            float [rows, heads, length, head_dim] and float [2, rows, kv_heads, length, head_dim]
        """
        ...

    def attend(self, q: mx.array, kv: mx.array, mask: mx.array | None) -> mx.array:
        """Return the attention of all heads, float [rows, length, heads × head_dim].

        Args:
            q, kv: as `project` returns them; `kv` includes the past.
            mask: as `Backend.causal` and `Backend.mask` return it.
        """
        ...

    def finish(self, x: mx.array, attended: mx.array) -> mx.array:
        """Return the layer's output: both residual sums and the feed-forward part."""
        ...


class Positions(Protocol):
    """Rotary tables (Su et al. 2021) for all layers of a stack."""

    def at(self, offsets: Sequence[int], length: int) -> list[Rotation]:
        """Return, for each layer, the table of rows that start at `offsets`."""
        ...


class ChooseKernels(Protocol):
    """Returns what computes a frame in two launches, or None; see `cuda.selection.choose`."""

    def __call__(
        self,
        talker: Callable[[], StackWeights],
        predictor: Callable[[], StackWeights],
        table: mx.array,
        layered: Layered,
    ) -> Kernels | None: ...


def _no_kernels(*_: Any, **__: Any) -> None:
    """Return None: frames are computed layer by layer."""


@dataclass(frozen=True)
class CodecKernels:
    """How the codec runs on kernels of its own.

    Attributes:
        launcher: raises Unsuitable, or what MLX raises, where the GPU cannot run them.
        by_windows: convolutions are products over windows. On CUDA MLX's own are cuDNN's, which
            plans each new shape for many milliseconds, and keeps few plans.
    """

    launcher: Callable[[], Launcher]
    by_windows: bool


@dataclass(frozen=True)
class Backend:
    """The arrangement of the model for one kind of device.

    Attributes:
        dtype: what `auto` means; None is the dtype of the checkpoint.
        rows_share_cost: a frame of many rows costs about as much as a frame of one. Rows then
            share one KV cache. Otherwise each row has its own, and is computed alone, so that its
            result does not depend on its neighbours, bit for bit.
        prompt_piece: how many tokens of a prompt run at once. Running rows get their frames in
            between. It is fixed, or the sums would depend on how busy the machine is.
        reference_piece: how many frames of a reference the codec hears at once.
        codec_frames: how many frames of all rows the codec decodes at once. 1 makes the audio
            independent, bit for bit, of how it is chunked.
        dense: float [in, out] and a bias → a linear layer.
        fused: linear layers with the same input → one layer, its outputs side by side.
        causal: numbers of queries and keys → the mask with which the last `queries` of `keys`
            positions look back only; None where `Layer.attend` needs none for that.
        mask: bool [length, keys] or [rows, 1, 1, length, keys], what is visible → a mask for
            `Layer.attend`.
        layer_norm: x and epsilon → x, normalised without weights.
        conv: a convolution's module → its computation.
        sin2pi: x → sin²(πx).
        frame_kernels: as `cuda.selection.choose`.
        codec_beside: the codec has a stream of its own: the GPU decodes while it computes the
            next frames. Its kernels wait for no others, so those of the frames get their places.
        codec_kernels: makes what runs the codec's kernels, and says whether its convolutions are
            products over windows rather than MLX's own; None where there are none.
    """

    dtype: str | None
    rows_share_cost: bool
    prompt_piece: int
    reference_piece: int
    codec_frames: int
    dense: Callable[[mx.array, mx.array | None], Linear]
    fused: Callable[[Sequence[Any]], Linear]
    norm: Callable[[Any], Elementwise]
    layer: Callable[[Any], Layer]
    positions: Callable[[Sequence[Any], float], Positions]
    causal: Callable[[int, int], mx.array | None]
    mask: Elementwise
    layer_norm: Callable[[mx.array, float], mx.array]
    conv: Callable[[nn.Conv1d], Elementwise]
    erf: Elementwise
    sin2pi: Elementwise
    frame_kernels: ChooseKernels = _no_kernels
    codec_kernels: CodecKernels | None = None
    codec_beside: bool = False


CPU = Backend(
    dtype="float32",  # the only dtype with fast products
    rows_share_cost=False,
    prompt_piece=128,
    reference_piece=16,
    codec_frames=1,
    dense=linear.dense_by_row,
    fused=linear.fused_by_row,
    norm=layers_cpu.Norm,
    layer=layers_cpu.Layer,
    positions=layers_cpu.Positions,
    causal=layers_cpu.causal,
    mask=layers_cpu.mask,
    layer_norm=layers_cpu.layer_norm,
    conv=convolution.ProductConv,
    erf=elementwise.erf,
    sin2pi=elementwise.sin2pi,
)


def _gpu(is_cuda: bool) -> Backend:
    fused = partial(linear.fused, is_cuda=is_cuda)
    return Backend(
        dtype=None,
        rows_share_cost=True,
        prompt_piece=512,
        reference_piece=64,
        codec_frames=48,  # twice as many have two gigabytes of activations
        dense=partial(linear.Dense, has_fused_add=not is_cuda),
        fused=fused,
        norm=layers_gpu.Norm,
        layer=partial(layers_gpu.Layer, fused=fused, by_products=is_cuda),
        positions=layers_gpu.Positions,
        causal=layers_gpu.causal,
        mask=layers_gpu.mask,
        layer_norm=layers_gpu.layer_norm,
        conv=convolution.NativeConv,
        erf=mx.erf,
        sin2pi=layers_gpu.sin2pi,
        frame_kernels=selection.choose if is_cuda else _no_kernels,
        codec_kernels=CodecKernels(CudaLauncher if is_cuda else MetalLauncher, by_windows=is_cuda),
        codec_beside=is_cuda,
    )


METAL, CUDA = _gpu(is_cuda=False), _gpu(is_cuda=True)


def of_this_machine() -> Backend:
    """Return the arrangement for the device that MLX runs on."""
    return {"cpu": CPU, "metal": METAL, "cuda": CUDA}[name()]
