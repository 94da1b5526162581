"""Abbreviations whose full stop does not end a sentence, beside those that `sentencex` knows."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("abbreviations.toml")
# After these, a capital begins a sentence; in German, one of these words does.
_ENDS = re.compile(
    r"(?:\b(?:ecc|etc|us[wf]|u\.s\.w|u\.\s?[aä])|\d\s?г|\b(?:т\.\s?[дп]|[ap]\.\s?m))\.\W*$"
    r"|(?<!\w)\w{3,}\.(?:[\w-]+\.)*[a-z]{2,}\.\W*$",
    re.IGNORECASE,
)
_GERMAN_STARTERS = re.compile(
    r"(?:Sie|Er|Es|Wir|Ich|Ihr|Das|Der|Die|Dies\w*|Eine?|Dann|Danach|Doch|Aber|Und|Auch|Also|Wenn|Als"
    r"|So|Hier|Dort|Jetzt|Heute|Im|In|Am|Bei|Nach|Von|Zu)\b"
)
# "At 5 p.m. Monday", "at 5 p.m. Mon.–Fri.", "at 5 p.m. Eastern".
_TIME = re.compile(r"\bm\.\W*$", re.IGNORECASE)
_DAYS_ZONES = re.compile(
    r"(?:(?:Mon|Tue|Tues|Wed|Wednes|Thu|Thur|Thurs|Fri|Sat|Satur|Sun)(?:day)?|January|February|March|April|June|July|August"
    r"|September|October|November|December|[ECMP][SD]?T|GMT|UTC|BST|Eastern|Central|Pacific)\b"
)
_LAST = re.compile(r"(?<![\w.])((?:[^\W\d_]|[.°º№]|(?<=\w)-)+)\.\W*$")
_NUMERAL = re.compile(r"\d|[IVX]+\b")
_INITIAL = re.compile(r"(?<![\w°])[^\W\d_]\.\W*$")
_KOREAN_DATE = re.compile(r"(?<!\d)\d{1,2}\.\s+\d{1,2}\.\s*$")
# A word of so few letters before a full stop and a small letter is an abbreviation.
_SHORT = 4
# In these languages a single letter before a full stop abbreviates something, mostly a name.
_INITIALS = ("fr", "es", "it", "pt", "ru")


@cache
def _list(code: str) -> tuple[frozenset[str], frozenset[str]]:
    tables = tomllib.loads(_FILE.read_text("utf-8"))
    numeral = f"{tables['before_numerals']['all']} {tables['before_numerals'].get(code, '')}"
    return frozenset(tables["goes_on"].get(code, "").split()), frozenset(numeral.split())


def decide(before: str, word: str, code: str) -> bool | None:
    """Return whether a sentence ends at a full stop; None if no abbreviation decides that.

    Args:
        before: the sentence so far, with its full stop.
        word: the next word or its beginning, without the marks before it.
        code: the language.
    """
    if re.search(r"\d[.．]\s*$", before) and word[:1].isdigit():
        return False  # 1998. 4. 12.
    if code == "ko" and _KOREAN_DATE.search(before):
        return False
    if code == "en" and _TIME.search(before) and _DAYS_ZONES.match(word):
        return False
    if _ENDS.search(before) and (
        _GERMAN_STARTERS.match(word) if code == "de" else word[:1].isupper()
    ):
        return True
    last = _LAST.search(before)
    if last is None:
        return None
    goes_on, before_numeral = _list(code)
    token = last[1].lower()
    if token in goes_on or (_NUMERAL.match(word) and token in before_numeral):
        return False
    known = code != "en" or token in before_numeral
    if known and len(token) <= _SHORT and word[:1].islower():
        return False
    return False if code in _INITIALS and _INITIAL.search(before) else None
