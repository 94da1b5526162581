"""Which of the model's ten languages a text is in, as far as splitting and spelling need it."""

from __future__ import annotations

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


def language_of(text: str, asked: str | None) -> str:
    """The language's name in lower case, one of `CODES`.

    Args:
        asked: what the request named; nothing, "auto" or a name that is none of the ten (the
            model's dialects) has it guessed from the script. Latin letters count as English.
    """
    name = (asked or "").lower()
    return name if name in CODES else _guess(text[:_GUESSED_FROM])


def _guess(text: str) -> str:
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
    return best if weights[best] > other else "english"
