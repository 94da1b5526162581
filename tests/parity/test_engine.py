"""The official codes, at the engine's interface: every code of every case."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile

from sidecar.engine.engine import Engine
from sidecar.engine.events import LoadResult, SpeechResult
from sidecar.engine.request import LoadOptions, SamplingOverrides, SpeechJob, SpeechRequest
from sidecar.errors import SidecarError
from sidecar.models.base import ReferenceAudio, Utterance
from tests.jobs import heard, outcome
from tests.parity.cases import NAMES, Golden, load

FOLDERS = ("custom_voice", "custom_voice_proj", "voice_design", "base")
GREEDY = SamplingOverrides(temperature=0.0)


def wait(job: SpeechJob) -> tuple[np.ndarray, np.ndarray, SpeechResult]:
    """Codes, samples and result of a request."""
    chunks, event = heard(job)
    if isinstance(event, SidecarError):
        raise event
    codes = np.concatenate([chunk.codes for chunk in chunks])
    return codes, np.concatenate([chunk.samples for chunk in chunks]), event


@pytest.fixture(scope="module")
def engine(golden: Path) -> Iterator[Engine]:
    """With the checkpoints in float32, as the references were made, whatever is the default."""
    engine = Engine()
    engine.start()
    for folder in FOLDERS:
        if (golden / folder).is_dir():
            job = engine.load(str(golden / folder), LoadOptions("float32"))
            assert isinstance(outcome(job), LoadResult)
    yield engine
    assert engine.stop(10)


def request(golden: Golden) -> SpeechRequest:
    case = golden.case
    reference = None
    if golden.reference is not None:
        wav = io.BytesIO()
        soundfile.write(wav, golden.reference, 24000, format="WAV", subtype="FLOAT")
        reference = ReferenceAudio(
            data=wav.getvalue(), text=case["ref_text"] or None, append_silence=False
        ).read()
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


def stranger(golden: Golden, seed: int) -> SpeechRequest:
    """The same prompt, but drawn at random, and of another length."""
    return msgspec.structs.replace(
        request(golden), talker=SamplingOverrides(), seed=seed, max_frames=10 + 8 * seed
    )


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_code_is_the_official_one(engine: Engine, golden: Path, folder: str) -> None:
    """All cases of a model in one batch of eight: rows of different length, layout and reference,
    and strangers that sample, some of which are cancelled on the way."""
    cases = [load(golden, name) for name in NAMES if name.startswith(f"{folder}/")]
    odd = [stranger(cases[0], index) for index in range(8 - len(cases))]
    strangers = [engine.submit(one) for one in odd[::2]]
    jobs = [engine.submit(request(case)) for case in cases]
    strangers += [engine.submit(one) for one in odd[1::2]]
    for case, job in zip(cases, jobs, strict=True):
        codes, samples, result = wait(job)
        assert np.array_equal(codes, case.codes)
        assert result.finish_reason == case.finish_reason
        assert np.abs(samples - case.audio).max() < 1e-4
        if strangers:
            engine.cancel(strangers.pop())


def test_every_code_is_the_official_one_alone_too(engine: Engine, golden: Path) -> None:
    for name in ("custom_voice/instruct_full", "base/xvector_full"):
        case = load(golden, name)
        codes, _, _ = wait(engine.submit(request(case)))
        assert np.array_equal(codes, case.codes)
