"""The requests of the official model's cases, to the engine and over the wire."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import soundfile

from sidecar.engine.events import SpeechResult
from sidecar.engine.request import SamplingOverrides, SpeechJob, SpeechRequest
from sidecar.errors import SidecarError
from sidecar.models.base import ReferenceAudio, Utterance
from sidecar.voices.reader import ReferenceReader
from tests.parity.cases import Golden
from tests.support.jobs import heard

FOLDERS = ("custom_voice", "custom_voice_proj", "voice_design", "base")
GREEDY = SamplingOverrides(temperature=0.0)


def wait(job: SpeechJob) -> tuple[np.ndarray, np.ndarray, SpeechResult]:
    """Return codes, samples and result of a request."""
    chunks, event = heard(job)
    if isinstance(event, SidecarError):
        raise event
    codes = np.concatenate([chunk.codes for chunk in chunks])
    return codes, np.concatenate([chunk.samples for chunk in chunks]), event


def request(golden: Golden) -> SpeechRequest:
    case = golden.case
    reference = None
    if golden.reference is not None:
        wav = io.BytesIO()
        soundfile.write(wav, golden.reference, 24000, format="WAV", subtype="FLOAT")
        reference = ReferenceReader().read(
            ReferenceAudio(data=wav.getvalue(), text=case["ref_text"] or None, append_silence=False)
        )
    return SpeechRequest(
        model=str(golden.model),
        utterance=Utterance(
            case["text"],
            case["speaker"] or None,
            case["language"],
            case["instruct"] or None,
            reference,
            golden.text_mode,
        ),
        talker=GREEDY,
        subtalker=GREEDY,
        max_frames=golden.max_frames,
    )


def wire_request(golden: Golden) -> dict[str, Any]:
    case = golden.case
    params: dict[str, Any] = {
        "model": str(golden.model),
        "voice": case["speaker"] or None,
        "language": case["language"],
        "instruct": case["instruct"] or None,
        "sampling": {"temperature": 0, "subtalker": {"temperature": 0}},
        "maxFrames": golden.max_frames,
        "textMode": golden.text_mode,
        "encoding": "pcm_f32le",
        "normalizeText": False,
    }
    if golden.reference is not None:
        wav = io.BytesIO()
        soundfile.write(wav, golden.reference, 24000, format="WAV", subtype="FLOAT")
        params["reference"] = {
            "audio": base64.b64encode(wav.getvalue()).decode(),
            "text": case["ref_text"] or None,
            "appendSilence": False,
        }
    return params
