"""The codecs' transcendental functions on a CPU, from MLX's vectorised products and sums.

MLX's own erf and sin call the C library once per number: about 30 ns each, and a second of speech
needs millions. These take a fifth of that for a few thousand numbers or more: each is some twenty
operations, which cost at least 4 µs each. GPUs have both functions in hardware.
"""

from __future__ import annotations

import math

import mlx.core as mx

_FEW = 3000
# erf(x) = x·P(x²) / Q(x²) on [-4, 4], as in Eigen and XLA: good to 5e-7.
_ERF_P = (
    -2.72614225801306e-10,
    2.77068142495902e-08,
    -2.10102402082508e-06,
    -5.69250639462346e-05,
    -7.34990630326855e-04,
    -2.95459980854025e-03,
    -1.60960333262415e-02,
)
_ERF_Q = (
    -1.45660718464996e-05,
    -2.13374055278905e-04,
    -1.68282697438203e-03,
    -7.37332916720468e-03,
    -1.42647390514189e-02,
)
# sin²(πr) = r²·S(r²) on [-½, ½]: a Chebyshev fit, exact to 2.2e-7.
_SIN_S = (-3.35659286, 13.0501005, -30.1014666, 42.7271965, -32.4696712, 9.86960431)


def erf(x: mx.array) -> mx.array:
    """Return the error function of float32 [rows, …]."""
    # By the size of a row: a row alone and in a batch must give the same result, bit for bit.
    if math.prod(x.shape[1:]) < _FEW:
        return mx.erf(x)
    x = mx.clip(x, -4.0, 4.0)
    square = x * x
    return x * _polynomial(_ERF_P, square) / _polynomial(_ERF_Q, square)


def sin2pi(x: mx.array) -> mx.array:
    """Return sin²(πx) of float32 of any shape, accurate to about 2e-7·(1 + |x|)."""
    rest = x - mx.round(x)
    square = rest * rest
    return square * _polynomial(_SIN_S, square)


def _polynomial(coefficients: tuple[float, ...], x: mx.array) -> mx.array:
    """Horner's rule, the highest power first."""
    y = x * coefficients[0] + coefficients[1]
    for coefficient in coefficients[2:]:
        y = y * x + coefficient
    return y
