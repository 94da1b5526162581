"""The official codes, at the engine's interface: every code of every case."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from sidecar.engine.engine import Engine
from sidecar.engine.request import SamplingOverrides, SpeechRequest
from tests.parity.cases import NAMES, Golden, load
from tests.parity.requests import FOLDERS, request, wait


def stranger(golden: Golden, seed: int) -> SpeechRequest:
    """Return an unrelated request: the same prompt, sampled at random and with another length."""
    return msgspec.structs.replace(
        request(golden), talker=SamplingOverrides(), seed=seed, max_frames=10 + 8 * seed
    )


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_code_is_the_official_one(engine: Engine, golden: Path, folder: str) -> None:
    """All cases of a model are in one batch of eight: rows of different length, layout and
    reference, and unrelated rows that sample, some of which are cancelled on the way."""
    cases = [load(golden, name) for name in NAMES if name.startswith(f"{folder}/")]
    odd = [stranger(cases[0], index) for index in range(8 - len(cases))]
    strangers = [engine.submit(one) for one in odd[::2]]
    jobs = [engine.submit(request(case)) for case in cases]
    strangers += [engine.submit(one) for one in odd[1::2]]
    for case, job in zip(cases, jobs, strict=True):
        codes, samples, result = wait(job)
        assert np.array_equal(codes, case.codes)
        assert result.figures.finish_reason == case.finish_reason
        assert np.abs(samples - case.audio).max() < 1e-4
        if strangers:
            engine.cancel(strangers.pop())


def test_every_code_is_the_official_one_alone_too(engine: Engine, golden: Path) -> None:
    for name in ("custom_voice/instruct_full", "base/xvector_full"):
        case = load(golden, name)
        codes, _, _ = wait(engine.submit(request(case)))
        assert np.array_equal(codes, case.codes)
