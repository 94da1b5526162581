"""`voices list|show|delete`: shows and deletes voices."""

from __future__ import annotations

import argparse
import shutil
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from sidecar.cli import terminal
from sidecar.errors import UnknownVoice, Unsupported
from sidecar.memory import format_bytes
from sidecar.models import inventory
from sidecar.models.base import VoiceInfo
from sidecar.models.inventory import Entry
from sidecar.voices.format import SavedVoice
from sidecar.voices.names import printable
from sidecar.voices.reader import ReferenceReader
from sidecar.voices.store import VoiceStore
from sidecar.wording import closest

Row = tuple[str, ...]


class _Presets(msgspec.Struct, frozen=True):
    """Preset voices, the names of all models that have them, and a heading for people."""

    voices: tuple[VoiceInfo, ...]
    models: list[str]
    heading: str


def voices(options: argparse.Namespace) -> int:
    """Run the command; return the exit code. Raises SidecarError."""
    store = VoiceStore(options.voices_dir, ReferenceReader(options.max_reference_seconds))
    commands = {"list": _list, "show": _show, "delete": _delete}
    return commands[options.action](store, options)


def _list(store: VoiceStore, options: argparse.Namespace) -> int:
    presets, found = list(_presets(options.model)), store.voices()
    if options.model is not None and not presets:
        terminal.warning(f"{options.model} has no preset voices.")
    if options.json:
        print(_as_json(presets, found.voices))
    elif presets or found.voices:
        print(_listing(presets, found.voices, shutil.get_terminal_size().columns))
    for one in found.skipped:
        terminal.warning(f"skipped: {one.reason}")
    if found.omitted:
        terminal.warning(f"{found.omitted} more files were not looked at.")
    return 0


def _presets(model: str | None = None) -> Iterator[_Presets]:
    """Yield the preset voices of one model, or of all models; those with the same voices once."""
    if model is not None:
        if voices := inventory.describe(model).voices:
            yield _Presets(voices, [model], model)
        return
    groups: dict[tuple[VoiceInfo, ...], list[Entry]] = {}
    for entry in inventory.entries():
        if entry.voices:
            groups.setdefault(tuple(entry.voices), []).append(entry)
    for voices, entries in groups.items():
        heading = ", ".join(filter(None, map(_availability, entries))) or entries[0].name
        yield _Presets(voices, [entry.name for entry in entries], heading)


def _availability(entry: Entry) -> str:
    """Return a model's part of the heading; quantised copies on the hub have none."""
    if entry.state != "known":
        return f"{entry.name} ({'bundled' if entry.state == 'bundled' else 'on this machine'})"
    if entry.known is None:
        return f"{entry.name} (incomplete)"
    if entry.name != entry.known.stem:
        return ""
    return f"{entry.name} ({format_bytes(entry.known.download_bytes)} to download)"


def _listing(presets: Sequence[_Presets], saved: Sequence[SavedVoice], width: int) -> str:
    """Return the preset voices under their models, then the saved voices."""
    parts: list[str] = []
    for group in presets:
        rows = [
            (one.name, one.gender or "-", _language(one), one.description or "-")
            for one in group.voices
        ]
        heading = textwrap.wrap(
            printable(group.heading), width, subsequent_indent="  ", break_on_hyphens=False
        )
        parts.append("\n".join([*heading, _table(rows, width)]))
    if saved:
        rows = [
            (one.name, one.metadata.origin, one.language or "-", one.metadata.model)
            for one in saved
        ]
        parts.append("saved voices\n" + _table(rows))
    return "\n\n".join(parts)


def _language(voice: VoiceInfo) -> str:
    return voice.languages[0] if voice.languages else voice.dialect or "-"


def _table(rows: Sequence[Row], width: int | None = None) -> str:
    """Return the rows in columns. Nothing in them, such as a transcript, can move the cursor.

    Args:
        width: where the last column is wrapped; None leaves it as long as it is.
    """
    columns = range(len(rows[0]) - 1)
    widths = [max(len(row[at]) for row in rows) for at in columns]
    left = sum(widths) + 2 * len(widths)
    lines: list[str] = []
    for row in rows:
        *cells, last = map(printable, row)
        head = "".join(f"{cells[at]:<{widths[at]}}  " for at in columns)
        wrapped = [last] if width is None else textwrap.wrap(last, max(20, width - left)) or [""]
        lines += [head + wrapped[0], *(" " * left + more for more in wrapped[1:])]
    return "\n".join(lines)


def _as_json(presets: Sequence[_Presets], saved: Sequence[SavedVoice]) -> str:
    """Return an array with an object for each voice; unknown values are absent."""
    rows: list[dict[str, Any]] = [
        {
            "voice": one.name,
            "kind": "preset",
            "models": group.models,
            "language": one.dialect,
            "languages": list(one.languages) or None,
            "gender": one.gender,
            "description": one.description,
        }
        for group in presets
        for one in group.voices
    ]
    rows += [
        {
            "voice": one.name,
            "kind": "saved",
            "models": [one.metadata.model],
            "language": one.language,
            "description": one.metadata.instruct,
            "created": one.metadata.created,
            "origin": one.metadata.origin,
        }
        for one in saved
    ]
    known = [{key: value for key, value in row.items() if value is not None} for row in rows]
    return msgspec.json.format(msgspec.json.encode(known)).decode()


def _show(store: VoiceStore, options: argparse.Namespace) -> int:
    try:
        print(_table(_saved_facts(store.find(options.name))))
    except UnknownVoice:
        if (found := _find_preset(options.name)) is None:
            raise _unknown(options.name, store) from None
        print(_table(_preset_facts(*found)))
    return 0


def _saved_facts(voice: SavedVoice) -> list[Row]:
    about = voice.metadata
    return [
        ("name", voice.name),
        ("file", str(voice.path)),
        ("model", about.model),
        ("language", about.language or "-"),
        ("created", about.created),
        ("origin", about.origin),
        ("reference", f"{voice.frames} frames and transcript" if voice.frames else "timbre only"),
        ("transcript", about.text or "-"),
        ("description", about.instruct or "-"),
        ("sha256", about.source or "-"),
    ]


def _preset_facts(voice: VoiceInfo, models: Sequence[str]) -> list[Row]:
    return [
        ("name", voice.name),
        ("kind", "preset"),
        ("models", ", ".join(models)),
        ("gender", voice.gender or "-"),
        ("native languages", ", ".join(voice.languages) or "-"),
        ("description", voice.description or "-"),
    ]


def _find_preset(name: str) -> tuple[VoiceInfo, list[str]] | None:
    """Return the preset voice of that name, in any case, and the models that have it."""
    for group in _presets():
        for voice in group.voices:
            if voice.name.lower() == name.lower():
                return voice, group.models
    return None


def _unknown(name: str, store: VoiceStore) -> UnknownVoice:
    """Return the error for a name that is neither a preset voice nor a saved voice."""
    presets = [voice.name for group in _presets() for voice in group.voices]
    near = closest(name, [*store.names(), *presets])
    return UnknownVoice(
        f"There is no preset voice and no saved voice {name!r}."
        + (f" Did you mean {near!r}?" if near else ""),
        hint="To see all voices: qwen-tts-sidecar voices list",
        field="voice",
    )


def _delete(store: VoiceStore, options: argparse.Namespace) -> int:
    try:
        store.delete(options.name)
    except UnknownVoice:
        if (found := _find_preset(options.name)) is None:
            raise
        voice, models = found
        raise Unsupported(
            f"{voice.name} is a preset voice of {models[0]}; only saved voices can be deleted.",
            field="voice",
        ) from None
    return 0
