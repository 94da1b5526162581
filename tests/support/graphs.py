"""Counts what a GPU would be given, without one: the operations of a graph that is built, not run.

MLX writes a graph that has not been computed as a drawing; its boxes are counted by their names.
A kernel of our own, which only a GPU can have, is stood in for by an operation of MLX that depends
on the same inputs, so it is one box, too. The names in `VIEWS` describe another view of memory;
all others start at least one kernel.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest

VIEWS = {
    *("AsStrided", "Broadcast", "BroadcastAxes", "ExpandDims", "Flatten", "Reshape", "Slice"),
    *("Split", "Squeeze", "Transpose", "Unflatten", "View"),
}
_FUSED = ("rms_norm", "layer_norm", "scaled_dot_product_attention")
_BOX = re.compile(r'^\{?\s*\d+ \[label ="([^"]+)", shape=rectangle\]', re.MULTILINE)


class StandIn:
    """A `fused.launch.Launcher` that starts nothing."""

    def __call__(
        self,
        name: str,
        inputs: Sequence[mx.array],
        outputs: Sequence[tuple[int, ...]],
        sizes: tuple[int, ...],
        blocks: int,
        shared_floats: int = 0,
    ) -> list[mx.array]:
        return mx.depends([_zeros(shape) for shape in outputs], list(inputs))


@cache
def _zeros(shape: tuple[int, ...]) -> mx.array:
    zeros = mx.zeros(shape)
    mx.eval(zeros)
    return zeros


def operations(arrays: Sequence[mx.array]) -> Counter[str]:
    """Return how often each operation is in the graph that computes these arrays."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "graph.dot"
        mx.export_to_dot(str(file), *arrays)
        return Counter(_BOX.findall(file.read_text("utf-8")))


def kernels(counted: Counter[str]) -> int:
    """Return how many of the operations are more than views."""
    return sum(count for name, count in counted.items() if name not in VIEWS)


def _one_kernel(function: Callable[..., mx.array]) -> Callable[..., mx.array]:
    """Return a stand-in for one of MLX's fused functions, which are many operations on a CPU."""

    def stand_in(x: mx.array, *others: mx.array | None, **named: Any) -> mx.array:
        inputs = [other for other in (*others, *named.values()) if isinstance(other, mx.array)]
        return mx.depends([_zeros(tuple(x.shape))], [x, *inputs])[0].astype(x.dtype)

    return stand_in


@contextmanager
def unevaluated(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[mx.array]]:
    """Collect what would be computed, instead of computing it, and let `mx.compile` trace."""
    wanted: list[mx.array] = []

    def keep(*arrays: Any) -> None:
        for array in arrays:
            wanted.extend([array] if isinstance(array, mx.array) else array)

    with monkeypatch.context() as patch:
        patch.setattr(mx, "async_eval", keep)
        for name in _FUSED:
            patch.setattr(mx.fast, name, _one_kernel(getattr(mx.fast, name)))
        mx.enable_compile()
        try:
            yield wanted
        finally:
            mx.disable_compile()
