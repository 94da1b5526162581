"""Metrics through Ray, which exports them for Prometheus on each node, with the replica's name."""

from __future__ import annotations

from ray.util import metrics

from qwen_tts_cluster.observing import instruments
from qwen_tts_cluster.observing.instruments import Kind, Metric


class RayInstruments:
    """Records by `ray.util.metrics`. Make one for a process."""

    def __init__(self) -> None:
        self._metrics = {metric.name: _make(metric) for metric in instruments.ALL}

    def record(self, metric: Metric, value: float, **labels: str) -> None:
        """Add to a counter, set a gauge, or add a sample to a histogram."""
        target = self._metrics[metric.name]
        if isinstance(target, metrics.Counter):
            if value > 0:  # Ray refuses to add nothing.
                target.inc(value, labels)
        elif isinstance(target, metrics.Gauge):
            target.set(value, labels)
        else:
            target.observe(value, labels)


def _make(metric: Metric) -> metrics.Counter | metrics.Gauge | metrics.Histogram:
    # Ray's exporter appends `_total` to the names of counters.
    name = metric.name.removesuffix("_total")
    if metric.kind is Kind.COUNTER:
        return metrics.Counter(name, metric.description, metric.labels)
    if metric.kind is Kind.GAUGE:
        return metrics.Gauge(name, metric.description, metric.labels)
    return metrics.Histogram(name, metric.description, list(metric.buckets), metric.labels)
