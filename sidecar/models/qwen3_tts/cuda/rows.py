"""The rows that the talker's kernel steps, in groups of as many as one launch takes."""

from __future__ import annotations

from collections.abc import Sequence

import mlx.core as mx

from sidecar.models.qwen3_tts.cuda.launch import CHAIN
from sidecar.models.qwen3_tts.cuda.shape import MAX_ROWS
from sidecar.models.qwen3_tts.cuda.talker import LayeredKVCache, TalkerKernel
from sidecar.models.qwen3_tts.rows import TalkerState, regroup


class _Group:
    """The rows of one launch."""

    def __init__(self) -> None:
        self.members: list[TalkerState] = []
        self.cache = LayeredKVCache()


class KernelRows:
    """Rows whose keys and values are in caches of a `TalkerKernel`; see `Rows`."""

    def __init__(self, kernel: TalkerKernel) -> None:
        self._kernel = kernel
        self._groups: list[_Group] = []

    def step(self, states: Sequence[TalkerState], x: mx.array) -> tuple[mx.array, mx.array]:
        self._arrange(states)
        order = [states.index(member) for group in self._groups for member in group.members]
        moved = order != list(range(len(states)))
        if moved:
            x = x[mx.array(order)]
        if len(self._groups) == 1:
            hidden, logits = self._kernel(x, self._groups[0].cache)
        else:
            hidden, logits = self._run_groups(x)
        if moved:
            back = mx.array([order.index(row) for row in range(len(states))])
            hidden, logits = hidden[back], logits[back]
        return hidden, logits

    def _run_groups(self, x: mx.array) -> tuple[mx.array, mx.array]:
        parts: list[tuple[mx.array, mx.array]] = []
        at = 0
        for group in self._groups:
            parts.append(self._kernel(x[at : at + len(group.members)], group.cache))
            at += len(group.members)
        hidden = mx.concatenate([hidden for hidden, _ in parts])
        return hidden, mx.concatenate([logits for _, logits in parts])

    def advance(self) -> None:
        for group in self._groups:
            group.cache.advance()

    def close(self) -> None:
        if all(member.is_closed for group in self._groups for member in group.members):
            self._groups = []
            CHAIN.wait()  # a launch that has not begun would keep the caches in memory

    def _arrange(self, states: Sequence[TalkerState]) -> None:
        """Put the rows of a step into groups; one changes only if its rows do."""
        held = [member for group in self._groups for member in group.members]
        new = [state for state in states if state not in held]
        stays = [[m for m in group.members if m in states] for group in self._groups]
        for rows in stays:
            while new and len(rows) < MAX_ROWS:
                rows.append(new.pop(0))
        for at in range(0, len(new), MAX_ROWS):
            self._groups.append(_Group())
            stays.append(new[at : at + MAX_ROWS])
        for group, rows in zip(self._groups, stays, strict=True):
            if group.members != rows:
                group.members = regroup(group.cache, group.members, rows)
        self._groups = [group for group in self._groups if group.members]
