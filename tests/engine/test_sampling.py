from __future__ import annotations

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.engine.sampling import BatchSampler, LogitsMask, SamplingState, key_words
from sidecar.models.base import CodeSpec, SamplingParams
from tests.support.draws import check_draws

VOCAB = 40
SPEC = CodeSpec(
    codebooks=4,
    vocab_size=VOCAB,
    eos=35,
    suppressed=tuple(i for i in range(30, VOCAB) if i != 35),
)
MASK = LogitsMask(SPEC)
GREEDY = SamplingParams(0.0, 0, 1.0)

params = st.builds(
    SamplingParams,
    temperature=st.sampled_from([0.0, 0.3, 1.0, 2.0]),
    top_k=st.sampled_from([0, 1, 5, 100]),
    top_p=st.sampled_from([0.1, 0.8, 1.0]),
)


def row(
    talker: SamplingParams = GREEDY, seed: int = 1, penalty: float = 1.0, min_frames: int = 0
) -> SamplingState:
    return SamplingState(talker, talker, penalty, min_frames, seed)


def logits(rows: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 3, (rows, VOCAB)).astype(np.float32)


def draw(rows: list[SamplingState], values: np.ndarray) -> list[int]:
    sampler = BatchSampler(MASK, rows)
    codes = sampler.first(mx.array(values)).tolist()
    sampler.advance()
    return codes  # pyright: ignore[reportReturnType]


def frame(rows: list[SamplingState], values: np.ndarray) -> list[list[int]]:
    """Draw all codebooks of one frame for each row."""
    sampler = BatchSampler(MASK, rows)
    codes = [sampler.first(mx.array(values))]
    codes += [sampler.residual(book, mx.array(values)) for book in range(1, SPEC.codebooks)]
    sampler.advance()
    return mx.stack(codes, axis=1).tolist()  # pyright: ignore[reportReturnType]


def test_greedy_takes_the_largest_that_is_not_suppressed() -> None:
    values = logits(1)
    values[0, 33] = 100.0
    allowed = [i for i in range(VOCAB) if i not in SPEC.suppressed]
    assert draw([row()], values) == [allowed[int(np.argmax(values[0, allowed]))]]


def test_end_of_speech_waits_for_the_minimum_of_frames() -> None:
    values = logits(1)
    values[0, SPEC.eos] = 100.0
    state = row(min_frames=2)
    assert SPEC.eos not in draw([state], values) + draw([state], values)
    assert draw([state], values) == [SPEC.eos]


def test_a_draw_is_the_same_until_it_is_counted() -> None:
    state, values = row(SamplingParams(1.0, 0, 1.0), penalty=2.0), logits(1)
    sampler = BatchSampler(MASK, [state])
    draws = [sampler.first(mx.array(values)).tolist() for _ in range(3)]
    assert draws[0] == draws[1] == draws[2]
    assert (state.frame, state.seen) == (0, None)
    sampler.advance()
    assert state.frame == 1
    assert state.seen is not None


def test_the_penalty_covers_the_whole_history() -> None:
    state = row(penalty=4.0)
    flat = np.zeros((1, VOCAB), np.float32)
    for code in range(20):  # a positive logit shrinks and a negative one grows, each once seen
        flat[:] = -1.0
        flat[0, code] = 1.0
        assert draw([state], flat) == [code]
    values = np.full((1, VOCAB), -8.0, np.float32)
    values[0, :20] = 4.0  # all seen: 4 / 4 = 1
    values[0, 25] = 1.5
    assert draw([state], values) == [25]


@pytest.mark.parametrize("k", [1, 3, 10])
def test_top_k_draws_among_the_k_largest(k: int) -> None:
    values = logits(1)
    values[0, 30:] = -50
    best = set(np.argsort(values[0])[-k:].tolist())
    state = row(SamplingParams(2.0, k, 1.0))
    drawn = {draw([state], values)[0] for _ in range(150)}
    assert drawn <= best
    assert len(drawn) == k


@pytest.mark.parametrize("top_p", [0.3, 0.7, 0.95])
def test_top_p_draws_from_the_smallest_sufficient_set(top_p: float) -> None:
    values = logits(1)
    values[0, 30:] = -50
    probabilities = np.exp(values[0].astype(np.float64)) / np.exp(values[0]).sum()
    order = np.argsort(-probabilities)
    mass_before = np.cumsum(probabilities[order]) - probabilities[order]
    nucleus = set(order[mass_before < top_p].tolist())
    state = row(SamplingParams(1.0, 0, top_p))
    drawn = {draw([state], values)[0] for _ in range(300)}
    assert drawn <= nucleus
    assert {code for code in nucleus if probabilities[code] > 0.05} <= drawn


def test_the_edge_of_the_nucleus_is_hugging_faces() -> None:
    """top_p 0.5 keeps two of four equal codes: the mass of the others is exactly 1 − top_p."""
    values = np.full((1, VOCAB), -200.0, np.float32)
    values[0, :4] = 0.0
    state = row(SamplingParams(1.0, 0, 0.5))
    assert len({draw([state], values)[0] for _ in range(100)}) == 2


@pytest.mark.parametrize(("top_k", "top_p"), [(0, 1.0), (20, 0.7)])
def test_draws_follow_the_distribution(top_k: int, top_p: float) -> None:
    """Of codebook 0 and of another one, over 100,000 draws each, from rows with different seeds.

    tests/engine/cuda shows that the kernels draw the same codes for the same logits.
    """
    how, rows, frames = SamplingParams(0.9, top_k, top_p), 1000, 100
    states = [row(how, seed) for seed in range(rows)]
    sampler = BatchSampler(MASK, states)
    values = mx.repeat(mx.array(logits(1, 5)), rows, axis=0)
    drawn: list[list[mx.array]] = [[], []]
    for _ in range(frames):
        drawn[0].append(sampler.first(values))
        drawn[1].append(sampler.residual(1, values))
        sampler.advance()
    plain = np.array(values[0])
    masked = np.array((values[:1] + MASK.never)[0])
    for codes, seen in zip(drawn, (masked, plain), strict=True):
        check_draws(np.bincount(np.concatenate(codes), minlength=VOCAB), seen, how)


@settings(max_examples=40)
@given(
    st.lists(st.tuples(params, st.integers(0, 2**53 - 1)), min_size=1, max_size=5),
    st.integers(0, 1000),
)
def test_a_row_draws_the_same_alone_and_among_others(
    settings_: list[tuple[SamplingParams, int]], noise: int
) -> None:
    values = [logits(len(settings_), noise + frame) for frame in range(3)]
    together = [row(p, seed, penalty=1.3) for p, seed in settings_]
    batch = [frame(together, value) for value in values]
    for index, (p, seed) in enumerate(settings_):
        alone = [row(p, seed, penalty=1.3)]
        codes = [frame(alone, value[index : index + 1])[0] for value in values]
        assert codes == [drawn[index] for drawn in batch]


def test_stages_and_frames_have_keys_of_their_own() -> None:
    keys = {key_words(seed, step) for seed in range(50) for step in range(200)}
    assert len(keys) == 50 * 200
