"""A text that is still being written → the part of it that can be spoken by now.

The text is cut from left to right at borders that depend on the text alone, so that the pieces in
which it arrives do not matter. Each part between two borders is made speakable on its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from sidecar.text.boundaries import find_cluster_border
from sidecar.text.gaps import TIGHT
from sidecar.text.languages import TextLanguage
from sidecar.text.marks import KEPT, TICK
from sidecar.text.numerals import any_of, load_names
from sidecar.text.runs import Run
from sidecar.text.silence import is_silent
from sidecar.text.speakable import NEEDS_SPELLING, spell_part

# The most characters that are held back. A longer word is cut.
HOLD = 200
# Characters at the beginning of the paragraph by which its script is detected.
_HEAD = 2000
# Characters before a figure on which its reading may depend.
_NEAR = 16

# A part that ends so is held back, since the next word may belong to it or change how it is read:
# figures, signs, months and abbreviations.
_BINDS = re.compile(
    r"[\d$€£¥₩₹%°@#+=<>/\\|&≥≤≠≈±×÷~√¼½¾⅐-⅞]|^[A-Z]{2,3},?$|^(?:m|b|tr)illion$|^thousand$"
    r"|^(?:min|hr|sec|yr|lb|oz|ft|mi|yd|gal|tsp|tbsp)s?\.$|^\W*[aApP]\.[mM]\.$"
    rf"|(?<!\w)(?:(?i:{any_of(load_names('english')['abbreviations'])})|No\.)$"
    r"|^\W*(?:Mon|Tues?|Wed|Thu(?:rs)?|Fri|Sat|Sun)\.?[-–]|^\W*(?:(?i:jan|feb|apr|june?|july?|aug|sept?|oct|nov|dec)[A-Za-z]*|Mar|March|May|MAY|MARCH)[.,]?$"
    r"|^[-−*•~^]+$"
)
# The end of a clause; in Chinese and Japanese its figures wait for it, behind one of these.
_STOPS = re.compile(r"[，。！？；：、“”「」『』…\n]")
_GOES_ON = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\u3005〜～~()（）]\Z")
_FIGURE = re.compile(r"\d")


@cache
def _compile_border() -> Any:
    import regex

    # Before white space, but not between a mark and a line break, which the tokenizer takes
    # together; and around the characters of scripts without spaces. Never before a character that
    # may combine with the one before it.
    wide = r"[\p{Han}\p{Hiragana}\p{Katakana}&&\p{L}]"
    return regex.compile(
        rf"(?<=\S)(?=[\s--\r\n])|(?<=[\p{{L}}\p{{N}}\p{{M}}])(?=[\r\n])"
        rf"|(?<=[\r\n])(?=[^\S\r\n]*\S)"
        rf"|(?<=\S)(?={wide})|(?<={wide})(?=[\p{{L}}\p{{N}}\p{{P}}\p{{S}}--\p{{Hangul}}])",
        regex.V1,
    )


class SpeakableStream:
    """Makes the runs of one text speakable while they arrive; any pieces give the same output.

    Until more of the text arrives, it holds back:

    - the last word, up to the white space after it; in Chinese and Japanese the last character;
    - with `normalize`, also a figure, a sign, a month or an abbreviation with the word after it,
      code and formulas as a whole, and the marks before the first word of a paragraph.

    White space belongs to the word after it; a line break is white space. Without `normalize` the
    output is the text itself.

    Args:
        language: that of the text, which reads what is said here.
        normalize, spell: as for `make_speakable`.

    Attributes:
        is_spaced: whether white space other than a line break follows the last output in the text.
    """

    def __init__(
        self, language: TextLanguage, normalize: bool = True, *, spell: bool = True
    ) -> None:
        self._language = language
        self._normalize = normalize
        self._spell = spell
        self._head = ""  # the beginning of the paragraph
        self._is_audible = False  # whether the paragraph has words
        self._before = ""  # the end of the text that was output
        self._said = ""  # the last character of the output
        self._words = _Words()
        self._part = ""
        self._gap = ""  # white space that belongs to the next word
        self.is_spaced = False

    def feed(self, runs: Iterable[Run]) -> str:
        """Take the next runs; return what can be spoken now, as a continuation."""
        return "".join(map(self._feed_run, runs))

    def finish(self, *, has_more: bool = False) -> str:
        """Return the words that are held back, since the text has ended or is cut here."""
        said = self._close(has_more=has_more)
        gap, self._gap = self._gap, ""
        return said + _make_blank(gap)

    def _feed_run(self, run: Run) -> str:
        said = ""
        if run.opens and self._normalize:
            said = self._close(has_more=False)
            if self._head.strip():  # there may be no white space after a tag
                self._gap = self._gap or "\n"
            self._head = self._before = ""  # it may be in another language
            self._is_audible = False
        for word, is_spaced in self._words.feed(run.text):
            self._add(word)
            if not self._holds(word.strip()):
                self.is_spaced = is_spaced
                said += self._say(has_more=True)
        return said

    def _add(self, text: str) -> None:
        self._part += text
        self._is_audible = self._is_audible or not is_silent(text)

    def _holds(self, word: str) -> bool:
        if len(self._part) > HOLD or not self._normalize:
            return False
        held = not word or _BINDS.search(word) or not self._is_audible
        if not held and _GOES_ON.search(self._part):
            held = _FIGURE.search(_STOPS.split(self._part)[-1])
        return bool(held) or any(self._part.count(mark) % 2 for mark in (KEPT, TICK))

    def _close(self, *, has_more: bool) -> str:
        self._add(self._words.finish())
        self.is_spaced = True
        if self._normalize and not has_more and not self._is_audible:
            self._part = ""  # such as a line that is only "—"
        return self._say(has_more=has_more)

    def _say(self, *, has_more: bool) -> str:
        part, self._part = self._part, ""
        if not self._normalize:
            return part
        self._head += part[: _HEAD - len(self._head)]
        self._before, before = (self._before + part)[-_NEAR:], self._before
        self._language.read(part)
        core = part.strip()
        if not core:
            self._gap += part
            return ""
        at = part.index(core)
        gap, self._gap = self._gap + part[:at], part[at + len(core) :]
        needed = NEEDS_SPELLING.search(core)
        said = spell_part(
            core,
            self._language.detect(self._head) if needed else ("english",),
            has_more=has_more,
            before=before + part[:at],
            said=self._said,
            spell=self._spell,
        )
        if not said:
            return ""
        self._said = said[-1]
        if said[0].isspace() or (said[0] in TIGHT and said[0] != core[0]):
            return said  # what was between the word before it and this mark has been removed
        return _make_blank(gap) + said


def _make_blank(gap: str) -> str:
    return " " if "\n" in gap or "\r" in gap else gap


class _Words:
    """Text in any pieces → its words, each with the white space before it.

    With each comes whether white space other than a line break follows.
    """

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> list[tuple[str, bool]]:
        self._held += text
        words: list[tuple[str, bool]] = []
        at = 0
        while (end := self._find_end(at)) is not None:
            following = self._held[end]
            spaced = following.isspace() and following not in "\r\n"
            words.append((self._held[at:end], spaced))
            at = end
        self._held = self._held[at:]
        return words

    def finish(self) -> str:
        held, self._held = self._held, ""
        return held

    def _find_end(self, at: int) -> int | None:
        """Return where the word at `at` ends; None if no character after it is there yet."""
        match = _compile_border().search(self._held, at + 1, at + HOLD)
        if match is not None:
            return match.start()
        return (
            at + find_cluster_border(self._held[at : at + HOLD + 1], HOLD)
            if len(self._held) > at + HOLD
            else None
        )
