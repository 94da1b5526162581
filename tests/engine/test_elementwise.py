"""The codec's own erf and sin², against the C library's."""

from __future__ import annotations

import math
from collections.abc import Callable

import mlx.core as mx
import numpy as np
import pytest

from sidecar.models.elementwise import erf, sin2pi

# Counts below and above the number of elements from which the CPU uses another implementation.
SIZES = (100, 40_000)


@pytest.mark.parametrize("size", SIZES)
def test_erf(size: int) -> None:
    x = np.linspace(-6, 6, size, dtype=np.float32)
    expected = [math.erf(value) for value in x.tolist()]
    assert np.abs(np.array(erf(mx.array(x)[None]))[0] - expected).max() < 6e-7


@pytest.mark.parametrize("size", SIZES)
def test_sin2pi(size: int) -> None:
    x = np.linspace(-40, 40, size, dtype=np.float32)
    expected = np.sin(np.pi * x.astype(np.float64)) ** 2
    error = np.abs(np.array(sin2pi(mx.array(x)[None]))[0] - expected)
    assert (error < 3e-7 * (1 + np.abs(x))).all()


@pytest.mark.parametrize("function", [erf, sin2pi])
@pytest.mark.parametrize("size", SIZES)
def test_what_is_no_number_stays_none(function: Callable[[mx.array], mx.array], size: int) -> None:
    y = np.array(function(mx.array([[0.5, math.nan] + [0.0] * (size - 2)])))[0]
    assert np.isnan(y[1])
    assert np.isfinite(y[[0, 2]]).all()


@pytest.mark.parametrize("function", [erf, sin2pi])
def test_a_row_alone_is_the_row_among_others(function: Callable[[mx.array], mx.array]) -> None:
    rows = mx.random.normal((4, 2000), key=mx.random.key(1))
    together = np.array(function(rows))
    for row in range(4):
        assert np.array_equal(np.array(function(rows[row : row + 1]))[0], together[row])
