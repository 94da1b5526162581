"""One sentence as it was written → as the model is given it.

The rules are in docs/text.md. With `normalize` off only the white space around it goes.
"""

from __future__ import annotations

import re

from sidecar.text import addresses, english, european, han
from sidecar.text.html import strip_html
from sidecar.text.languages import CODES, TextLanguage, detect_language, detect_languages
from sidecar.text.markup import strip_markup
from sidecar.text.silence import is_silent

# The prompt builder refuses such a text, and says which; so it must still be there.
_CONTROL = re.compile(r"<\|[^<>|]*\|>")
# What all of the spelling begins with.
NEEDS_SPELLING = re.compile(r"[\d.@]")

# Running text is broken where a line is full.
_BREAK = re.compile(r"\s*[\r\n]\s*")


def make_speakable(text: str, language: str | TextLanguage | None, normalize: bool = True) -> str:
    """What the model is given; empty where nothing in it can be spoken.

    Args:
        text: one sentence, with its Markdown.
        language: one of the model's names; guessed from the sentence otherwise. Or that of the
            text the sentence is in, which has read it.
        normalize: whether figures, addresses and abbreviations are spelled, and Markdown and
            emoji are taken out.
    """
    text = text.strip()
    if normalize and not _CONTROL.search(text):
        known = isinstance(language, TextLanguage)
        names = language.detect(text) if known else detect_languages(text, language)
        text = normalize_part(strip_html(text), names).strip()
    return "" if is_silent(text) else text


def warm_up(language: str | None) -> None:
    """Imports and loads all that the first text of a language would wait for: about a second."""
    name = detect_language("Hello", language)  # which is English, if it has to be asked
    normalize_part("**On** 2026-11-23, 10:30 \N{SLIGHTLY SMILING FACE} a.b@example.com", (name,))


def normalize_part(
    text: str,
    languages: tuple[str, ...],
    *,
    begins: bool = True,
    more: bool = False,
    before: str = "",
) -> str:
    """A part of a text.

    Args:
        languages: what it may be in. With more than one, figures are not spelled: the model makes
            more of them than of words in the wrong language.
        begins: it is the beginning of a line.
        more: the text goes on behind it.
        before: what of the text is right in front of it, on which a figure may depend.
    """
    text = _BREAK.sub(" ", strip_markup(text, begins=begins))
    if not NEEDS_SPELLING.search(text):
        return text
    code = CODES[languages[-1]]
    sure = len(languages) == 1
    return "".join(
        addresses.spell(piece, code)
        if address
        else _spell(piece, code, more, "" if i else before)
        if sure
        else piece
        for i, (piece, address) in enumerate(addresses.split(text, code))
    )


def _spell(text: str, code: str, more: bool, before: str) -> str:
    if code == "en":
        return english.spell(text, more=more, before=before)
    if code in ("zh", "ja"):
        return han.spell(text, code, more=more, before=before)
    return european.spell(text, code)
