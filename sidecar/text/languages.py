"""Detect which of the model's ten languages a text is in, for splitting and spelling it.

Chinese, Japanese, Korean and Russian are detected by their script, and the others by `latin`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from sidecar.text import latin, tags

# The model's names → ISO 639-1 codes, which the libraries expect.
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

# Characters at the beginning of a text that are examined. A few hundred letters show the language.
_GUESSED_FROM = 2000
# Characters before a passage that decide on it; and of a passage that is Chinese without kana.
_NEAR, _SHORT = 100, 60
# Names and units with a figure, which say nothing about the language.
_WITH_FIGURE = re.compile(
    r"(?:(?<![A-Za-z])[A-Za-z]+)?[-.]?\d[A-Za-z\d.,²³]*(?:\s?[A-Za-z]{1,2}(?![A-Za-z]))?"
)
_SCRIPTS = {
    "japanese": re.compile("[\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f]+"),
    "korean": re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7ff]+"),
    "chinese": re.compile("[\u2e80-\u2fdf\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"),
    "russian": re.compile("[\u0400-\u052f]+"),
}
_LETTER = re.compile(r"[^\W\d_]")
# After so many characters an answer without doubt is final.
_SETTLED = 500


@lru_cache(maxsize=64)
def _find_named(asked: str) -> str | None:
    return tags.find(asked, CODES)


class TextLanguage:
    """The language of a text that is read from its beginning.

    A passage without words of its own, such as the row of a table, is in the language of the text
    before it, and so is a short one in Chinese characters after Japanese.

    Languages in Latin letters are detected for the text, and not for each sentence: from the text's
    beginning up to the place in question. The answer is final after 500 characters if there is no
    doubt, and after 2000 in any case. The pieces of the text do not matter, if the places where
    `detect` is called do not depend on them.

    Args:
        asked: the name or tag in the request. The language is detected if it is None, "auto" or
            none of the ten languages, for example one of the model's dialects.
    """

    def __init__(self, asked: str | None) -> None:
        name = _find_named(asked) if asked else None
        self._named = None if name is None else (name,)
        self._read = ""
        self._near = ""  # the end of what has been read
        self._settled: tuple[str, ...] | None = None

    def read(self, text: str) -> None:
        """Take the next part of the text."""
        if self._named is not None:
            return
        self._near = (self._near + text)[-_NEAR:]
        if self._settled is None:
            self._read += text[: _GUESSED_FROM - len(self._read)]

    def detect(self, part: str, *, ahead: str = "") -> tuple[str, ...]:
        """Return the language of a part of the text: a name in `CODES`, or two if in doubt.

        Of two, the first one is English.

        Args:
            part: its script is examined.
            ahead: the text that is known after what has been read.
        """
        if self._named is not None:
            return self._named
        words = _strip_foreign(part[:_GUESSED_FROM])
        found = _detect_by_script(words)
        if found is None and _LETTER.search(words) is None:
            found = _detect_by_script(_strip_foreign(self._near))
        elif found == ("chinese",) and len(words) < _SHORT:
            near = _detect_by_script(_strip_foreign(self._near))
            found = near if near == ("japanese",) else found
        return found or self._detect_latin(ahead)

    def _detect_latin(self, ahead: str) -> tuple[str, ...]:
        if self._settled is not None:
            return self._settled
        known = self._read + ahead[: _GUESSED_FROM - len(self._read)]
        names = latin.detect_languages(known)
        if len(known) >= _GUESSED_FROM or (len(known) >= _SETTLED and len(names) == 1):
            self._settled, self._read = names, ""
        return names


def _strip_foreign(text: str) -> str:
    return _WITH_FIGURE.sub(" ", latin.ADDRESSES_TAGS_CODE.sub(" ", text))


def detect_languages(text: str, asked: str | None) -> tuple[str, ...]:
    """Return the languages of a whole text, as `TextLanguage.detect`."""
    return TextLanguage(asked).detect(text, ahead=text)


def _detect_by_script(text: str) -> tuple[str, ...] | None:
    """Return the language of the script; None for Latin letters and scripts of other languages."""
    letters = "".join(filter(str.isalpha, text))
    counts = {name: sum(map(len, script.findall(letters))) for name, script in _SCRIPTS.items()}
    other = len(letters) - sum(counts.values())
    if counts["japanese"] * 10 > counts["chinese"] + counts["japanese"]:
        counts["japanese"] += counts["chinese"]
        counts["chinese"] = 0
    # One character of the East Asian scripts says about as much as four letters.
    weights = {name: n if name == "russian" else 4 * n for name, n in counts.items()}
    best = max(weights, key=lambda name: weights[name])
    return (best,) if weights[best] > other else None
