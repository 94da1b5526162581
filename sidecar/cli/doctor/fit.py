"""Which models a machine has the memory for. Arithmetic on the catalogue; nothing is measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from sidecar.models.inventory import Entry

Fit = Literal["well", "alone", "no"]

# Of memory that a GPU shares with a desktop and the app, a fifth is used unnoticed. A GPU's own
# memory is there to be filled. On the CPU what is computed with is the machine's as any program's.
_WELL, _WELL_CPU, _WELL_OWN = 0.2, 0.25, 0.8
# From the best voice to the smallest model, as far as one can say that beforehand.
_RANKING = (("1.7B", 16), ("1.7B", 8), ("0.6B", 16), ("1.7B", 6), ("1.7B", 4), ("0.6B", 8))
_RANKING += (("0.6B", 6), ("0.6B", 4))


class Size(msgspec.Struct, frozen=True, rename="camel"):
    """All variants of one size and precision.

    Attributes:
        need_bytes: of the hungriest of them, speaking one stream.
        fit: well: beside other programs; alone: if little else runs; no: `model/load` refuses the
            hungriest of them, unless `--memory-limit` is raised.
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
    """Return the table, the smallest first.

    Args:
        entries: those of the catalogue, and maybe others.
        memory: bytes of the device that computes.
        limit: bytes that models may take together; None is no limit.
        own: it is a GPU's own, not shared with the machine.
        on_cpu: weights are unpacked to float32.
    """
    rows: list[Size] = []
    for size, bits in _RANKING:
        same = [
            (entry, entry.known)
            for entry in entries
            if entry.known is not None
            and (entry.known.size, entry.known.bits) == (size, bits)
            and not entry.known.is_original
        ]
        need = max(entry.memory_bytes(on_cpu=on_cpu) or 0 for entry, _ in same)
        share = _WELL_OWN if own else _WELL_CPU if on_cpu else _WELL
        fit: Fit = "well" if need <= share * memory else "alone"
        if limit is not None and max(one.load_bytes(on_cpu=on_cpu) for _, one in same) > limit:
            fit = "no"
        rows.append(Size(size, bits, need, fit))
    return sorted(rows, key=lambda row: (row.need_bytes, row.size, row.bits))


def advice(rows: list[Size], *, on_cpu: bool) -> str:
    """Return one sentence: what to take on this machine."""
    rows = sorted(rows, key=lambda row: _RANKING.index((row.size, row.bits)))
    if on_cpu:
        rows = [row for row in rows if row.bits == 16]  # the others save disk only
    best = [row for row in rows if row.fit == "well"]
    if best:
        # The best one, and the best of the other size: larger and packed, or smaller and exact.
        other = next((row for row in best if row.size != best[0].size), None)
        names = best[0].name if other is None else f"{best[0].name} or {other.name}"
        return f"On this machine take {names}."
    usable = [row for row in rows if row.fit == "alone"]
    if usable:
        least = min(usable, key=lambda row: row.need_bytes)
        return f"On this machine take {least.name}, with little else running."
    return "This machine has too little memory for Qwen3-TTS; the bundled voice speaks."
