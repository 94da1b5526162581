"""`voices list` and `voices show` as a person reads them, and as a program does."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from sidecar.memory import readable
from sidecar.models.base import VoiceInfo
from sidecar.models.inventory import Entry
from sidecar.voices.format import SavedVoice
from sidecar.voices.names import printable

Row = tuple[str, ...]


class Presets(msgspec.Struct, frozen=True):
    """Voices, and the models that have them.

    Attributes:
        models: every name.
        heading: the names that a person wants, with what stands between them and the model.
    """

    voices: tuple[VoiceInfo, ...]
    models: list[str]
    heading: str


def grouped(entries: Iterable[Entry]) -> list[Presets]:
    """Return the preset voices of these models, those that are the same together."""
    groups: dict[tuple[VoiceInfo, ...], list[Entry]] = {}
    for entry in entries:
        if entry.voices:
            groups.setdefault(tuple(entry.voices), []).append(entry)
    return [
        Presets(voices, [entry.name for entry in having], _heading(having))
        for voices, having in groups.items()
    ]


def _heading(entries: Sequence[Entry]) -> str:
    return ", ".join(filter(None, map(_availability, entries))) or entries[0].name


def _availability(entry: Entry) -> str:
    """What to say of a model; "" of one that is the same as another, and to be downloaded."""
    if entry.state != "known":
        return f"{entry.name} ({'bundled' if entry.state == 'bundled' else 'on this machine'})"
    if entry.known is None:
        return f"{entry.name} (incomplete)"
    if entry.name != entry.known.stem:
        return ""
    return f"{entry.name} ({readable(entry.known.download_bytes)} to download)"


def listing(presets: Sequence[Presets], saved: Sequence[SavedVoice], width: int) -> str:
    """Return the presets under their models, then the saved voices."""
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
        parts.append("saved voices\n" + _table(rows, None))
    return "\n\n".join(parts)


def as_json(presets: Sequence[Presets], saved: Sequence[SavedVoice]) -> str:
    """Return an array with an object for each voice; what is not known is absent."""
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


def preset(voice: VoiceInfo, models: Sequence[str]) -> str:
    """Return what is known of a preset voice."""
    rows = [
        ("name", voice.name),
        ("kind", "preset"),
        ("models", ", ".join(models)),
        ("gender", voice.gender or "-"),
        ("native languages", ", ".join(voice.languages) or "-"),
        ("description", voice.description or "-"),
    ]
    return facts(rows)


def facts(rows: Sequence[Row]) -> str:
    """Return a table of facts about one voice, one line each."""
    return _table(rows, None)


def _language(voice: VoiceInfo) -> str:
    return voice.languages[0] if voice.languages else voice.dialect or "-"


def _table(rows: Sequence[Row], width: int | None) -> str:
    """Names and transcripts come from files of anybody; nothing in them may move the cursor.

    Args:
        width: to wrap the last column at; None leaves it as long as it is.
    """
    columns = range(len(rows[0]) - 1)
    widths = [max(len(row[at]) for row in rows) for at in columns]
    left = sum(widths) + 2 * len(widths)
    lines: list[str] = []
    for row in rows:
        cells = [printable(cell) for cell in row]
        head = "".join(f"{cells[at]:<{widths[at]}}  " for at in columns)
        tail = (
            [cells[-1]]
            if width is None
            else (textwrap.wrap(cells[-1], max(20, width - left)) or [""])
        )
        lines += [head + tail[0], *(" " * left + more for more in tail[1:])]
    return "\n".join(lines)
