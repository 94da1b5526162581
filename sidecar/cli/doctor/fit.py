"""Which models fit into the machine's memory: arithmetic on the catalogue, without measurements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from sidecar.models.inventory import Entry

Fit = Literal["well", "alone", "no"]

# The share of the memory that a model may take to fit well. Memory that a GPU shares with the
# desktop: a fifth goes unnoticed. The CPU's: like any program. A GPU's own: it has no other use.
_WELL_SHARED, _WELL_CPU, _WELL_OWN = 0.2, 0.25, 0.8
# From the best voice to the smallest model, as far as that can be known in advance.
_RANKING = (
    ("1.7B", 16), ("1.7B", 8), ("0.6B", 16), ("1.7B", 6), ("1.7B", 4), ("0.6B", 8), ("0.6B", 6),
    ("0.6B", 4),
)  # fmt: skip


class Size(msgspec.Struct, frozen=True, rename="camel"):
    """All models of one size and precision.

    Attributes:
        need_bytes: memory that the largest of them needs to speak one stream.
        fit: "well": beside other programs. "alone": if little else is running. "no": `model/load`
            refuses the largest of them, unless `--memory-limit` is raised.
    """

    size: str
    bits: int
    need_bytes: int
    fit: Fit

    @property
    def name(self) -> str:
        return f"{self.size} {'bf16' if self.bits == 16 else f'{self.bits}-bit'}"


def sizes(
    entries: Sequence[Entry], memory: int, limit: int | None, *, own: bool, on_cpu: bool
) -> list[Size]:
    """Return all sizes, the smallest first.

    Args:
        entries: models of the catalogue, and possibly others.
        memory: bytes of the device that computes.
        limit: bytes that all loaded models together may use; None means no limit.
        own: the memory is a GPU's own, not shared with the machine.
        on_cpu: weights are unpacked to float32.
    """
    share = _WELL_OWN if own else _WELL_CPU if on_cpu else _WELL_SHARED
    rows: list[Size] = []
    for size, bits in _RANKING:
        same = [
            (entry.memory_bytes(on_cpu=on_cpu) or 0, entry.known.load_bytes(on_cpu=on_cpu))
            for entry in entries
            if entry.known is not None
            and (entry.known.size, entry.known.bits) == (size, bits)
            and not entry.known.is_original
        ]
        need, load = (max(column) for column in zip(*same, strict=True))
        is_refused = limit is not None and load > limit  # as the engine's table of models does
        fit: Fit = "no" if is_refused else "well" if need <= share * memory else "alone"
        rows.append(Size(size, bits, need, fit))
    return sorted(rows, key=lambda row: (row.need_bytes, row.size, row.bits))


def advice(rows: Sequence[Size], *, on_cpu: bool) -> str:
    """Return one sentence that says which model to use on this machine."""
    rows = sorted(rows, key=lambda row: _RANKING.index((row.size, row.bits)))
    if on_cpu:
        rows = [row for row in rows if row.bits == 16]  # the others only save space on the disk
    best = [row for row in rows if row.fit == "well"]
    if best:
        # The best one, and the best of the other size: larger and quantised, or smaller and exact.
        other = next((row for row in best if row.size != best[0].size), None)
        names = best[0].name if other is None else f"{best[0].name} or {other.name}"
        return f"On this machine, use {names}."
    usable = [row for row in rows if row.fit == "alone"]
    if usable:
        least = min(usable, key=lambda row: row.need_bytes)
        return f"On this machine, use {least.name}, with few other programs running."
    return "This machine has too little memory for Qwen3-TTS; the bundled voice works."
