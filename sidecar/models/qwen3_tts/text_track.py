"""The text of a dual-track row, which may be incomplete."""

from __future__ import annotations

from dataclasses import dataclass, field

import mlx.core as mx


@dataclass(eq=False)
class TextTrack:
    """Text that is added to the frames after the prefill, one token each.

    Attributes:
        tokens: float [1, count, hidden], in order.
        pad: float [1, 1, hidden], added when there are no tokens left.
        open: more text may come; then a row without tokens waits instead.
        unspoken: letters of its text that its tokens lack, each once.
    """

    tokens: mx.array
    pad: mx.array
    open: bool = False
    unspoken: dict[str, None] = field(default_factory=dict[str, None])
    _next: int = 0

    @property
    def is_waiting(self) -> bool:
        return self.open and self._next >= self.tokens.shape[1]

    @property
    def next(self) -> mx.array:
        """The token for the frame just drawn: float [1, 1, hidden]."""
        index = self._next
        return self.tokens[:, index : index + 1] if index < self.tokens.shape[1] else self.pad

    def advance(self) -> None:
        self._next += 1

    def append(self, tokens: mx.array) -> None:
        self.tokens = mx.concatenate([self.tokens[:, self._next :], tokens], axis=1)
        self._next = 0
