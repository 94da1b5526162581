"""How fast people speak, to tell a text that is not what was said from one that is.

The measure is letters of the Latin alphabet a second; other signs count as the letters that say as
much. Where it is not known how a sign is said, as with figures, it counts from few to many letters,
so that only what is impossible either way is noticed.

Facts behind the limits:

- C. Coupé, Y. M. Oh, D. Dediu, F. Pellegrino, "Different languages, similar encoding efficiency",
  Science Advances 5 (2019): speakers of 17 languages read 4.3 to 9.1 syllables a second, pauses of
  over 150 ms left out; F. Pellegrino, C. Coupé, E. Marsico, "A cross-language perspective on speech
  information rate", Language 87 (2011): English 6.2, German 6.0, French 7.2, Italian 7.0, Spanish
  7.8, Mandarin 5.2, Japanese 7.8. A syllable is two letters (Spanish, Italian) to three and a half
  (English, German): some 14 to 21 letters a second.
- Slow readers say 2.5 words a second, fast ones 6: in English 11 and 27 letters.
"""

from __future__ import annotations

import re
import unicodedata

# Of the seconds in which somebody speaks: a third of what slow readers say.
MIN_RATE = 5.0
# Of all seconds: half as much again as the fastest say, with the longest words.
MAX_RATE = 40.0
# Of what a model has spoken, pauses included: faster than fast readers are. Speech whose recording
# has another rate is suspect from the second on, if it is so many times as fast.
_FASTEST, _FAST, _TIMES = 28.0, 20.0, 2.0
# A shorter text says little: a frame of speech more or less changes its rate.
_LEAST = 15.0

_KANA = re.compile("[\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
# Said as words.
_SYMBOLS = frozenset("%‰°$€£¥₩&@#+=<>×÷/")
_WORD = 5.0
_SIGN = 3.0
# A kanji has one or two morae, rarely more.
_KANJI = 6.0


def count_letters(text: str) -> tuple[float, float]:
    """Return how many letters a text is as speech: the fewest and the most that it may be."""
    kanji = _KANJI if _KANA.search(text) else _SIGN
    fewest = most = 0.0
    for char in text:
        low, high = _weigh(char, kanji)
        fewest += low
        most += high
    return fewest, most


def _weigh(char: str, kanji: float) -> tuple[float, float]:
    if char in _SYMBOLS:
        return 0.0, _WORD
    if not char.isalnum():
        return 0.0, 0.0
    if not char.isalpha():
        return 1.0, _WORD  # 7, and in 1984
    if char < "\u0590":  # Latin, Greek, Cyrillic, Armenian
        return 1.0, 1.0
    if char < "\u1100" or "\u1200" <= char < "\u2e80":  # vowels may not be written
        return 1.0, 2.0
    if _KANA.match(char):
        return 2.0, _SIGN
    name = unicodedata.name(char, "")
    if name.startswith("CJK"):
        return _SIGN, kanji
    return (_SIGN, _SIGN) if name.startswith("HANGUL") else (1.0, _SIGN)


def measure_rate(text: str, seconds: float) -> float:
    """Return the letters a second of a text that is said in so many seconds, at least."""
    return count_letters(text)[0] / max(seconds, 0.01)


def find_rushed_rate(text: str, seconds: float, reference: float) -> float | None:
    """Return the rate of speech if nobody speaks so fast, or not this speaker.

    Args:
        text: what a model was given.
        seconds: of its speech.
        reference: the rate of the recording that it continues.
    """
    if count_letters(text)[0] < _LEAST:
        return None
    found = measure_rate(text, seconds)
    fast = found > _FASTEST or (found > _FAST and found > _TIMES * reference)
    return found if fast else None
