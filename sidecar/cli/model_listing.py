"""`models list` as a person reads it: within the width of the terminal, down to 60 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from sidecar.memory import readable
from sidecar.models.base import Ability
from sidecar.models.inventory import Entry
from sidecar.voices.names import printable

_CAN: dict[Ability, str] = {
    "presets": "voices of its own (`voices list`)",
    "instruct": "told how to speak (--instruct)",
    "design": "a voice from a description (--design)",
    "cloning": "the voice of a recording (--clone)",
}
_NAMES = (
    "A quantised model is named with its column: NAME-8bit. NAME-original is Qwen's own file, as "
    "large as bf16."
)


def listing(entries: Sequence[Entry], width: int, *, on_cpu: bool) -> str:
    """Return what is on this machine, one paragraph a model, then the catalogue as a table."""
    lines = ["On this machine:"]
    for entry in entries:
        if entry.state != "known" or entry.disk_bytes:
            lines += _wrapped(f"  {_here(entry, on_cpu)}", width, "    ")
    lines.append("")
    heading = (
        "Known, each with the GB to download (`models download NAME`) and the GB of memory that it "
        f"takes to speak on this machine's {'CPU' if on_cpu else 'GPU'}:"
    )
    lines += _wrapped(heading, width)
    lines += _grid(entries, on_cpu)
    lines.append("")
    lines += _wrapped(_NAMES, width)
    for ability, what in _CAN.items():
        stems = dict.fromkeys(
            entry.known.stem for entry in entries if entry.known and ability in entry.abilities
        )
        lines += _wrapped(f"{what}: {', '.join(stems)}", width, "  ")
    return "\n".join(lines)


def _here(entry: Entry, on_cpu: bool) -> str:
    state = "incomplete" if entry.missing or entry.state == "known" else entry.state
    parts = [f"{state}, {readable(entry.disk_bytes)} on disk"]
    if memory := entry.memory_bytes(on_cpu=on_cpu):
        parts.append(f"{readable(memory)} of memory to speak")
    can = ", ".join(entry.abilities) or "cannot be loaded"
    return f"{printable(entry.name)}: {', '.join(parts)}; {can}"


def _grid(entries: Sequence[Entry], on_cpu: bool) -> Iterator[str]:
    """One row a model, one column a precision."""
    rows: dict[str, dict[int, str]] = {}
    for entry in entries:
        if entry.known is not None and not entry.known.is_original:
            cells = rows.setdefault(entry.known.stem, {})
            cells[entry.known.bits] = _cell(entry, on_cpu)
    left = max(map(len, rows), default=0)
    precisions = sorted({bits for cells in rows.values() for bits in cells}, reverse=True)
    head = ["bf16" if bits == 16 else f"{bits}bit" for bits in precisions]
    yield " ".join([" " * left, *(f"{name:>9}" for name in head)])
    for stem, cells in rows.items():
        yield " ".join([f"{stem:<{left}}", *(f"{cells.get(bits, '-'):>9}" for bits in precisions)])


def _cell(entry: Entry, on_cpu: bool) -> str:
    assert entry.known is not None
    memory = entry.memory_bytes(on_cpu=on_cpu) or 0
    download = f"{entry.known.download_bytes / 1e9:.2f}"
    if entry.state == "cached":
        download = "here"
    return f"{download}/{memory / 1e9:.2f}"


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def table(entries: Sequence[Entry], *, on_cpu: bool) -> str:
    """Return everything that is known, one line a model, however wide."""
    rows = [("model", "state", "on disk", "download", "memory", "can", "repository")]
    rows += [_row(entry, on_cpu) for entry in entries]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    padded = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in padded)


def _row(entry: Entry, on_cpu: bool) -> tuple[str, ...]:
    def size(number: int | None) -> str:
        return readable(number) if number else "-"

    return (
        printable(entry.name),
        f"{entry.state}, incomplete" if entry.missing else entry.state,
        size(entry.disk_bytes),
        size(entry.known.download_bytes if entry.known else None),
        size(entry.memory_bytes(on_cpu=on_cpu)),
        ", ".join(entry.abilities) or "-",
        printable(entry.repo or "-"),
    )
