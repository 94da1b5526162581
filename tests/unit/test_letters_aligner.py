"""The letters aligner: features, search, and its error on recordings of the bundled voice."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sidecar.models.aligners import find_built_in
from sidecar.models.aligners.letters import LettersAligner, find_doubt, lattice, load, spelled
from sidecar.models.aligners.letters.features import MELS, log_mel, normalised, takes
from sidecar.models.aligners.letters.network import LETTERS, Heard
from tests.support.wire import ROOT

FOLDER = ROOT / "tests" / "data" / "word-times"
RECORDINGS = ROOT / "tests" / "data" / "recordings"
Samples = NDArray[np.float32]


class Recording(NamedTuple):
    name: str
    samples: Samples
    rate: int
    units: list[str]
    starts: list[float]
    ends: list[float]


@cache
def aligner() -> LettersAligner:
    return load()


@cache
def recordings() -> list[Recording]:
    """Return what the bundled voice said in both text modes, with its words' times."""
    rows = json.loads((FOLDER / "times.json").read_text("utf-8"))
    return [
        Recording(row["file"], *_read(row["file"]), *map(list, zip(*row["words"], strict=True)))
        for row in rows
    ]


def _read(name: str) -> tuple[Samples, int]:
    samples, rate = soundfile.read(FOLDER / name, dtype="float32")
    return np.asarray(samples, np.float32), rate


def align(samples: Samples, rate: int, units: Sequence[str]) -> list[tuple[float, float]] | None:
    return aligner().align(samples, rate, units, "english")


# --- the bundled voice ---------------------------------------------------------------------------


def test_it_is_the_aligner_for_english() -> None:
    assert isinstance(find_built_in("english"), LettersAligner)
    assert find_built_in("german") is None


def test_words_of_the_bundled_voice_are_where_they_were_spoken() -> None:
    """docs/aligner.md has the figures of more sentences. The reference is good to some 5 ms."""
    errors, unsure = [], []
    for one in recordings():
        times = align(one.samples, one.rate, one.units)
        if times is None:
            unsure.append(one.name)
            continue
        errors += [abs(start - at) for (start, _), at in zip(times, one.starts, strict=True)]
    assert unsure == ["4-slt-stream.flac"]  # one word of it sounds like another one
    assert len(errors) > 50
    assert np.median(errors) <= 0.008
    assert np.quantile(errors, 0.95) <= 0.030
    assert max(errors) <= 0.1


@pytest.mark.parametrize("rate", [16000, 22050, 44100, 48000])
def test_the_rate_changes_nothing(rate: int) -> None:
    one = recordings()[0]
    resampled = soxr.resample(one.samples, one.rate, rate)
    times, expected = align(resampled, rate, one.units), align(one.samples, one.rate, one.units)
    assert times is not None
    assert expected is not None
    assert np.ravel(times) == pytest.approx(np.ravel(expected), abs=0.02)


def test_level_and_silence_around_it_change_nothing() -> None:
    one = recordings()[1]
    silence = np.zeros(one.rate // 2, np.float32)
    longer = np.concatenate([silence, 0.05 * one.samples, silence])
    times, expected = align(longer, one.rate, one.units), align(one.samples, one.rate, one.units)
    assert times is not None
    assert expected is not None
    starts = [start - 0.5 for start, _ in times]
    assert starts == pytest.approx([start for start, _ in expected], abs=0.06)


def test_the_same_is_computed_again() -> None:
    one = recordings()[2]
    assert align(one.samples, one.rate, one.units) == align(one.samples, one.rate, one.units)


# --- not sure ------------------------------------------------------------------------------------


def test_it_is_not_sure_of_other_words() -> None:
    for one, other in itertools.pairwise([*recordings(), recordings()[0]]):
        assert align(one.samples, one.rate, other.units) is None, (one.name, other.name)


def test_it_is_not_sure_when_half_of_the_words_are_others() -> None:
    for one, other in itertools.pairwise([*recordings(), recordings()[0]]):
        half = len(one.units) // 2
        units = [*one.units[:half], *other.units[half:]]
        assert align(one.samples, one.rate, units) is None, (one.name, other.name)


def test_one_wrong_word_makes_it_unsure() -> None:
    """It is not always so: docs/aligner.md says how often."""
    words = ["morning", "seven", "blue", "people", "always", "garden"]
    unsure = []
    for one, word in zip(recordings(), itertools.cycle(words), strict=False):
        middle = len(one.units) // 2
        units = [*one.units[:middle], word, *one.units[middle + 1 :]]
        unsure.append(align(one.samples, one.rate, units) is None)
    assert sum(unsure) >= len(unsure) - 1


def test_sounds_before_a_word_make_it_unsure() -> None:
    """The voice stumbles now and then: half a second of another sentence is before the words."""
    one, other = recordings()[0], recordings()[2]
    assert one.rate == other.rate
    at, middle = int(one.starts[2] * one.rate), len(other.samples) // 2
    stumble = other.samples[middle : middle + one.rate // 2]
    samples = np.concatenate([one.samples[:at], stumble, one.samples[at:]])
    assert align(one.samples, one.rate, one.units) is not None
    assert align(samples, one.rate, one.units) is None


def _only_starts(at: Sequence[int], frames: int) -> Heard:
    """Every frame is spoken, and any letter as likely as another."""
    letters = np.full((frames, 1 + len(LETTERS)), -np.log(1 + len(LETTERS)), np.float32)
    starts = np.full(frames, -5, np.float32)
    starts[list(at)] = 5
    return Heard(letters, np.full(frames, -9, np.float32), starts)


@pytest.mark.parametrize(
    ("at", "least", "most"), [((0, 20), 0.0, 0.02), ((0, 20, 40), 0.08, 0.12), ((0,), 0.12, 0.3)]
)
def test_a_word_without_one_border_has_a_wide_spread(
    at: Sequence[int], least: float, most: float
) -> None:
    """Two starts that are alike, 0.2 s apart, are 0.1 s from their middle."""
    said, words = _only_starts(at, 60), ["ab", "cd"]
    built = lattice.build(words)
    path = lattice.search(built, said)
    assert path is not None
    doubt = find_doubt(built, path, words)
    assert least <= doubt.spread <= most
    assert doubt.delay >= 0.01


def test_it_is_not_sure_of_what_is_no_speech() -> None:
    random = np.random.default_rng(1)
    time = np.arange(2 * 24000) / 24000
    chord = sum(np.sin(2 * np.pi * hertz * time) for hertz in (220, 277.2, 329.6)) / 5
    music = chord * (1 + np.sin(2 * np.pi * 2 * time)) / 2
    noise = random.normal(size=len(time)) / 10
    for one, sound in itertools.product(recordings(), (music, noise)):
        assert align(sound.astype(np.float32), 24000, one.units) is None, one.name


@pytest.mark.parametrize("units", [["2024"], ["Hello", "25"], ["你好"], ["Привет"], ["'"], []])
def test_it_does_not_guess_how_figures_and_other_scripts_are_read(units: list[str]) -> None:
    one = recordings()[0]
    assert align(one.samples, one.rate, units) is None


@pytest.mark.parametrize("seconds", [0, 0.0001, 0.05, 0.15])
def test_too_little_audio_is_no_error(seconds: float) -> None:
    samples = recordings()[0].samples[: round(seconds * 24000)]
    assert align(samples, 24000, recordings()[0].units) is None


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf")])
def test_samples_without_sound_are_no_error(value: float) -> None:
    assert align(np.full(24000, value, np.float32), 24000, ["hello"]) is None


# --- the search ----------------------------------------------------------------------------------

WORDS = st.lists(st.text(LETTERS[:4], min_size=1, max_size=4), min_size=1, max_size=4)


def heard(seed: int, frames: int) -> Heard:
    random = np.random.default_rng(seed)
    letters = random.normal(size=(frames, 1 + len(LETTERS))) * 3
    letters -= np.logaddexp.reduce(letters, axis=1, keepdims=True)
    silence, starts = random.normal(size=(2, frames)) * 4
    return Heard(*(array.astype(np.float32) for array in (letters, silence, starts)))


@settings(max_examples=30)
@given(WORDS, st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_every_word_is_spoken_in_order(words: list[str], seed: int, frames: int) -> None:
    built = lattice.build(words)
    path = lattice.search(built, heard(seed, frames))
    # A word takes a frame before its first letter, one for each letter, and one between equal ones.
    least = sum(1 + len(word) + sum(a == b for a, b in itertools.pairwise(word)) for word in words)
    assert (path is None) == (frames < least)
    if path is None:
        return
    assert len(path.states) == frames
    assert (np.diff(path.states) >= 0).all()
    said = [
        (built.word[state], built.letter[state])
        for state in dict.fromkeys(path.states.tolist())
        if built.letter[state]
    ]
    assert said == [
        (at, 1 + LETTERS.index(letter)) for at, word in enumerate(words) for letter in word
    ]
    assert path.losses.min() >= 0
    # No path is better than the best, which begins each word where its state is first entered.
    assert path.starts.max() == pytest.approx(0, abs=1e-2)
    entered = np.searchsorted(path.states, np.flatnonzero(built.begins))
    best = path.starts[entered, np.arange(len(words))]
    assert best == pytest.approx(np.zeros(len(words)), abs=1e-2)


@settings(max_examples=40)
@given(
    WORDS.filter(lambda words: sum(map(len, words)) <= 3), st.integers(0, 999), st.integers(2, 6)
)
def test_no_other_path_is_better(words: list[str], seed: int, frames: int) -> None:
    """All paths are tried, by rules that are written down anew."""
    built, said = lattice.build(words), heard(seed, frames)
    count = len(built.word)
    paths = [
        path
        for path in itertools.combinations_with_replacement(range(count), frames)
        if path[0] <= 1
        and path[-1] >= count - 3
        and all(a == b or _follows(built, a, b) for a, b in itertools.pairwise(path))
    ]
    best = lattice.search(built, said)
    if not paths:
        assert best is None
        return
    assert best is not None
    scores = [_score(built, said, path) for path in paths]
    assert _score(built, said, best.states.tolist()) == pytest.approx(max(scores), abs=1e-3)
    expected = np.full(best.starts.shape, -np.inf)
    for path, score in zip(paths, scores, strict=True):
        for word, state in enumerate(np.flatnonzero(built.begins)):
            place = path.index(state), word
            expected[place] = max(expected[place], score - max(scores))
    possible = np.isfinite(expected)
    assert best.starts[possible] == pytest.approx(expected[possible], abs=1e-3)
    assert (best.starts[~possible] < -1e6).all()


def _follows(built: lattice.Lattice, a: int, b: int) -> bool:
    """Return whether state b may come right after state a."""
    skipped = range(a + 1, b)
    if not skipped:
        return b > a
    if any(built.begins[state] or built.letter[state] for state in skipped):
        return False
    # What is left out is a rest between two different letters, or a rest and a pause between words.
    same_word = built.word[a] == built.word[b]
    if same_word and built.letter[a] == built.letter[b]:
        return False
    return bool(built.begins[b] or (built.letter[b] and built.letter[a]) or built.word[b] < 0)


def _score(built: lattice.Lattice, said: Heard, path: Sequence[int]) -> float:
    total, before = 0.0, -1
    for frame, state in enumerate(path):
        sign = 1 if built.word[state] < 0 else -1
        total += said.letters[frame, built.letter[state]] - np.logaddexp(
            0, -sign * said.silence[frame]
        )
        if built.begins[state] and state != before:
            total += np.clip(said.starts[frame], -10, 10)
        before = state
    return float(total)


@settings(max_examples=30)
@given(
    st.lists(st.text("abcABC é'ß1", min_size=1, max_size=6), min_size=1, max_size=6),
    st.integers(0, 999),
    st.floats(0.1, 2),
)
def test_times_are_inside_the_audio_and_in_order(
    units: list[str], seed: int, seconds: float
) -> None:
    samples = np.random.default_rng(seed).normal(size=round(seconds * 16000)).astype(np.float32)
    aligned = aligner().align_with_doubt(samples, 16000, units)
    if aligned is None:
        return
    times, _ = aligned
    assert len(times) == len(units)
    starts = [start for start, _ in times]
    assert starts == sorted(starts)
    assert all(0 <= start <= end <= len(samples) / 16000 for start, end in times)


# --- the features --------------------------------------------------------------------------------


def test_features_of_one_sound_at_two_rates_are_equal() -> None:
    one = recordings()[0]
    lower = soxr.resample(one.samples, one.rate, 16000)
    high, low = (normalised(log_mel(x, rate)) for x, rate in ((one.samples, 24000), (lower, 16000)))
    assert high.shape == low.shape == (-(-len(one.samples) // 240), MELS)
    assert np.abs(high - low).mean() < 0.01


def test_a_frame_is_about_the_sound_around_it() -> None:
    samples = np.zeros(16000, np.float32)
    samples[8000] = 1  # a click after 0.5 s
    assert log_mel(samples, 16000).sum(axis=1).argmax() == 50


def test_it_takes_rates_without_resampling() -> None:
    assert [rate for rate in (8000, 16000, 22050, 24000, 44100, 48000) if takes(rate)] == [
        16000,
        24000,
        48000,
    ]


@pytest.mark.parametrize(
    ("unit", "letters"),
    [("Café", "cafe"), ("don't", "dont"), ("Twentyfive", "twentyfive"), ("25", None), ("²", None)],
)
def test_letters_of_a_word(unit: str, letters: str | None) -> None:
    assert spelled(unit) == letters
