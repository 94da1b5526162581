"""The text of a dual-track row, which may still be on its way."""

from __future__ import annotations

from dataclasses import dataclass, field

import mlx.core as mx


@dataclass(eq=False)
class TextTrack:
    """Text that joins the frames after the prefill, one token each.

    Attributes:
        tokens: float [1, count, hidden], in order.
        pad: float [1, 1, hidden], joins when they have run out.
        open: more text may come; then a row that has run out of it waits instead.
        unspoken: letters that its text has and its tokens have not, each once.
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
        """What joins the frame just drawn: float [1, 1, hidden]."""
        index = self._next
        return self.tokens[:, index : index + 1] if index < self.tokens.shape[1] else self.pad

    def advance(self) -> None:
        self._next += 1

    def append(self, tokens: mx.array) -> None:
        self.tokens = mx.concatenate([self.tokens[:, self._next :], tokens], axis=1)
        self._next = 0
