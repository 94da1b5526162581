"""Rows of a batch, as references into shared arrays: no copies while the batch stays the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import mlx.core as mx


class Slot(NamedTuple):
    """Row `row` of `array`, whose first axis is the batch."""

    array: mx.array
    row: int


def slots(array: mx.array) -> list[Slot]:
    """Return one slot for every row of `array`."""
    return [Slot(array, row) for row in range(array.shape[0])]


def unstacked(array: mx.array) -> list[mx.array]:
    """Return the items along the first axis as views; `array[i]` would copy each one."""
    return [part.squeeze(0) for part in mx.split(array, array.shape[0])]


def gather(rows: Sequence[Slot]) -> mx.array:
    """Return the rows as one array, in this order; the same array if they are all its rows."""
    array = rows[0].array
    if len(rows) == array.shape[0] and all(
        slot.array is array and slot.row == row for row, slot in enumerate(rows)
    ):
        return array
    return mx.concatenate([slot.array[slot.row : slot.row + 1] for slot in rows])
