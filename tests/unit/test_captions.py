from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.synthesis.captions import srt, vtt
from sidecar.synthesis.request import Mark, Word, Words

# The TypeScript client's tests have the same.
ENGLISH = (
    "**Bold** `x` - then it goes on and on until the lines of a caption are full, which "
    "broadcasters have two of, and more than that no one reads in time. "
)
CHINESE = (
    "你好，我的朋友。今天我们来看一看字幕怎么换行，因为中文没有空格，所以很容易出错。- An item."
)
SHOWN = """\
1
00:00:00,000 --> 00:00:04,929
Bold x - then it goes on and on until
the lines of a caption are full,

2
00:00:04,929 --> 00:00:10,000
which broadcasters have two of, and
more than that no one reads in time.

3
00:00:10,000 --> 00:00:16,667
你好，我的朋友。今天我们来看一
看字幕怎么换行，因为中文没有空

4
00:00:16,667 --> 00:00:20,000
格，所以很容易出错。- An item.

5
00:00:20,000 --> 01:02:03,004
Bye.
"""


def test_a_sentence_has_as_many_captions_as_it_needs() -> None:
    text = f"{ENGLISH}{CHINESE}***\nBye."
    borders = [0, *itertools.accumulate(map(len, (ENGLISH, CHINESE, "***\n", "Bye.")))]
    starts = [0.0, 10.0, 20.0, 20.0]
    marks = [Mark(i, borders[i], borders[i + 1], start) for i, start in enumerate(starts)]
    assert srt(text, marks, 3723.004) == SHOWN


@given(st.lists(st.tuples(st.text(max_size=120), st.floats(0, 9)), min_size=1, max_size=6))
def test_captions_follow_each_other_and_are_small(sentences: list[tuple[str, float]]) -> None:
    text, marks, at = "", [], 0.0
    for index, (sentence, seconds) in enumerate(sentences):
        marks.append(Mark(index, len(text), len(text) + len(sentence), at))
        text += sentence
        at += seconds
    found = srt(text, marks, at)
    times = re.findall(r"^([\d:,]+) --> ([\d:,]+)$", found, re.MULTILINE)
    assert [*itertools.chain(*times)] == sorted(itertools.chain(*times))
    for cue in found.split("\n\n"):
        assert cue.rstrip("\n").count("\n") <= 3


def test_captions_follow_the_words() -> None:
    text = "**Tom & Jerry** are here. Bye."
    marks = [Mark(0, 0, 26, 0.0), Mark(1, 26, 30, 2.0)]
    said = [
        Word("Tom", 0.0, 0.4, 2, 5),
        Word("Jerry", 0.6, 1.0, 8, 13),
        Word("are", 1.0, 1.2, 16, 19),
        Word("here", 1.2, 2.0, 20, 24),
    ]
    words = [Words(0, tuple(said), "aligner", 10.0), Words(1, None)]
    assert srt(text, marks, 3.0, words).split("\n\n") == [
        "1\n00:00:00,000 --> 00:00:00,400\n<u>Tom</u> & Jerry are here.",
        "2\n00:00:00,400 --> 00:00:00,600\nTom & Jerry are here.",
        "3\n00:00:00,600 --> 00:00:01,000\nTom & <u>Jerry</u> are here.",
        "4\n00:00:01,000 --> 00:00:01,200\nTom & Jerry <u>are</u> here.",
        "5\n00:00:01,200 --> 00:00:02,000\nTom & Jerry are <u>here</u>.",
        "6\n00:00:02,000 --> 00:00:03,000\nBye.\n",
    ]
    assert "Tom &amp; <00:00:00.600>Jerry <00:00:01.000>are <00:00:01.200>here.\n" in vtt(
        text, marks, 3.0, words
    )


def test_each_caption_of_a_long_sentence_begins_with_its_first_word() -> None:
    text = " ".join(f"word{i}" for i in range(24))
    said = tuple(
        Word(word, i * 0.5, i * 0.5 + 0.4, text.index(word), text.index(word) + len(word))
        for i, word in enumerate(text.split())
    )
    found = vtt(text, [Mark(0, 0, len(text), 0.0)], 12.5, [Words(0, said)])
    for cue in found.split("\n\n")[2:]:
        clock, lines = cue.split("\n", 1)
        number = int(lines.split("<")[0].strip().removeprefix("word"))
        assert clock.startswith(f"00:00:{number * 0.5:06.3f} -->")


CASES = json.loads((Path(__file__).parents[2] / "clients/cases/captions.json").read_text("utf-8"))


def word_of(told: dict[str, Any]) -> Word:
    times = (told["startMs"] / 1000, told["endMs"] / 1000)
    return Word(told["word"], *times, told["textStart"], told["textEnd"])


@pytest.mark.parametrize(
    "case", [one for one in CASES if one.get("isSsml")], ids=lambda case: case["name"]
)
def test_captions_of_ssml_are_those_of_the_clients(case: dict[str, Any]) -> None:
    text, marks = "", list[Mark]()
    for index, one in enumerate(case["sentences"]):
        place = (len(text), len(text) + len(one["text"]))
        marks.append(Mark(index, *place, one["startMs"] / 1000, one.get("speaker")))
        text += one["text"]
    words = [Words(one["sentence"], tuple(map(word_of, one["words"]))) for one in case["words"]]
    speech = (text, marks, case["durationMs"] / 1000, words)
    assert srt(*speech, is_ssml=True) == case["srt"]
    assert vtt(*speech, is_ssml=True) == case["vtt"]
