"""How many replicas there should be, by their streams and by how far these are ahead of playing.

Serve itself counts requests, and to Serve a WebSocket is one, however many streams it has.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Protocol

STREAMS = "streams"
STARVING = "starving"

Figures = Mapping[str, Mapping[Any, float]]


class Context(Protocol):
    """The part of Serve's `AutoscalingContext` that is used."""

    current_num_replicas: int

    @property
    def aggregated_metrics(self) -> Figures | None:
        """What the replicas recorded, by name and replica."""
        ...


class StreamsPolicy:
    """Serve calls it in its controller, and applies bounds and delays to what it returns.

    Args:
        target_streams: how many streams a replica should have.
    """

    def __init__(self, target_streams: float) -> None:
        self._target = target_streams

    def __call__(self, context: Context) -> tuple[float, dict[str, Any]]:
        """Return the number of replicas, and no state."""
        figures = context.aggregated_metrics or {}
        streams = sum(figures.get(STREAMS, {}).values())
        starving = sum(1 for value in figures.get(STARVING, {}).values() if value > 0)
        wanted = math.ceil(streams / self._target)
        if starving:
            wanted = max(wanted, context.current_num_replicas + 1)
        return max(wanted, 1), {}
