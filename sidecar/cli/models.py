"""`models list|download|path`: shows and downloads models."""

from __future__ import annotations

import argparse
import shutil
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from sidecar.cli.fetching import fetch
from sidecar.memory import format_bytes
from sidecar.models import backend, catalog, inventory
from sidecar.models.base import Ability
from sidecar.models.hub import cache
from sidecar.models.hub.failures import free_bytes
from sidecar.models.hub.settings import budget
from sidecar.models.inventory import Entry
from sidecar.voices.names import printable

_ABILITIES: dict[Ability, str] = {
    "presets": "have preset voices (see voices list)",
    "instruct": "can be told how to speak (--instruct)",
    "design": "speak with a described voice (--design)",
    "cloning": "speak with the voice of a recording (--clone)",
}
_NAMES = (
    "The name of a quantised model ends with its column, as in NAME-8bit. NAME-original is Qwen's "
    "own file, which is as large as bf16."
)


def models(options: argparse.Namespace) -> int:
    """Run the command; return the exit code.

    Raises:
        SidecarError, Failure, OSError
    """
    commands = {"list": _list, "download": _download, "path": _path}
    return commands[options.action](options)


def _list(options: argparse.Namespace) -> int:
    entries, on_cpu = inventory.entries(), _on_cpu()
    if options.json:
        rows = [_as_json(entry, on_cpu) for entry in entries]
        print(msgspec.json.format(msgspec.json.encode(rows)).decode())
    elif options.verbose:
        print(_table(entries, on_cpu))
    else:
        print("\n".join(_listing(entries, shutil.get_terminal_size().columns, on_cpu)))
    return 0


def _on_cpu() -> bool:
    """Return whether models run on the CPU; also if MLX does not work, which `doctor` reports."""
    try:
        backend.prepare()
        return backend.on_cpu()
    except Exception:
        return True


def _as_json(entry: Entry, on_cpu: bool) -> dict[str, Any]:
    return {
        "model": entry.name,
        "state": entry.state,
        "source": entry.source,
        "path": str(entry.checkpoint.path) if entry.checkpoint else None,
        "repo": entry.repo,
        "diskBytes": entry.disk_bytes,
        "cacheBytes": entry.cache_bytes,
        "lastUsed": entry.last_used,
        "missingFiles": list(entry.missing),
        "fault": entry.fault.message if entry.fault else None,
        "languages": list(entry.languages),
        "abilities": list(entry.abilities),
        "downloadBytes": entry.known.download_bytes if entry.known else None,
        "memoryBytes": entry.memory_bytes(on_cpu=on_cpu),
    }


def _listing(entries: Sequence[Entry], width: int, on_cpu: bool) -> Iterator[str]:
    """Yield lines for people, at most `width` long: the models here, then the catalogue."""
    yield "On this machine:"
    for entry in entries:
        if entry.state != "known" or entry.disk_bytes or entry.fault:
            yield from _wrap(f"  {_local(entry, on_cpu)}", width, "    ")
    yield from _wrap(_total(entries), width)
    yield ""
    yield from _wrap(
        "Known models, with the GB to download (`models download NAME`) and the GB of memory to "
        f"speak on this machine's {'CPU' if on_cpu else 'GPU'}:",
        width,
    )
    yield from _grid(entries, on_cpu)
    yield ""
    yield from _wrap(_NAMES, width)
    for ability, what in _ABILITIES.items():
        stems = dict.fromkeys(
            entry.known.stem for entry in entries if entry.known and ability in entry.abilities
        )
        yield from _wrap(f"Models that {what}: {', '.join(stems)}", width, "  ")


def _total(entries: Sequence[Entry]) -> str:
    used, limit = sum(entry.cache_bytes for entry in entries), budget()
    allowed = "" if limit is None else f" of the {format_bytes(limit)} that they may take"
    free = format_bytes(free_bytes(cache.folder()))
    return f"Downloaded models take {format_bytes(used)}{allowed}; {free} of the disk are free."


def _local(entry: Entry, on_cpu: bool) -> str:
    if entry.fault is not None:
        return f"{printable(entry.name)}: cannot be used. {printable(entry.fault.message)}"
    state = "incomplete" if entry.missing or entry.state == "known" else entry.state
    if entry.source == "modelsDir" and entry.checkpoint is not None:
        state = f"exported, in {printable(str(entry.checkpoint.path))}"
    parts = [f"{state}, {format_bytes(entry.disk_bytes)} on disk"]
    if memory := entry.memory_bytes(on_cpu=on_cpu):
        parts.append(f"{format_bytes(memory)} of memory to speak")
    can = ", ".join(entry.abilities) or "cannot be loaded"
    return f"{printable(entry.name)}: {', '.join(parts)}; {can}"


def _grid(entries: Sequence[Entry], on_cpu: bool) -> Iterator[str]:
    """Yield one row for each model, with one column for each precision."""
    rows: dict[str, dict[int, str]] = {}
    for entry in entries:
        known = entry.known
        if known is not None and not known.is_original:
            is_here = entry.state != "known"
            download = "here" if is_here else f"{known.download_bytes / 1e9:.2f}"
            memory = (entry.memory_bytes(on_cpu=on_cpu) or 0) / 1e9
            rows.setdefault(known.stem, {})[known.bits] = f"{download}/{memory:.2f}"
    left = max(map(len, rows), default=0)
    precisions = sorted({bits for cells in rows.values() for bits in cells}, reverse=True)
    head = ["bf16" if bits == 16 else f"{bits}bit" for bits in precisions]
    yield " ".join([" " * left, *(f"{name:>9}" for name in head)])
    for stem, cells in rows.items():
        yield " ".join([f"{stem:<{left}}", *(f"{cells.get(bits, '-'):>9}" for bits in precisions)])


def _wrap(text: str, width: int, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _table(entries: Sequence[Entry], on_cpu: bool) -> str:
    """Return one line for each model with everything that is known of it, however wide."""
    head = ("model", "state", "on disk", "download", "memory", "abilities", "repository", "folder")
    rows = [head]
    rows += [_row(entry, on_cpu) for entry in entries]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    padded = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in padded)


def _row(entry: Entry, on_cpu: bool) -> tuple[str, ...]:
    def size(number: int | None) -> str:
        return format_bytes(number) if number else "-"

    return (
        printable(entry.name),
        f"{entry.state}, incomplete" if entry.missing else entry.state,
        size(entry.disk_bytes),
        size(entry.known.download_bytes if entry.known else None),
        size(entry.memory_bytes(on_cpu=on_cpu)),
        ", ".join(entry.abilities) or "-",
        printable(entry.repo or "-"),
        printable(str(entry.checkpoint.path)) if entry.checkpoint else "-",
    )


def _download(options: argparse.Namespace) -> int:
    for name in options.model:
        pinned = with_revision(name, options.revision)
        print(fetch(pinned, yes=options.yes, is_named=True).path, flush=True)
    return 0


def _path(options: argparse.Namespace) -> int:
    print(catalog.resolve(with_revision(options.model, options.revision)).path)
    return 0


def with_revision(name: str, revision: str | None) -> str:
    """Return the name of a model with its revision, if one is given."""
    return name if revision is None else f"{name}@{revision}"
