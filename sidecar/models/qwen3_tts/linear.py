"""Linear layers for the decode loop: layers with the same input are fused into one product.

On the CPU every row of a batch is multiplied alone: the weight is broadcast over the rows, instead
of the rows being stacked into one matrix. A BLAS may add in another order for another number of
rows, and a row must not depend on the number of its neighbours. This costs a third of the product's
time with eight rows, and nothing with one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import mlx.core as mx
import mlx.nn as nn

# MLX's CUDA backend has a precompiled kernel for fewer vectors than this.
_FEW = 8


class Linear(Protocol):
    """float [rows, length, in] → float [rows, length, out]."""

    def __call__(self, x: mx.array) -> mx.array: ...

    def add(self, x: mx.array, base: mx.array) -> mx.array:
        """Return base + self(x)."""
        ...


class Dense:
    """A product with a matrix, and a bias.

    Args:
        weight: float [in, out]; or [1, in, out], which makes every row a product of its own.
        has_fused_add: a matrix-vector product with a sum in it is one kernel: on Metal and in BLAS,
            not on CUDA.
    """

    def __init__(self, weight: mx.array, bias: mx.array | None, has_fused_add: bool = True) -> None:
        self.weight, self.bias, self._has_fused_add = weight, bias, has_fused_add
        mx.eval(self.weight)

    @property
    def dtype(self) -> mx.Dtype:
        return self.weight.dtype

    @property
    def parts(self) -> tuple[mx.array, ...]:
        """The stored arrays: float [out, in]."""
        return (self.weight.T,)

    def keep(self, parts: Sequence[mx.array]) -> None:
        """Use arrays of equal content from now on, which something else also uses."""
        self.weight = parts[0].T

    def __call__(self, x: mx.array) -> mx.array:
        return x @ self.weight if self.bias is None else self._sum(self.bias, x)

    def add(self, x: mx.array, base: mx.array) -> mx.array:
        return self._sum(base if self.bias is None else base + self.bias, x)

    def _sum(self, base: mx.array, x: mx.array) -> mx.array:
        return mx.addmm(base, x, self.weight) if self._has_fused_add else base + x @ self.weight


def dense_by_row(weight: mx.array, bias: mx.array | None) -> Linear:
    """Return float [in, out] as a layer that multiplies every row by itself."""
    # OpenBLAS repacks large transposed weights in every call: five times the time of a row.
    return Dense(mx.contiguous(weight)[None], bias)


class Quantized:
    """A quantised layer.

    For `_FEW` or more vectors at once, MLX compiles its CUDA kernel at the first use, which takes
    half a minute for every size and stalls the first request. So on CUDA prompts are multiplied
    with the unpacked weight, and batches are split into halves.
    """

    def __init__(self, modules: Sequence[nn.QuantizedLinear], is_cuda: bool) -> None:
        first = modules[0]
        self._weight = mx.concatenate([m.weight for m in modules])
        self._scales = mx.concatenate([m.scales for m in modules])
        biases = [m.biases for m in modules if m.biases is not None]  # only affine has them
        self._biases = mx.concatenate(biases) if biases else None
        self.group_size: int = first.group_size
        self.bits: int = first.bits
        self.mode: str = first.mode
        self._how = {"group_size": first.group_size, "bits": first.bits, "mode": first.mode}
        self.bias = _joined_bias(modules)
        self._few_at_once = is_cuda
        mx.eval(self._weight, self._scales, self._biases)

    @property
    def dtype(self) -> mx.Dtype:
        """Of the scales, and so of the results."""
        return self._scales.dtype

    @property
    def parts(self) -> tuple[mx.array, ...]:
        """The stored arrays: uint32 [out, in · bits / 32], and the groups' scales and biases,
        float [out, in / group_size]; only the affine mode has biases."""
        parts = (self._weight, self._scales)
        return parts if self._biases is None else (*parts, self._biases)

    def keep(self, parts: Sequence[mx.array]) -> None:
        """Use an array of equal content for the weights from now on, as `Dense.keep`."""
        self._weight = parts[0]

    def __call__(self, x: mx.array) -> mx.array:
        y = self._product(x)
        return y if self.bias is None else y + self.bias

    def _product(self, x: mx.array) -> mx.array:
        rows, length, _ = x.shape
        if not self._few_at_once or rows * length < _FEW:
            parts = (self._weight, self._scales, self._biases)
            return mx.quantized_matmul(x, *parts, transpose=True, **self._how)
        if length > 1:
            unpacked = mx.dequantize(self._weight, self._scales, self._biases, **self._how)
            return x @ unpacked.T
        return mx.concatenate([self._product(x[: rows // 2]), self._product(x[rows // 2 :])])

    def add(self, x: mx.array, base: mx.array) -> mx.array:
        return base + self(x)


class _Separate:
    """Layers that cannot be fused, as in a checkpoint with mixed quantisation."""

    def __init__(self, modules: Sequence[Linear]) -> None:
        self._modules = modules

    def __call__(self, x: mx.array) -> mx.array:
        return mx.concatenate([module(x) for module in self._modules], axis=-1)

    def add(self, x: mx.array, base: mx.array) -> mx.array:
        return base + self(x)


def fused_by_row(
    modules: Sequence[Any], gain: mx.array | None = None, scale: mx.array | None = None
) -> Linear:
    """Return several layers with the same input as one, every row a product of its own.

    Args:
        modules: nn.Linear or nn.QuantizedLinear, which are unpacked: quantised products do not go
            through BLAS.
        gain: float [in], multiplies the input (a norm's weight).
        scale: float [out], multiplies the output.
    """
    return dense_by_row(*_joined(modules, gain, scale))


def fused(modules: Sequence[Any], scale: mx.array | None = None, is_cuda: bool = False) -> Linear:
    """Return several layers with the same input as one, their outputs side by side.

    Args:
        modules: nn.Linear or nn.QuantizedLinear.
        scale: float [out], multiplies the output; nn.Linear only.
    """
    if all(type(module) is nn.Linear for module in modules):
        return Dense(*_joined(modules, None, scale), has_fused_add=not is_cuda)
    if scale is not None:
        raise ValueError("only dense layers can take a scale in")
    if len({_kind(module) for module in modules}) == 1:
        return Quantized(modules, is_cuda)
    return _Separate([fused([module], is_cuda=is_cuda) for module in modules])


def _joined(
    modules: Sequence[Any], gain: mx.array | None, scale: mx.array | None
) -> tuple[mx.array, mx.array | None]:
    """Return the weights as float [in, out], and the bias."""
    weight = mx.concatenate([_weight(module) for module in modules])
    bias = _joined_bias(modules)
    if gain is not None:
        weight = weight * gain
    if scale is not None:
        weight = weight * scale[:, None]
        bias = None if bias is None else bias * scale
    return weight.T, bias


def _weight(module: Any) -> mx.array:
    """Return float [out, in]."""
    if not isinstance(module, nn.QuantizedLinear):
        return module.weight
    return mx.dequantize(
        module.weight,
        module.scales,
        module.get("biases"),
        group_size=module.group_size,
        bits=module.bits,
        mode=module.mode,
    )


def _joined_bias(modules: Sequence[Any]) -> mx.array | None:
    if all("bias" not in module for module in modules):
        return None
    return mx.concatenate(
        [
            module.bias if "bias" in module else mx.zeros(_weight(module).shape[0])
            for module in modules
        ]
    )


def _kind(module: Any) -> tuple[Any, ...]:
    if isinstance(module, nn.QuantizedLinear):
        return module.group_size, module.bits, module.mode, "bias" in module
    return (type(module),)
