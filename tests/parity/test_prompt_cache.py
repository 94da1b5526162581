"""A prompt that begins as an earlier one goes on after that beginning, bit for bit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.models.base import Spoken, Utterance, VoicePrompt
from sidecar.models.qwen3_tts.backend import CPU, CUDA, METAL
from sidecar.models.qwen3_tts.prompt_cache import PromptCache
from tests.parity import cases
from tests.support import batches


@pytest.fixture(scope="module", params=["cpu", "gpu"])
def model(golden: Path, request: pytest.FixtureRequest) -> Any:
    """Load the model in both arrangements; the GPU's also runs on a CPU, at a second per frame."""
    backend = CPU if request.param == "cpu" else replace(METAL, reference_piece=2)
    return batches.load(golden / "base", backend=backend).model


def voice(
    model: Any, transcript: str | None = "ref", length: int = 3, seed: int = 1
) -> VoicePrompt:
    random = np.random.default_rng(seed)
    speaker = random.standard_normal(64).astype(np.float32)
    if transcript is None:
        return VoicePrompt(speaker)
    ids = np.array(model._prompts.texts.reference_ids(transcript), np.int32)
    heard = random.integers(0, 256, (length, 16)).astype(np.uint16)
    return VoicePrompt(speaker, heard, transcript, ids)


def prefill(model: Any, row: Any) -> Any:
    while not model.prefill([row]):
        pass
    return row


def audio(model: Any, row: Any, codes: np.ndarray) -> np.ndarray:
    prefill(model, row)
    half = len(codes) // 2
    parts = [model.decode([row], [mx.array(part)])[0] for part in (codes[:half], codes[half:])]
    return np.concatenate([np.array(part) for part in parts])


def outputs(row: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return what the first frame is drawn from."""
    hidden, logits = row.talker.hidden, row.talker.logits
    made = (hidden.array[hidden.row], logits.array[logits.row])
    first, second = (np.array(one.astype(mx.float32)) for one in made)
    return first, second


def are_equal(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_the_second_row_of_a_voice_starts_after_its_reference(model: Any, golden: Path) -> None:
    length, spoken = (3, 2) if model.rows_share_cost else (20, 6)
    codes = cases.load(golden, "base/icl_full").codes[:spoken].astype(np.uint32)
    prompt = model.prepare(Utterance("Hi.", reference=voice(model, length=length)))
    first, second = model.open(prompt), model.open(prompt)
    cold = model.pieces_left(first)
    expected = audio(model, first, codes)
    warm = [model.open(prompt), model.open(prompt)]
    head = 1
    assert cold - model.pieces_left(warm[0]) == -(-length // model._frames) + head
    # What one row goes on with does not reach another that began at the same place.
    assert not np.array_equal(audio(model, warm[0], codes[::-1].copy()), expected)
    assert np.array_equal(audio(model, warm[1], codes), expected)
    assert np.array_equal(audio(model, second, codes), expected)
    for row in (first, second, *warm):
        model.close(row)
    assert np.array_equal(audio(model, model.open(prompt), codes), expected)


@pytest.mark.parametrize("mode", ["full", "stream"])
@pytest.mark.parametrize("transcript", ["a reference, longer than its frames", "ref", None])
def test_a_known_head_gives_the_same_numbers(model: Any, mode: str, transcript: str | None) -> None:
    def run(text: str) -> tuple[np.ndarray, np.ndarray]:
        said = Utterance(text, reference=voice(model, transcript), text_mode=mode)  # type: ignore[arg-type]
        prompt = replace(model.prepare(said), reference_codes=None)
        return outputs(prefill(model, model.open(prompt)))

    model.forget_prompts()
    cold = run("One sentence.")
    kept = model.prompt_cache_bytes
    assert kept > 0
    assert are_equal(run("One sentence."), cold)
    warm = run("Another sentence, not of the same length.")
    assert model.prompt_cache_bytes == kept  # it was the same head
    model.forget_prompts()
    assert model.prompt_cache_bytes == 0
    assert are_equal(run("Another sentence, not of the same length."), warm)


def test_rows_that_come_together_are_as_alone(model: Any) -> None:
    """Some heads are known, some are not; prompts differ in length. On the CPU each runs alone."""
    said = [
        Utterance("One.", reference=voice(model, seed=2)),
        Utterance("Two, which is longer than all the others here.", reference=voice(model, None)),
        Utterance("Three and four.", reference=voice(model, "another", length=5, seed=3)),
        Utterance("Five.", reference=voice(model, seed=2), text_mode="full"),
    ]
    prompts = [replace(model.prepare(one), reference_codes=None) for one in said]
    model.forget_prompts()
    alone = [outputs(prefill(model, model.open(prompt))) for prompt in prompts]
    model.forget_prompts()
    prefill(model, model.open(prompts[2]))
    rows = [model.open(prompt) for prompt in prompts]
    passes = 0
    while waiting := [row for row in rows if model.pieces_left(row)]:
        model.prefill(waiting)
        passes += 1
    assert passes == (2 if model.rows_share_cost else 7)
    for row, expected in zip(rows, alone, strict=True):
        for ours, theirs in zip(outputs(row), expected, strict=True):
            assert np.abs(ours - theirs).max() < (1e-4 if model.rows_share_cost else 1e-30)


def test_a_row_that_leaves_on_the_way_leaves_nothing_wrong(model: Any) -> None:
    """A head of several pieces is kept when it is whole, and not before."""
    said = Utterance("Hi.", reference=voice(model, "a long transcript " * 40, length=500))
    prompt = replace(model.prepare(said), reference_codes=None)
    assert prompt.head.shape[1] > CPU.prompt_piece
    model.forget_prompts()
    gone = model.open(prompt)
    model.prefill([gone])
    if not model.rows_share_cost:  # the GPU's pieces are longer
        assert model.prompt_cache_bytes == 0
    model.close(gone)
    cold = outputs(prefill(model, model.open(prompt)))
    assert are_equal(outputs(prefill(model, model.open(prompt))), cold)
    model.forget_prompts()
    assert are_equal(outputs(prefill(model, model.open(prompt))), cold)


VOICES = st.tuples(
    st.sampled_from([None, "ref", "refs"]), st.sampled_from([1, 2, 9]), st.integers(1, 2)
)
SAID = st.tuples(
    VOICES,
    st.sampled_from(["Hi.", "Hello."]),
    st.sampled_from(["full", "stream"]),
    st.sampled_from(["english", "chinese", "auto"]),
    st.booleans(),
)


@cache
def base(golden: Path) -> Any:
    return batches.load(golden / "base").model


@given(SAID, SAID)
@settings(max_examples=40)
def test_keys_are_equal_only_if_heads_are(golden: Path, one: Any, other: Any) -> None:
    loaded: Any = base(golden)
    heads: list[np.ndarray] = []
    keys: list[bytes] = []
    for (transcript, length, seed), text, mode, language, follows in (one, other):
        spoken = Spoken("Before.", np.ones((2, 16), np.int32)) if follows else None
        said = Utterance(
            text,
            language=language,
            reference=voice(loaded, transcript, length, seed),
            text_mode=mode,
            follows=spoken,
        )
        prompt = loaded.prepare(said)
        assert prompt.body.shape[1] > 0
        heads.append(np.array(prompt.head))
        keys.append(prompt.key)
    if keys[0] == keys[1]:
        assert np.array_equal(heads[0], heads[1])
    else:
        assert heads[0].shape != heads[1].shape or not np.array_equal(heads[0], heads[1])


def test_what_is_kept_is_bounded(model: Any) -> None:
    def heard(frames: int) -> tuple[mx.array, Any]:
        codes = mx.full((frames, 16), 7, dtype=mx.uint32)
        state = model._codec.open()
        mx.eval(model._codec.decode([state], [codes]))
        return codes, state

    one = heard(1)[1].nbytes
    kept = PromptCache(limit=2 * one)
    rows = [heard(frames) for frames in (1, 2, 3)]
    for codes, state in rows:
        kept.keep_state(codes, state)
    assert [kept.find_state(codes) is not None for codes, _ in rows] == [False, True, True]
    assert kept.nbytes == 2 * one
    kv = [mx.zeros((one,), mx.uint8)]
    kept.keep_keys(b"head", kv)
    assert [kept.find_state(codes) is not None for codes, _ in rows] == [False, False, True]
    assert kept.find_keys(b"head") is kv
    kept.clear()
    assert (kept.nbytes, kept.find_keys(b"head")) == (0, None)


def test_masked_attention_by_products_is_the_kernels(golden: Path) -> None:
    """CUDA's arrangement of several rows' prompts, which only bfloat16 has."""
    heads: list[tuple[np.ndarray, np.ndarray]] = []
    for backend in (METAL, CUDA):
        quick = replace(backend, frame_kernels=METAL.frame_kernels, codec_kernels=None)
        model: Any = batches.load(golden / "base", "bfloat16", backend=quick).model
        said = (Utterance(text, reference=voice(model, None)) for text in ("One.", "Two, longer."))
        rows = [model.open(model.prepare(one)) for one in said]
        while waiting := [row for row in rows if model.pieces_left(row)]:
            model.prefill(waiting)
        heads += [outputs(row) for row in rows]
    for ours, theirs in zip(heads[:2], heads[2:], strict=True):
        for one, other in zip(ours, theirs, strict=True):
            assert np.linalg.norm(one - other) < 0.03 * np.linalg.norm(other)
