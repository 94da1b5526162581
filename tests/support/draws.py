"""Whether drawn codes have the distribution of their logits."""

from __future__ import annotations

import numpy as np

from sidecar.models.base import SamplingParams


def check_draws(counts: np.ndarray, logits: np.ndarray, params: SamplingParams) -> None:
    """Do a chi-square test of draws from the same logits, float [codes].

    Args:
        counts: how often each code was drawn.
    """
    expected = _probabilities(logits.astype(np.float64), params) * counts.sum()
    assert not counts[expected == 0].any()
    often = expected >= 5
    statistic = ((counts - expected)[often] ** 2 / expected[often]).sum()
    degrees = often.sum() - 1
    # Mean and standard deviation of the distribution are `degrees` and √(2 · degrees).
    assert abs(statistic - degrees) < 5 * np.sqrt(2 * degrees), (statistic, degrees)


def _probabilities(logits: np.ndarray, params: SamplingParams) -> np.ndarray:
    """Return the softmax after top-k, then top-p; no two logits at an edge may be equal."""
    values = logits / params.temperature
    least = np.sort(values)[-params.top_k] if params.top_k else -np.inf
    weight = np.where(values >= least, np.exp(values - values.max()), 0.0)
    weight /= weight.sum()
    order = np.argsort(-weight)
    before = np.cumsum(weight[order]) - weight[order]
    weight[order[before >= params.top_p]] = 0.0
    return weight / weight.sum()
