"""`voices create`: creates a voice from a recording or a description, and saves it."""

from __future__ import annotations

import argparse

from sidecar.cli import terminal
from sidecar.cli.fetching import fetch
from sidecar.cli.terminal import Failure
from sidecar.engine.engine import Engine
from sidecar.models import catalog
from sidecar.models.base import ReferenceAudio
from sidecar.voices import names
from sidecar.voices.create import Created, CreateRequest, Creation
from sidecar.voices.design import Design
from sidecar.voices.reader import ReferenceReader
from sidecar.voices.store import VoiceStore

_STOP_SECONDS = 0.5
_DESIGN_TEXT = (
    "The quick brown fox jumps over the lazy dog, while the sun goes down behind the old mill."
)


def create(options: argparse.Namespace) -> int:
    """Run the command; return the exit code.

    Raises:
        SidecarError, Failure
    """
    if refusal := _refusal(options):
        raise Failure(refusal, code=2)
    store = VoiceStore(options.voices_dir, ReferenceReader(options.max_reference_seconds))
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
    _check(store, request)
    for name in (request.model, source.model if isinstance(source, Design) else request.model):
        fetch(name, yes=options.yes)
    with terminal.reserve_stdout():
        created = _run(store, request)
    for notice in created.notices:
        terminal.warning(notice.message)
    print(f"{created.voice.name} → {created.voice.path}")
    return 0


def _refusal(options: argparse.Namespace) -> str | None:
    """Return why the options of `create` cannot be combined; None if they can."""
    if options.replace and not options.name:
        return "--replace needs the name of a voice"
    if options.clone is not None:
        for name, value in (
            ("--text", options.text),
            ("--design-model", options.design_model),
            ("--seed", options.seed),
        ):
            if value is not None:
                return f"{name} needs --design"
    elif options.ref_text is not None:
        return "--ref-text needs --clone; the sentence for --design is --text"
    return None


def _check(store: VoiceStore, request: CreateRequest) -> None:
    """Raise the errors that can be known before a download of gigabytes."""
    if request.name and request.replace:
        names.check(request.name)
    elif request.name:
        store.check_free(request.name)
    store.check_writable()
    if isinstance(request.source, ReferenceAudio):
        store.reader.read(request.source)


def _run(store: VoiceStore, request: CreateRequest) -> Created:
    """Create the voice, and print the progress; raises SidecarError."""
    engine = Engine()
    engine.start()
    try:
        for event in Creation(engine, store, request):
            if isinstance(event, Created):
                return event
            terminal.note(f"{event.stage}: {event.message}")
        raise AssertionError("a creation ends with a voice or an error")
    finally:
        engine.stop(_STOP_SECONDS)
