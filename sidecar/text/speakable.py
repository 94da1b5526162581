"""The words of a sentence → as the model receives them. The rules are in docs/text.md."""

from __future__ import annotations

import re
from collections.abc import Collection

from sidecar.text import addresses
from sidecar.text.boundaries import separate_sentences
from sidecar.text.gaps import close_gaps
from sidecar.text.languages import CODES, TextLanguage, detect_languages
from sidecar.text.marks import KEPT
from sidecar.text.markup import SKIPPED, strip_markup
from sidecar.text.silence import is_silent

# The prompt builder refuses a text with a control token and names the token, so it must stay.
_CONTROL = re.compile(r"<\|[^<>|]*\|>")
# Every span that is spelled has one of these.
NEEDS_SPELLING = re.compile(r"[\d.@%=+≈≤≥≠±√÷×¼½¾⅐-⅞]|[A-Z]{2}")
# A line break in running text is white space.
_BREAK = re.compile(r"(?:(?<!\s)\s+)?[\r\n]\s*")


def make_speakable(
    text: str,
    language: str | TextLanguage | None,
    normalize: bool = True,
    *,
    spell: bool = True,
    skip: Collection[str] = SKIPPED,
) -> str:
    """Return the text that the model receives; empty if nothing in it can be spoken.

    Args:
        text: as it was written. With `normalize` off, only the white space around it is removed.
        language: as for `finish_words`; or a name, or None, to detect it from the text.
        normalize: whether markup and emoji are removed, and addresses are spelled.
        spell: with `normalize`, whether figures, signs and abbreviations are spelled, too.
        skip: with `normalize`, what is not spoken; see `markup.Markup`.
    """
    if normalize and not _CONTROL.search(text):
        return finish_words(strip_markup(text, skip), language, spell=spell)
    return "" if is_silent(text) else text.strip()


def finish_words(text: str, language: str | TextLanguage | None, *, spell: bool = True) -> str:
    """Return the text that the model receives for one sentence without its markup.

    Args:
        text: as `runs.Run.text`.
        language: of the whole text, which has read the sentence.
    """
    if not _CONTROL.search(text):
        known = isinstance(language, TextLanguage)
        names = language.detect(text) if known else detect_languages(text, language)
        text = spell_part(text.strip(), names, spell=spell)
    return "" if is_silent(text) else text.strip()


def warm_up(language: str | None) -> None:
    """Import and load everything that the first text of a language needs: about a second."""
    name = detect_languages("Hello", language)[0]  # English, if it has to be detected
    make_speakable("**On** 2026-11-23, 10:30 \N{SLIGHTLY SMILING FACE} a.b@example.com", name)


def spell_part(
    text: str,
    languages: tuple[str, ...],
    *,
    has_more: bool = False,
    before: str = "",
    said: str = "",
    spell: bool = True,
) -> str:
    """Return a part of a text without markup as the model receives it.

    Args:
        languages: the languages it may be in. If there are two, figures are not spelled: the model
            reads figures better than words in the wrong language.
        has_more: whether the text goes on after it.
        before: the text right before it, on which a figure may depend.
        said: the last character that was said before it.
        spell: whether figures, signs and abbreviations are spelled.
    """
    text = _BREAK.sub(" ", close_gaps(text, said))
    if not NEEDS_SPELLING.search(text):
        return text.replace(KEPT, "")
    text = separate_sentences(text)
    code = CODES[languages[-1]]
    spells = spell and len(languages) == 1
    parts: list[str] = []
    for i, words in enumerate(text.split(KEPT)):
        # Every other part is a formula.
        for piece, is_address in [(words, False)] if i % 2 else addresses.split(words, code):
            if is_address:
                piece = addresses.spell(piece, code)
            if i % 2 == 0 and (spells or (is_address and spell and code == "en")):
                piece = _spell(piece, code, has_more, "" if parts else before)
            parts.append(piece)
    return "".join(parts)


def _spell(text: str, code: str, has_more: bool, before: str) -> str:
    from sidecar.text import english, han  # their patterns take 70 ms to compile

    if code == "en":
        return english.spell(text, has_more=has_more, before=before)
    if code in ("zh", "ja"):
        return han.spell(text, code, before=before)
    return text  # the model reads figures better than any library that could be found
