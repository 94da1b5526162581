"""How many of the public suites' cases are read and split as expected; `make text-scores`."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from bench import text as scores
from sidecar.synthesis.segments import SegmentSource
from sidecar.text.silence import is_silent
from sidecar.text.speakable import make_speakable
from tests.support.sentences import dictate, split, stream_speakable

DATA = Path(__file__).parents[1] / "data" / "text"
# The least number of cases that are read as expected, of all in `normalisation.jsonl`.
READ = {
    "english": 250,
    "chinese": 226,
    "japanese": 302,
}
SPLIT = 94
# Texts that are compared as a whole and dictated, of so many cases each.
DICTATED, TOGETHER = 320, 4


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("Forty-two, and a half.", scores.AS_EXPECTED),
        ("42½", scores.AS_WRITTEN),
        ("forty three", scores.OTHER),
    ],
)
def test_only_words_count_in_a_reading(said: str, verdict: str) -> None:
    case = {"kind": "x", "language": "english", "text": "42½", "expected": ["forty two a half"]}
    assert scores.judge(case, said) == verdict


def test_the_suites_are_read_as_well_as_before() -> None:
    results = list(scores.score(scores.read_cases(DATA / "normalisation.jsonl")))
    right = Counter(case["language"] for case, verdict in results if verdict == scores.AS_EXPECTED)
    assert {
        language: right[language] for language in READ if right[language] < READ[language]
    } == {}
    titles = scores.tabulate(results).splitlines()[0].split()
    assert titles[:3] == ["language", "kind", "cases"]


def test_the_suites_are_split_as_well_as_before() -> None:
    results = scores.score(scores.read_cases(DATA / "sentences.jsonl"))
    assert sum(verdict == scores.AS_EXPECTED for _, verdict in results) >= SPLIT


def test_pieces_of_the_suites_are_said_as_the_whole() -> None:
    for case in scores.read_cases(DATA / "normalisation.jsonl"):
        text, language = case["text"], case["language"]
        said = "".join(stream_speakable(text, language, [1] * len(text))).strip()
        assert said == make_speakable(text, language) or is_silent(said), text


def test_pieces_of_the_suites_are_split_as_the_whole() -> None:
    for case in scores.read_cases(DATA / "sentences.jsonl"):
        text, language = case["text"], case["language"]
        assert split(text, language, sizes=[1] * len(text)) == split(text, language), text


def read_whole(text: str, language: str) -> str:
    source = SegmentSource(language, split=True, normalize=True)
    source.feed(text)
    source.end()
    said = ""
    while segment := source.next():
        said += segment.text
    return said


def test_a_dictated_text_has_the_words_of_the_whole() -> None:
    cases = [
        case
        for name in ("normalisation", "sentences")
        for case in scores.read_cases(DATA / f"{name}.jsonl")
    ]
    rng = random.Random(5)
    rng.shuffle(cases)
    cases.sort(key=lambda case: case["language"])
    groups = [cases[at : at + TOGETHER] for at in range(0, len(cases), TOGETHER)]
    groups = [group for group in groups if len({case["language"] for case in group}) == 1]
    assert len(groups) > DICTATED
    differ: list[tuple[str, str]] = []
    for group in rng.sample(groups, DICTATED):
        text = rng.choice((" ", "\n\n")).join(case["text"] for case in group)
        language = group[0]["language"]
        one, other = read_whole(text, language), dictate(text, language, 3)
        if "".join(one.split()) != "".join(other.split()):
            differ.append((one, other))
    assert differ == []
