"""voice/list, voice/create, voice/delete."""

from __future__ import annotations

from collections.abc import Callable

from sidecar.errors import Cancelled, InvalidParams
from sidecar.models import catalog, inventory
from sidecar.models.base import ModelInfo, ReferenceAudio, VoiceInfo
from sidecar.rpc.calls import Call
from sidecar.rpc.contract.common import Empty
from sidecar.rpc.contract.voice import (
    DesignParams,
    SkippedFile,
    VoiceCreateParams,
    VoiceCreateResult,
    VoiceDeleteParams,
    VoiceEntry,
    VoiceListParams,
    VoiceListResult,
    VoiceProgress,
)
from sidecar.rpc.session import Session
from sidecar.rpc.speech_answers import warnings
from sidecar.rpc.speech_requests import check_text, reference
from sidecar.voices.create import Created, CreateRequest, Creation, Progress
from sidecar.voices.design import DESIGN_FRAMES, Design
from sidecar.voices.format import SavedVoice


def list_voices(session: Session, params: VoiceListParams, call: Call[VoiceListResult]) -> None:
    session.answer_later(call, lambda: _list(session, params.model))


def _list(session: Session, model: str | None) -> VoiceListResult:
    name = model or session.default_model
    info = inventory.describe(name)
    found = session.voices.voices()
    return VoiceListResult(
        voices=[
            *(_preset(voice, name) for voice in info.voices),
            *(_entry(voice) for voice in found.voices if model is None or _may_fit(voice, info)),
        ],
        skipped=[SkippedFile(file=one.file, reason=one.reason) for one in found.skipped] or None,
        omitted=found.omitted or None,
    )


def _may_fit(voice: SavedVoice, info: ModelInfo) -> bool:
    """Return whether a model may speak with a voice, as far as the shapes tell.

    Whether its tokenizer gives the same tokens is checked when it speaks.
    """
    if info.variant != "base" or voice.metadata.family != info.family:
        return False
    codebooks = voice.codebooks or info.codebooks
    return voice.speaker_size == info.speaker_size and codebooks == info.codebooks


def _preset(voice: VoiceInfo, model: str) -> VoiceEntry:
    return VoiceEntry(
        voice=voice.name,
        kind="preset",
        model=model,
        language=voice.dialect,
        languages=list(voice.languages) or None,
        gender=voice.gender,
        description=voice.description,
    )


def _entry(voice: SavedVoice) -> VoiceEntry:
    about = voice.metadata
    return VoiceEntry(
        voice=voice.name,
        kind="saved",
        model=about.model,
        language=about.language,
        description=about.instruct,
        created=about.created,
        origin=about.origin,
        has_transcript=about.text is not None,
    )


def delete(session: Session, params: VoiceDeleteParams, call: Call[Empty]) -> None:
    def work() -> None:
        if call.begin(lambda: None):
            session.voices.delete(params.voice)
            call.reply(Empty())

    call.admit("disk")
    session.in_order(call, work)


def create(session: Session, params: VoiceCreateParams, call: Call[VoiceCreateResult]) -> None:
    request = _request(params)
    if params.work_done_token is not None:
        call.claim_token(params.work_done_token, "workDoneToken")
    call.admit("disk")
    creation = Creation(session.engine, session.voices, request)

    def cancel() -> None:
        if creation.cancel():
            call.fail(Cancelled("The request was cancelled."))

    def begin() -> Callable[[], None]:
        session.background.start(lambda: _report(creation, call))
        return cancel

    session.in_order(call, lambda: call.begin(begin))


def _report(creation: Creation, call: Call[VoiceCreateResult]) -> None:
    try:
        for event in creation:
            match event:
                case Progress(stage, message):
                    call.progress(VoiceProgress(stage=stage, message=message))
                case Created():
                    call.reply(_result(event))
    except Exception as error:
        call.fail(error)


def _result(created: Created) -> VoiceCreateResult:
    voice, about = created.voice, created.voice.metadata
    return VoiceCreateResult(
        voice=voice.name,
        kind="saved",
        model=about.model,
        language=about.language,
        created=about.created,
        has_transcript=about.text is not None,
        frames=voice.frames or None,
        seed=created.seed,
        warnings=warnings(created.notices),
    )


def _request(params: VoiceCreateParams) -> CreateRequest:
    if params.replace and not params.voice:
        raise InvalidParams("`replace` needs the name of a `voice`.", field="voice")
    return CreateRequest(
        source=_source(params),
        name=params.voice or "",
        model=params.model or catalog.BASE,
        language=params.language,
        replace=bool(params.replace),
    )


def _source(params: VoiceCreateParams) -> ReferenceAudio | Design:
    recording = None if params.reference is None else reference(params.reference)
    if (recording is None) == (params.design is None):
        raise InvalidParams(
            "A voice needs either `reference` or `design`, not both.", field="reference"
        )
    if recording is not None:
        return recording
    assert params.design is not None
    return _design(params.design)


def _design(given: DesignParams) -> Design:
    check_text(given.text, "design.text")
    check_text(given.instruct, "design.instruct")
    return Design(
        instruct=given.instruct,
        text=given.text,
        language=given.language,
        model=given.model or catalog.DESIGN,
        seed=given.seed,
        max_frames=given.max_frames or DESIGN_FRAMES,
    )
