"""The models of one synthesis, which are in memory before its first sentence."""

from __future__ import annotations

from sidecar.models.base import ModelInfo
from sidecar.synthesis.jobs import SpeechJobs, Step
from sidecar.synthesis.request import SynthesisRequest
from sidecar.synthesis.speakers import check_voice, name_fields


def load_models(jobs: SpeechJobs, request: SynthesisRequest) -> Step[list[ModelInfo]]:
    """Load the models of a request and of its speakers; the request's own is the first.

    Those of several speakers stay in memory until the end, so that no turn waits for a load.

    Raises:
        UnknownVoice, Unsupported: a model has no voice of the name that a speaker is to have.
        SidecarError: a model's error.
    """
    models = {request.speech.model, *(one.speech.model for one in request.speakers.values())}
    if len(models) > 1:
        jobs.hold(models)
    infos = [(yield from jobs.load(request.speech.model))]
    for speaker in request.speakers.values():
        with name_fields(speaker):
            info = yield from jobs.load(speaker.speech.model)
            check_voice(speaker, info)
        infos.append(info)
    return infos
