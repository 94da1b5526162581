from __future__ import annotations

import itertools
import re

from hypothesis import given
from hypothesis import strategies as st

from sidecar.synthesis.captions import srt
from sidecar.synthesis.request import Mark

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
