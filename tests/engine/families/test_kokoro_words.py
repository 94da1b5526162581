"""Kokoro's word times: from its own durations, in step with its audio, or none."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.models.base import GenerationSettings, Utterance, WordTimes
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.generators.adapter import Generator
from sidecar.models.generators.families import FAMILIES
from sidecar.models.generators.kokoro_words import UNIT_SECONDS, later, word_times

KNOWN = frozenset("abcdefgh ,.")
SETTINGS = GenerationSettings(max_seconds=9.0)


def token(text: str, phonemes: str, whitespace: str = "") -> SimpleNamespace:
    return SimpleNamespace(text=text, phonemes=phonemes, whitespace=whitespace)


TOKENS = [
    token("Hello", "abc"),
    token(",", ",", " "),
    token("big", "de", " "),
    token("world", "fgh"),
    token(".", "."),
]
PHONEMES = "abc, de fgh."
#            a  b  c  ,  _  d  e  _  f  g  h  .
DURATIONS = [7, 2, 3, 2, 4, 2, 3, 4, 6, 5, 4, 3, 2, 9]


def times(words: WordTimes) -> list[tuple[str, float, float]]:
    assert words.words is not None, words.why
    return [(word.text, word.start / UNIT_SECONDS, word.end / UNIT_SECONDS) for word in words.words]


def test_words_are_where_their_phonemes_are() -> None:
    """In units: 4 of silence are left of 7, and a space is shared by its neighbours."""
    found = times(word_times(PHONEMES, TOKENS, DURATIONS, KNOWN))
    assert found == [
        ("Hello", 4, 11),
        ("big", pytest.approx(16), pytest.approx(27)),
        ("world", pytest.approx(27), pytest.approx(42)),
    ]


def test_times_count_from_the_beginning_of_the_utterance() -> None:
    at_once = word_times(PHONEMES, TOKENS, DURATIONS, KNOWN)
    starts = [start for _, start, _ in times(later(at_once, 2.0))]
    assert starts == pytest.approx([80 + start for _, start, _ in times(at_once)])


def test_they_are_what_the_pipeline_counts() -> None:
    """Where the pipeline counts right, which is without tokens that have no phonemes."""
    pipeline = pytest.importorskip("mlx_audio.tts.models.kokoro.pipeline")
    import mlx.core as mx

    pipeline.KokoroPipeline.join_timestamps(TOKENS, mx.array(DURATIONS))
    found = word_times(PHONEMES, TOKENS, DURATIONS, KNOWN).words
    assert found is not None
    expected = [one for one in TOKENS if one.text.isalpha()]
    assert [word.start for word in found] == pytest.approx([one.start_ts for one in expected])
    assert [word.end for word in found] == pytest.approx([one.end_ts for one in expected])


def test_a_token_without_phonemes_moves_no_other() -> None:
    more = [*TOKENS[:2], token("~", "", " "), *TOKENS[2:]]
    phonemes, durations = "abc,  de fgh.", [*DURATIONS[:6], 1, *DURATIONS[6:]]
    found = times(word_times(phonemes, more, durations, KNOWN))
    assert [text for text, _, _ in found] == ["Hello", "big", "world"]
    assert found[-1][2] == pytest.approx(43)


@pytest.mark.parametrize(
    ("phonemes", "tokens", "durations", "why"),
    [
        ("abc, de fgX.", [*TOKENS[:3], token("world", "fgX"), TOKENS[4]], DURATIONS[:-1], "X"),
        (PHONEMES, TOKENS, DURATIONS[:-1], "left them out"),
        (PHONEMES[:8], TOKENS, DURATIONS[:10], "too long"),
        (PHONEMES, None, DURATIONS, "English"),
    ],
)
def test_times_are_refused_when_the_network_did_not_get_all(
    phonemes: str, tokens: list[SimpleNamespace] | None, durations: list[int], why: str
) -> None:
    refused = word_times(phonemes, tokens, durations, KNOWN)
    assert refused.words is None
    assert why in refused.why


@pytest.mark.filterwarnings("ignore:Model.from_pretrained:DeprecationWarning")
def test_they_are_in_step_with_the_audio(
    generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two sentences are two parts, and a family speaks one after the other."""
    pipeline = generator._model._get_pipeline("e")  # pyright: ignore[reportPrivateUsage]
    # English without its packages, which are too large for the tests. One phoneme a word is enough.
    monkeypatch.setattr(pipeline, "lang_code", "a")
    monkeypatch.setattr(
        pipeline,
        "g2p",
        lambda text: ("", [token(word, word[0].lower(), " ") for word in text.split()]),
    )
    prompt = generator.prepare(Utterance("Un as.", voice="ef_dora"), SETTINGS)
    prompt = prompt._replace(parts=["Un as.", "Es uno."])
    said = [one for one in generator.speak(prompt) if one is not None]
    samples = np.cumsum([0 if isinstance(one, WordTimes) else one.size for one in said])
    parts = [times(one) for one in said if isinstance(one, WordTimes)]
    assert [[text for text, _, _ in part] for part in parts] == [
        ["Un", "as."],
        ["Es", "uno."],
    ]
    ends = [samples[at + 1] / 24000 for at, one in enumerate(said) if isinstance(one, WordTimes)]
    for part, begin, end in zip(parts, (0.0, *ends), ends, strict=False):
        assert begin <= part[0][1] * UNIT_SECONDS < part[-1][2] * UNIT_SECONDS <= end
    durations = [one.size / 600 for one in said if not isinstance(one, WordTimes)]
    assert durations == [round(duration) for duration in durations]  # whole units


@pytest.mark.filterwarnings("ignore:Model.from_pretrained:DeprecationWarning")
def test_another_language_says_why_it_has_none(generator: Generator) -> None:
    said = list(generator.speak(generator.prepare(Utterance("Sí.", voice="ef_dora"), SETTINGS)))
    (refused,) = (one for one in said if isinstance(one, WordTimes))
    assert refused.words is None
    assert "English" in refused.why


@pytest.fixture(scope="module")
def generator(folders: dict[str, str]) -> Generator:
    folder = folders["kokoro"]
    config = json.loads((Path(folder) / "config.json").read_text("utf-8"))
    checkpoint = Checkpoint("kokoro", Path(folder), config)
    return Generator.load(checkpoint, FAMILIES["kokoro"], "float32")


@given(st.data())
def test_words_are_in_order_and_inside_the_audio(data: st.DataObject) -> None:
    row = st.tuples(st.sampled_from("w,"), st.text("abc", max_size=3), st.sampled_from(["", " "]))
    rows = data.draw(st.lists(row, min_size=1, max_size=8))
    tokens = [token(*row) for row in rows]
    phonemes = "".join(one.phonemes + one.whitespace for one in tokens).strip()
    count = len(phonemes) + 2
    lengths = data.draw(st.lists(st.integers(1, 100), min_size=count, max_size=count))
    found = times(word_times(phonemes, tokens, lengths, KNOWN))
    flat = [time for _, start, end in found for time in (start, end)]
    assert flat == sorted(flat)
    assert all(0 <= time <= sum(lengths) for time in flat)
