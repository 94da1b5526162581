"""Qwen3-ForcedAligner against the official code, on a tiny random checkpoint: see make_aligner."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sidecar.models import registry
from sidecar.models.aligners.qwen3 import features
from sidecar.models.aligners.qwen3.aligner import ForcedAligner, count_tokens
from sidecar.models.opening import open_checkpoint
from sidecar.text.units import split_spoken
from tests.parity.make_aligner import CASES, STEP, make_clip

FOLDER = Path(__file__).parent.parent / "data" / "tiny-aligner"
GOLDEN: list[dict[str, Any]] = json.loads((FOLDER / "golden.json").read_text("utf-8"))
# The official code asks a dictionary of the language.
OTHER_WORDS = ("japanese", "korean")


@pytest.fixture(scope="module")
def aligner() -> ForcedAligner:
    checkpoint = open_checkpoint("tiny-aligner", FOLDER)
    assert registry.is_known(checkpoint)
    assert registry.describe(checkpoint).abilities == ("aligning",)
    return registry.aligner(checkpoint, "auto")


@pytest.mark.parametrize("number", range(len(CASES)))
def test_it_finds_what_the_official_code_finds(aligner: ForcedAligner, number: int) -> None:
    case = GOLDEN[number]
    with np.load(FOLDER / "golden.npz") as arrays:
        ids, mel, logits = (arrays[f"{number}.{name}"] for name in ("ids", "mel", "logits"))
    if case["language"] not in OTHER_WORDS:
        units = [unit.text for unit in split_spoken(case["text"], case["language"])]
        assert units == case["words"]
    samples = make_clip(case["seconds"], number)
    own = features.log_mel(features.prepare(samples, 16000))
    assert np.abs(own[:, ::STEP] - mel).max() < 1e-4
    prompt = aligner.encode(case["words"], count_tokens(own.shape[1]))
    assert prompt == ids.tolist()
    assert np.abs(np.array(aligner.classify(own, prompt)) - logits).max() < 1e-4
    found = aligner.align(samples, 16000, case["words"], case["language"])
    assert found == [tuple(time) for time in case["times"]]


def test_other_rates_and_levels_are_those_of_the_official_code(aligner: ForcedAligner) -> None:
    samples = make_clip(1.0, 1)
    loud = features.prepare(samples * 5, 16000)
    assert np.abs(loud).max() == pytest.approx(1.0)
    assert len(features.prepare(np.repeat(samples, 3)[::2].copy(), 24000)) == 16000


@pytest.mark.parametrize(("seconds", "language"), [(0.05, "english"), (1.0, "klingon")])
def test_it_is_not_sure_of_what_it_cannot_know(
    aligner: ForcedAligner, seconds: float, language: str
) -> None:
    assert aligner.align(make_clip(seconds, 1), 16000, ["one"], language) is None
