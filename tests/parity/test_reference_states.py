"""A reference that the codec has decoded before: the next row starts after it, bit for bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from sidecar.models.base import Utterance, VoicePrompt
from sidecar.models.qwen3_tts.backend import CPU, METAL
from sidecar.models.qwen3_tts.reference_states import ReferenceStateCache
from tests.parity import cases
from tests.support import batches


@pytest.fixture(scope="module", params=["cpu", "gpu"])
def model(golden: Path, request: pytest.FixtureRequest) -> Any:
    """Load the model in both arrangements; the GPU's also runs on a CPU, at a second per frame."""
    backend = CPU if request.param == "cpu" else replace(METAL, reference_piece=2)
    return batches.load(golden / "base", backend=backend).model


def audio(model: Any, row: Any, codes: np.ndarray) -> np.ndarray:
    while not model.prefill(row):
        pass
    half = len(codes) // 2
    parts = [model.decode([row], [mx.array(part)])[0] for part in (codes[:half], codes[half:])]
    return np.concatenate([np.array(part) for part in parts])


def test_the_second_row_of_a_voice_starts_after_its_reference(model: Any, golden: Path) -> None:
    length, spoken = (3, 2) if model.rows_share_cost else (20, 6)
    codes = cases.load(golden, "base/icl_full").codes[:spoken].astype(np.uint32)
    ids = np.array(model._prompts.reference_ids("ref"), np.int32)
    heard = np.random.default_rng(1).integers(0, 256, (length, 16)).astype(np.uint16)
    features = VoicePrompt(np.ones(64, np.float32), heard, "ref", ids)
    prompt = model.prepare(Utterance("Hi.", reference=features))
    first, second = model.open(prompt), model.open(prompt)
    cold = model.pieces_left(first)
    expected = audio(model, first, codes)
    warm = [model.open(prompt), model.open(prompt)]
    assert cold - model.pieces_left(warm[0]) == -(-length // model._frames)
    # What one row goes on with does not reach another that began at the same place.
    assert not np.array_equal(audio(model, warm[0], codes[::-1].copy()), expected)
    assert np.array_equal(audio(model, warm[1], codes), expected)
    assert np.array_equal(audio(model, second, codes), expected)
    for row in (first, second, *warm):
        model.close(row)
    assert np.array_equal(audio(model, model.open(prompt), codes), expected)


def test_what_is_remembered_is_bounded(model: Any) -> None:
    def heard(frames: int) -> tuple[mx.array, Any]:
        codes = mx.full((frames, 16), 7, dtype=mx.uint32)
        state = model._codec.open()
        mx.eval(model._codec.decode([state], [codes]))
        return codes, state

    one = sum(slot.array.nbytes for part in heard(1)[1].memories for slot in part)
    kept = ReferenceStateCache(limit=2 * one)
    rows = [heard(frames) for frames in (1, 2, 3)]
    for codes, state in rows:
        kept.keep(codes, state)
    assert [kept.start(codes) is not None for codes, _ in rows] == [False, True, True]
    assert kept.nbytes == 2 * one
