"""Where a sentence ends: Unicode's terminators give candidates, and `sentencex` decides on each."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import msgspec

from sidecar.text.languages import CODES, TextLanguage

# Characters of the next word that the library sees. After a full stop that may belong to an
# abbreviation it needs the whole word, since it knows words that begin sentences. Elsewhere the
# first letter is enough, whose case matters.
_WORD, _LETTER = 24, 1
# Characters of the sentence so far that the library sees. It does not find a quotation mark that is
# further back.
_CONTEXT = 200
# Opening marks before the next word are not passed to the library: it does not count them as part
# of a sentence, or would wait for the other quotation mark.
_OPENERS = 8

WAIT: Final = (-1, False)


class _Patterns(msgspec.Struct, frozen=True):
    candidate: Any
    wide: Any
    stop: Any
    following: Any
    abbreviation: Any
    ordinal: Any
    initial: Any
    clause: Any
    space: Any
    cluster: Any


@cache
def _compile_patterns() -> _Patterns:
    import regex

    stop = r"\p{STerm}\p{SB=ATerm}…｡"
    closed = r"[\p{SB=Close}*_~`]*+(?:[ \xa0\u202f]»)?+"
    return _Patterns(
        # A candidate includes the white space after it. Before white space an opening mark closes,
        # since quotation is „so“ in German and « so ! » in French. `reach` is all that may belong
        # to the candidate.
        candidate=regex.compile(
            rf"(?=(?<reach>[{stop}]++{closed}\s*+))"
            rf"(?:[{stop}]++{closed}(?<space>\s++)|[{stop}]++[\p{{Pe}}\p{{Pf}}\"'*_~`]*+)",
            regex.V1,
        ),
        wide=regex.compile(r"[[\p{STerm}&&[\p{ea=W}\p{ea=F}]]｡]", regex.V1),
        stop=regex.compile(f"[{stop}]"),
        following=regex.compile(
            rf"([\p{{SB=Close}}\p{{Ps}}\p{{Pi}}*_~`¿¡]{{0,{_OPENERS}}})(\S{{0,{_WORD}}})"
        ),
        abbreviation=regex.compile(r"(?:\b\w{1,5}|\.\w+)\.\W*$"),
        ordinal=regex.compile(r"(?<!\w)\d{1,3}\.\s*$"),
        initial=regex.compile(r"(?<!\w)\p{Lu}\.\s*$"),
        clause=regex.compile(r"[,;:.!?…–—]\p{SB=Close}*\s+|[，、；：。！？]\p{SB=Close}*\s*"),
        space=regex.compile(r"\s+"),
        cluster=regex.compile(r"\X"),
    )


def find_next_end(
    text: str, start: int, at: int, most: int, border: int | None, language: TextLanguage
) -> tuple[int, bool] | None:
    """Find the next candidate for the end of the sentence.

    Args:
        start: where the sentence starts.
        at: where the search starts.
        most: the last place where a candidate may end.
        border: where the paragraph or the text ends; None if that is not known yet.
        language: that of the text, which has read everything before the sentence.

    Returns:
        Where the candidate ends, and whether the sentence ends there. None if there is no
        candidate; `WAIT` if the answer depends on more text.
    """
    found = _compile_patterns()
    stop = min(len(text) if border is None else border, most)
    match = found.candidate.search(text, at, stop)
    if match is None or match.end() == border:
        return None
    end = match.end()
    if border is None and match.end("reach") == len(text):
        return WAIT
    if not match["space"] and not found.wide.search(match[0]):
        return end, False  # 3.14
    before = text[start:end]
    unsure = "." in match[0] and found.abbreviation.search(before)
    follows = found.following.match(text, end, border or len(text))
    most_of_word = _WORD if unsure else _LETTER
    word = follows[2][:most_of_word]
    if word and found.stop.match(word):
        return end, False  # ". . ."
    if len(word) < most_of_word and follows.end() == len(text) and border is None:
        return WAIT
    # If the language is in doubt, the sentence ends only where it would end in both: a full stop
    # may belong to an abbreviation in one of them.
    names = language.detect(before, ahead=before + word)
    return end, all(_is_end(before, word, name) for name in names)


def _is_end(before: str, word: str, name: str) -> bool:
    from sentencex import segment

    found = _compile_patterns()
    if not before[: -len(before.lstrip())] and found.ordinal.fullmatch(before.strip()):
        return False  # the number of an item
    if name == "german" and found.ordinal.search(before):
        return False
    if name in ("french", "russian") and found.initial.search(before):
        return False
    marks = str.maketrans("", "", "*_~`")
    before = before.translate(marks)[-_CONTEXT:]
    least, most = len(before.rstrip()), len(before)
    length = 0
    for sentence in segment(CODES[name], before + word):
        length += len(sentence)
        if length >= least:
            return length <= most
    return False


def find_cut(text: str, start: int, most: int) -> int:
    """Return where to cut a sentence that goes on after `most`: after `start`, at most at `most`.

    The text must have at least one character after `most`.
    """
    found = _compile_patterns()
    near = start + (most - start) // 3
    for pattern in (found.clause, found.space):
        ends = [match.end() for match in pattern.finditer(text, start, most)]
        if ends and ends[-1] > near:
            return ends[-1]
    return find_cluster_border(text, start, most)


def find_cluster_border(text: str, start: int, most: int) -> int:
    """Return the last border of a grapheme cluster, as `find_cut`; `most` if there is none."""
    starts = [
        match.start() for match in _compile_patterns().cluster.finditer(text, start, most + 1)
    ]
    return starts[-1] if starts[-1] > start else most
