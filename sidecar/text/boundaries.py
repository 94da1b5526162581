"""Where a sentence ends: Unicode's terminators give candidates, and `sentencex` decides on each."""

from __future__ import annotations

from itertools import accumulate
from typing import Final

import regex
import sentencex

from sidecar.text import abbreviations
from sidecar.text.languages import CODES, TextLanguage

# Characters of the next word that the library sees. After a full stop that may belong to an
# abbreviation it needs the whole word, since it knows words that begin sentences. After a quotation
# some characters show whether its sentence goes on: 「行く？」と言った. Elsewhere the first letter
# is enough, whose case matters.
_WORD, _VERB, _LETTER = 24, 6, 1
# Characters of the sentence so far that the library sees. It does not find a quotation mark that is
# further back.
_CONTEXT = 200
# Opening marks before the next word are not passed to the library: it does not count them as part
# of a sentence, or would wait for the other quotation mark.
_OPENERS = 8
# Inside brackets or quotation marks a sentence ends only after so many characters.
_QUOTED = 100
_PAIRS = ("《》", "〈〉", "【】", "（）", "「」", "『』", "“”")
_WIDE = ("chinese", "japanese", "korean")
_CLOSING = "」』”\"'’»》"
# After one of these the sentence goes on.
_GOING_ON = tuple(",;:，、；：-–—")
# What may be among the words and is none of them; `marks.GONE` is where something was.
_MARKS = str.maketrans("\0", " ", "*_~`\x01")
# Words that begin a sentence even without a blank before them, as in "Done.It works".
_STARTERS = (
    "It|The|This|That|These|Those|He|She|They|We|You|If|But|And|So|There|Here|When|While|What|Why|How"
    "|Today|Yes|No|Das|Der|Die|Es|Sie|Er|Wir|Ich|Le|La|Les|Il|Elle|Nous|Vous|El|Los|Las|Un|Una|Pero|Lo"
    "|Gli|Ma|Non|O|Os|Mas|Não|Это|Он|Она|Они|Мы|Вы|Но"
)
_LONGEST_STARTER, _LONGEST_ITEM = 7, 6

_TERMINATOR = r"\p{STerm}\p{SB=ATerm}…｡"
_CLOSED = r"[\p{SB=Close}*_~`]*+(?:[ \xa0\u202f]»)?+"
_WHOLE = r"(?![\p{M}\u200d])"  # what comes next does not combine with it
# A candidate includes the white space after it. Before white space an opening mark closes, since
# quotation is „so“ in German and « so ! » in French. `reach` is all that may belong to it.
_CANDIDATE = regex.compile(
    rf"(?=(?<reach>[{_TERMINATOR}]++{_CLOSED}[\s\0]*+))"
    rf"(?:[{_TERMINATOR}]++{_CLOSED}(?<space>[\s\0]++)|[{_TERMINATOR}]++[\p{{Pe}}\p{{Pf}}\"'*_~`]*+)",
    regex.V1,
)
_WIDE_STOP = regex.compile(r"[[\p{STerm}&&[\p{ea=W}\p{ea=F}]]｡]", regex.V1)
_STOP = regex.compile(rf"[{_TERMINATOR}\p{{M}}\u200d]")
_FOLLOWING = regex.compile(
    rf"([\p{{SB=Close}}\p{{Ps}}\p{{Pi}}*_~`¿¡]{{0,{_OPENERS}}})(\S{{0,{_WORD}}})"
)
_ABBREVIATION = regex.compile(r"(?:\b(?:\w{1,5}|ap?prox)|\.\w+)\.\W*$")
_ORDINAL = regex.compile(r"(?<!\w)\d{1,3}\.\s*$")
_GLUED = regex.compile(
    rf"(?<=(?:^|\s)(?:\p{{Lu}}?[\p{{Ll}}'’]{{2,}}|[\d,]{{2,}})[.!?])"
    rf"(?:(?:{_STARTERS})(?![\w.(-])|(?:Mrs?|Dr)\.(?=\s|$))"
)
_SAYS = regex.compile(r"と|って|なんて|하고|라고|라며|이라고|\p{Han}{0,4}[说說道問问喊叫答]")
_FIRST, _OTHER = regex.compile(r"\s*(\d{1,2})\.\s"), regex.compile(r"(?<=\s)(\d{1,2})\.\s+$")
_ITEM = regex.compile(r"\((?:[A-Za-z]|[ivx]{1,4}|\d{1,2})\)")
_CLAUSE = regex.compile(
    rf"(?:[,;:.!?…–—]\p{{SB=Close}}*+\s++|[，、；：。！？]\p{{SB=Close}}*+\s*+){_WHOLE}"
)
_SPACE = regex.compile(rf"\s++{_WHOLE}")
_CLUSTER = regex.compile(r"\X")

WAIT: Final = (-1, False)


def find_next_end(
    text: str, at: int, most: int, border: int | None, language: TextLanguage
) -> tuple[int, bool] | None:
    """Find the next candidate for the end of the sentence.

    Args:
        text: from the beginning of the sentence.
        at: where the search starts.
        most: the last place where a candidate may end.
        border: where the paragraph or the text ends; None if that is not known yet.
        language: that of the text, which has read everything before the sentence.

    Returns:
        Where the candidate ends, and whether the sentence ends there. None if there is no
        candidate; `WAIT` if the answer depends on more text.
    """
    stop = min(len(text) if border is None else border, most)
    match = _CANDIDATE.search(text, at, stop)
    if match is None or match.end() == border:
        return None
    end = match.end()
    if border is None and match.end("reach") == len(text):
        return WAIT
    if not match["space"] and not _WIDE_STOP.search(match[0]):
        ahead = text[end : end + _LONGEST_STARTER + 1]
        is_short = border is None and len(ahead) <= _LONGEST_STARTER
        if is_short and ahead[:1].isupper() and not ahead[-1:].isspace():
            return WAIT
        return end, _GLUED.match(text, end) is not None  # 3.14, but "Done.It works"
    before = text[:end].translate(_MARKS)
    unsure = "." in match[0] and _ABBREVIATION.search(before)
    follows = _FOLLOWING.match(text, end, border or len(text))
    assert follows is not None
    is_quoted = before.rstrip()[-1:] in _CLOSING
    most_of_word = _WORD if unsure else _VERB if is_quoted else _LETTER
    word: str = follows[2][:most_of_word]
    if word and _STOP.match(word):
        return end, False  # ". . .", or a character that combines with the white space
    if len(word) < most_of_word and follows.end() == len(text) and border is None:
        return WAIT
    if border is None and text[end] == "(" and len(text) < end + _LONGEST_ITEM:
        return WAIT
    one, other = _FIRST.match(text, 0, end), _OTHER.search(text, 0, end)
    if one and other and int(other[1]) == int(one[1]) + 1:
        return other.start(), True  # 1. First item 2. Second item
    # If the language is in doubt, the sentence ends only where it would end in both: a full stop
    # may belong to an abbreviation in one of them.
    names = language.detect(before, ahead=before + word)
    if _ITEM.match(text, end):  # "(a)" begins a sentence, but after "Dr." as little as "II"
        found = [abbreviations.decide(before, "II", CODES[name]) for name in names]
        return end, False not in found
    return end, all(is_end(before, word, name) for name in names)


def is_end(before: str, word: str, name: str) -> bool:
    """Return whether a sentence in this language ends before a word."""
    said = before.rstrip()
    if _ORDINAL.fullmatch(before.strip()):
        return False  # the number of an item
    if word[:1] in _GOING_ON or (name in _WIDE and _is_open(said)):
        return False
    if said[-1:] in _CLOSING and _SAYS.match(word):
        return False
    if said.endswith(("!?", "?!")) and word[:1].isupper():
        return True
    if "." in said[-4:] or said.endswith("．"):
        decided = abbreviations.decide(before, word, CODES[name])
        if decided is not None:
            return decided
    if name == "german" and _ORDINAL.search(before):
        return False
    before = before[-_CONTEXT:]
    least, most = len(before.rstrip()), len(before)
    sentences = sentencex.segment(CODES[name], before + word)
    return any(least <= end <= most for end in accumulate(map(len, sentences)))


def _is_open(said: str) -> bool:
    """Return whether the text ends inside brackets or quotation marks that have just begun."""
    opened = [said.rfind(one) for one, other in _PAIRS if said.count(one) > said.count(other)]
    return bool(opened) and len(said) - max(opened) < _QUOTED


def separate_sentences(text: str) -> str:
    """Put the missing blank behind the end of a sentence, as in "Done.It works"."""
    return _GLUED.sub(r" \g<0>", text)


def find_cut(text: str, most: int) -> int:
    """Return where to cut a sentence that goes on after `most` characters: there or before."""
    for pattern in (_CLAUSE, _SPACE):
        ends = [match.end() for match in pattern.finditer(text, 0, most)]
        if ends and ends[-1] > most // 3:
            return ends[-1]
    return find_cluster_border(text, most)


def find_cluster_border(text: str, most: int) -> int:
    """Return the last border of a grapheme cluster up to `most`; `most` if there is none."""
    # The library looks back over joiners and letters of flags as far as the text goes.
    starts = [match.start() for match in _CLUSTER.finditer(text[: most + 1])]
    return starts[-1] or most
