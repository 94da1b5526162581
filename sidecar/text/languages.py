"""Which of the model's ten languages a text is in, as far as splitting and spelling need it.

The script tells Chinese, Japanese, Korean and Russian; `latin` tells the others apart.
"""

from __future__ import annotations

from sidecar.text import latin, tags

# The model's names → ISO 639-1, as the libraries want them.
CODES = {
    "english": "en",
    "chinese": "zh",
    "japanese": "ja",
    "korean": "ko",
    "german": "de",
    "french": "fr",
    "russian": "ru",
    "portuguese": "pt",
    "spanish": "es",
    "italian": "it",
}

# What is looked at: a language shows in its first few hundred letters.
_GUESSED_FROM = 2000
# From that much of a text on, what it is in is not asked again.
_SETTLED = 500


class TextLanguage:
    """The language of a text that is read from its beginning.

    Which language of Latin letters it is, is asked once for the whole text and not for each of its
    sentences: of its beginning up to where it is asked, until 500 characters have been read and
    leave no doubt, at most 2000. How the text is cut into pieces does not matter, as long as the
    places where it is asked do not depend on that either.

    Args:
        asked: what the request named, as a name or a tag; nothing, "auto" or what is none of the
            ten (the model's dialects) has it guessed.
    """

    def __init__(self, asked: str | None) -> None:
        name = tags.find(asked, CODES) if asked else None
        self._named = None if name is None else (name,)
        self._read = ""
        self._settled: tuple[str, ...] | None = None

    def read(self, text: str) -> None:
        """What comes next in the text."""
        if self._named is None and self._settled is None:
            self._read += text[: _GUESSED_FROM - len(self._read)]

    def detect(self, part: str, *, ahead: str = "") -> tuple[str, ...]:
        """What a part of it may be in: one name of `CODES`, likeliest first, or two if in doubt.

        Args:
            part: its script is looked at.
            ahead: of the text, what is known behind that which has been read.
        """
        if self._named is not None:
            return self._named
        return _detect_by_script(part[:_GUESSED_FROM]) or self._detect_latin(ahead)

    def _detect_latin(self, ahead: str) -> tuple[str, ...]:
        if self._settled is not None:
            return self._settled
        known = self._read + ahead[: _GUESSED_FROM - len(self._read)]
        names = latin.detect_languages(known)
        if len(known) >= _GUESSED_FROM or (len(known) >= _SETTLED and len(names) == 1):
            self._settled, self._read = names, ""
        return names


def detect_languages(text: str, asked: str | None) -> tuple[str, ...]:
    """As `TextLanguage.detect`, of a text that is there."""
    return TextLanguage(asked).detect(text, ahead=text)


def detect_language(text: str, asked: str | None) -> str:
    """The likeliest of `detect_languages`; English if in doubt."""
    return detect_languages(text, asked)[0]


def _detect_by_script(text: str) -> tuple[str, ...] | None:
    """None for Latin letters, and others that none of the ten is written in."""
    han = kana = hangul = cyrillic = letters = 0
    for char in text:
        if not char.isalpha():
            continue
        letters += 1
        code = ord(char)
        if 0x3041 <= code <= 0x30FF or 0x31F0 <= code <= 0x31FF or 0xFF66 <= code <= 0xFF9F:
            kana += 1
        elif 0x2E80 <= code <= 0x2FDF or 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF:
            han += 1
        elif 0x1100 <= code <= 0x11FF or 0x3130 <= code <= 0x318F or 0xAC00 <= code <= 0xD7FF:
            hangul += 1
        elif 0x20000 <= code <= 0x3FFFF:
            han += 1
        elif 0x0400 <= code <= 0x052F:
            cyrillic += 1
    # One character of these says about as much as four letters.
    counts = {"japanese": kana, "korean": hangul, "chinese": han, "russian": cyrillic}
    other = letters - sum(counts.values())
    if kana * 10 > han + kana:
        counts["japanese"] += han
        counts["chinese"] = 0
    weights = {name: n if name == "russian" else 4 * n for name, n in counts.items()}
    best = max(weights, key=lambda name: weights[name])
    return (best,) if weights[best] > other else None
