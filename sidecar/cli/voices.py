"""`voices list|create|delete|show`: the folder of saved voices, by hand."""

from __future__ import annotations

import argparse
import os
import shutil

from sidecar.cli import terminal
from sidecar.cli.fetching import fetched
from sidecar.cli.terminal import Failure
from sidecar.cli.voice_listing import Presets, as_json, facts, grouped, listing, preset
from sidecar.engine.engine import Engine
from sidecar.errors import UnknownVoice, Unsupported
from sidecar.models import catalog, inventory
from sidecar.models.base import ReferenceAudio, VoiceInfo
from sidecar.voices.create import Created, CreateRequest, Creation
from sidecar.voices.design import Design
from sidecar.voices.store import VoiceStore
from sidecar.wording import closest

_STOP_SECONDS = 5.0
_DESIGN_TEXT = (
    "The quick brown fox jumps over the lazy dog, while the sun goes down behind the old mill."
)


def voices(options: argparse.Namespace) -> int:
    """Run the command; return the exit code.

    Raises:
        SidecarError, Failure
    """
    store = VoiceStore(options.voices_dir, options.max_reference_seconds)
    commands = {"list": _list, "create": _create, "delete": _delete, "show": _show}
    return commands[options.action](store, options)


def _list(store: VoiceStore, options: argparse.Namespace) -> int:
    presets, found = _presets(options.model), store.voices()
    if options.model is not None and not presets:
        terminal.warning(f"{options.model} has no preset voices.")
    if options.json:
        print(as_json(presets, found.voices))
    elif presets or found.voices:
        print(listing(presets, found.voices, shutil.get_terminal_size().columns))
    for one in found.skipped:
        terminal.warning(f"skipped: {one.reason}")
    if found.omitted:
        terminal.warning(f"{found.omitted} more files were not looked at.")
    return 0


def _presets(model: str | None) -> list[Presets]:
    """Those of one model, or of every model that is here or in the catalogue."""
    if model is None:
        return grouped(inventory.entries())
    voices = inventory.describe(model).voices
    return [Presets(voices, [model], model)] if voices else []


def _preset_named(name: str) -> tuple[VoiceInfo, list[str]] | None:
    """A preset voice of that name, in any case, and the models that have it."""
    for group in _presets(None):
        for voice in group.voices:
            if voice.name.lower() == name.lower():
                return voice, group.models
    return None


def _show(store: VoiceStore, options: argparse.Namespace) -> int:
    try:
        voice = store.find(options.name)
    except UnknownVoice:
        if (found := _preset_named(options.name)) is None:
            raise _unknown(options.name, store) from None
        print(preset(*found))
        return 0
    about = voice.metadata
    what = f"{voice.frames} frames and transcript" if voice.frames else "timbre alone"
    rows = [
        ("name", voice.name),
        ("file", str(voice.path)),
        ("model", about.model),
        ("language", about.language or "-"),
        ("created", about.created),
        ("origin", about.origin),
        ("reference", what),
        ("transcript", about.text or "-"),
        ("description", about.instruct or "-"),
        ("sha256", about.source or "-"),
    ]
    print(facts(rows))
    return 0


def _unknown(name: str, store: VoiceStore) -> UnknownVoice:
    """Return the error for a name that neither a preset nor a saved voice has."""
    presets = [voice.name for group in _presets(None) for voice in group.voices]
    near = closest(name, [*store.names(), *presets])
    return UnknownVoice(
        f"There is no voice {name!r}, neither a preset nor a saved one."
        + (f" Did you mean {near!r}?" if near else ""),
        hint="qwen-tts-sidecar voices list shows all of them.",
        field="voice",
    )


def _delete(store: VoiceStore, options: argparse.Namespace) -> int:
    try:
        store.delete(options.name)
    except UnknownVoice:
        if (found := _preset_named(options.name)) is None:
            raise
        raise Unsupported(
            f"{found[0].name} is a preset voice of {found[1][0]}, and only a saved voice can be "
            "deleted.",
            field="voice",
        ) from None
    return 0


def _create(store: VoiceStore, options: argparse.Namespace) -> int:
    if refused := _misfit(options):
        raise Failure(refused, code=2)
    if options.clone is not None:
        source = ReferenceAudio(path=options.clone, text=options.ref_text)
    else:
        source = Design(
            instruct=options.design,
            text=_DESIGN_TEXT if options.text is None else options.text,
            model=options.design_model or catalog.DESIGN,
            seed=options.seed,
        )
    request = CreateRequest(
        source=source,
        name=options.name or "",
        model=options.model or catalog.BASE,
        language=options.language,
        replace=options.replace,
    )
    for name in (request.model, source.model if isinstance(source, Design) else request.model):
        fetched(name, yes=options.yes)
    printed = os.dup(1)
    os.dup2(2, 1)  # libraries print while they load a model
    created = _made(store, request, options.max_reference_seconds)
    os.dup2(printed, 1)
    for notice in created.notices:
        terminal.warning(notice.message)
    print(f"{created.voice.name} → {created.voice.path}")
    return 0


def _misfit(options: argparse.Namespace) -> str | None:
    """Options of `create` that say nothing together, in words."""
    if options.replace and not options.name:
        return "--replace needs the name of a voice"
    if options.clone is not None:
        for name, value in (
            ("--text", options.text),
            ("--design-model", options.design_model),
            ("--seed", options.seed),
        ):
            if value is not None:
                return f"{name} belongs to --design"
        return None
    if options.ref_text is not None:
        return "--ref-text belongs to --clone; what --design says is --text"
    return None


def _made(store: VoiceStore, request: CreateRequest, most_seconds: float) -> Created:
    """Make a voice, and say on stderr how far it is. Raises SidecarError."""
    engine = Engine()
    engine.start()
    try:
        for event in Creation(engine, store, request, most_seconds):
            if isinstance(event, Created):
                return event
            terminal.note(f"{event.stage}: {event.message}")
        raise AssertionError("a creation ends with a voice or an error")
    finally:
        engine.stop(_STOP_SECONDS)
