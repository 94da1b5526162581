"""A stack of decoder layers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import mlx.core as mx

from sidecar.models.qwen3_tts import layers_gpu
from sidecar.models.qwen3_tts.backend import Backend, Layer, Rotation
from sidecar.models.qwen3_tts.cuda.weights import StackWeights, stored
from sidecar.models.qwen3_tts.kv_cache import KVCache, KVStore, PromptKVStore
from sidecar.models.slots import unstacked


class Stack:
    """Decoder layers one after another; the caller applies the norm after them.

    Args:
        modules: mlx-audio's layers; they are emptied one by one, so that no weight is in memory
            twice.
        base: the rotation's base.
    """

    def __init__(self, modules: Iterable[Any], base: float, backend: Backend) -> None:
        self._layers: list[Layer] = []
        for module in modules:
            self._layers.append(backend.layer(module))
            module.clear()
        self._backend = backend
        self.positions = backend.positions(self._layers, base)

    def __len__(self) -> int:
        return len(self._layers)

    @property
    def layers(self) -> Sequence[Layer]:
        return self._layers

    def __call__(
        self, x: mx.array, table: Sequence[Rotation], store: KVStore, mask: mx.array | None
    ) -> mx.array:
        """float [rows, length, hidden] → the same shape.

        Args:
            table: `positions.at` the rows' offsets.
            mask: as `Backend.causal` or `Backend.mask` returns it.
        """
        for index, layer in enumerate(self._layers):
            q, kv = layer.project(x, table[index])
            x = layer.finish(x, _attend(layer, q, store.update(index, kv), mask))
        return x

    def weights(self, norm: Any, heads: Sequence[Any], base: float) -> StackWeights:
        """Return the weights of the stack, and of the norm and the heads after it.

        Raises:
            Unsuitable: they are stored in a way that the kernels do not know.
        """
        layers = [layer.weights() for layer in self._layers if isinstance(layer, layers_gpu.Layer)]
        return StackWeights(layers, norm.weight, [stored(head) for head in heads], base)

    def free(self) -> None:
        """Forget the weights; the stack cannot run any more."""
        self._layers.clear()

    def extend(self, x: mx.array, cache: KVCache) -> mx.array:
        """Run the positions after those in `cache`; each sees the ones before it."""
        rows, length, _ = x.shape
        table = self.positions.at([cache.length] * rows, length)
        x = self(x, table, cache, self._backend.causal(length, cache.length + length))
        cache.length += length
        return x

    def run_prompts(
        self, x: mx.array, offsets: Sequence[int], past: mx.array | None, mask: mx.array
    ) -> tuple[mx.array, mx.array]:
        """Run several positions of rows at any position.

        Args:
            x: float [rows, length, hidden].
            offsets: the position of each row's first one.
            past: float [layers, 2, rows, kv_heads, positions, head_dim], what the rows have
                already; None for nothing.
            mask: as `Backend.mask` returns it.

        Returns:
            float [rows, length, hidden], and the positions' keys and values, laid out as `past`
        """
        store = PromptKVStore([] if past is None else unstacked(past))
        y = self(x, self.positions.at(offsets, x.shape[1]), store, mask)
        return y, mx.stack(store.made)


def _attend(layer: Layer, q: mx.array, kvs: list[mx.array], mask: mx.array | None) -> mx.array:
    if len(kvs) == 1:
        return layer.attend(q, kvs[0], mask)
    return mx.concatenate([layer.attend(q[n : n + 1], kv, mask) for n, kv in enumerate(kvs)])
