"""One sentence as it was written → as the model receives it.

The rules are in docs/text.md. With `normalize` off, only the white space around it is removed.
"""

from __future__ import annotations

import re

from sidecar.text import addresses, english, han
from sidecar.text.html import strip_html
from sidecar.text.languages import CODES, TextLanguage, detect_language, detect_languages
from sidecar.text.markup import strip_markup
from sidecar.text.silence import is_silent

# The prompt builder refuses a text with a control token and names the token, so it must stay.
_CONTROL = re.compile(r"<\|[^<>|]*\|>")
# Every span that is spelled has one of these.
NEEDS_SPELLING = re.compile(r"[\d.@%=+≈≤≥≠±√÷×¼½¾⅐-⅞]|[A-Z]{2}")

# Kanji with their reading in brackets, but not with a particle.
_READING = re.compile(
    r"(?<=[\u4e00-\u9fff々])[（(](?!だけ|など|から|まで|のみ|です|ほか|より)[\u3041-\u309f]{1,12}[)）]"
)

# A line break in running text is white space.
_BREAK = re.compile(r"\s*[\r\n]\s*")


def make_speakable(
    text: str,
    language: str | TextLanguage | None,
    normalize: bool = True,
    *,
    spell: bool = True,
) -> str:
    """Return the text that the model receives; empty if nothing in it can be spoken.

    Args:
        text: one sentence, with its Markdown.
        language: one of the model's names, or a tag; any other value has it detected from the
            sentence. Or the language of the whole text, which has read the sentence.
        normalize: whether Markdown and emoji are removed, and addresses are spelled.
        spell: with `normalize`, whether figures, signs and abbreviations are spelled, too.
    """
    text = text.strip()
    if normalize and not _CONTROL.search(text):
        known = isinstance(language, TextLanguage)
        names = language.detect(text) if known else detect_languages(text, language)
        text = normalize_part(strip_html(text), names, spell=spell).strip()
    return "" if is_silent(text) else text


def warm_up(language: str | None) -> None:
    """Import and load everything that the first text of a language needs: about a second."""
    name = detect_language("Hello", language)  # English, if the language has to be detected
    normalize_part("**On** 2026-11-23, 10:30 \N{SLIGHTLY SMILING FACE} a.b@example.com", (name,))


def normalize_part(
    text: str,
    languages: tuple[str, ...],
    *,
    is_line_start: bool = True,
    has_more: bool = False,
    before: str = "",
    spell: bool = True,
) -> str:
    """Return a part of a text as the model receives it.

    Args:
        languages: the languages it may be in. If there are two, figures are not spelled: the model
            reads figures better than words in the wrong language.
        is_line_start: whether it is the beginning of a line.
        has_more: whether the text goes on after it.
        before: the text right before it, on which a figure may depend.
        spell: whether figures, signs and abbreviations are spelled.
    """
    at = len(before)
    whole = _READING.sub(lambda match: match[0] if match.start() < at else "", before + text)
    text = _BREAK.sub(" ", strip_markup(whole[at:], is_line_start=is_line_start))
    if not NEEDS_SPELLING.search(text):
        return text
    code = CODES[languages[-1]]
    sure = spell and len(languages) == 1
    return "".join(
        _spell_address(piece, code, spell)
        if address
        else _spell(piece, code, has_more, "" if i else before)
        if sure
        else piece
        for i, (piece, address) in enumerate(addresses.split(text, code))
    )


def _spell_address(address: str, code: str, spell: bool) -> str:
    said = addresses.spell(address, code)
    return english.spell(said) if spell and code == "en" else said


def _spell(text: str, code: str, has_more: bool, before: str) -> str:
    if code == "en":
        return english.spell(text, has_more=has_more, before=before)
    if code in ("zh", "ja"):
        return han.spell(text, code, before=before)
    return text  # the model reads figures better than any library that could be found
