"""voice/list."""

from __future__ import annotations

from sidecar.models import catalog, registry
from sidecar.rpc.session import Call, Session
from sidecar.rpc.types import VoiceEntry, VoiceListParams, VoiceListResult


def list_voices(session: Session, params: VoiceListParams, call: Call) -> None:
    model = params.model or session.default_model
    call.in_background(lambda: _list(model))


def _list(model: str) -> VoiceListResult:
    info = registry.describe(catalog.resolve(model))
    return VoiceListResult(
        voices=[
            VoiceEntry(voice=voice.name, kind="preset", model=model, language=voice.dialect)
            for voice in info.voices
        ]
    )
