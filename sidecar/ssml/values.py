"""The values of SSML's attributes: rates, and how to say something."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sidecar.text import tags

# https://www.w3.org/TR/speech-synthesis11/#S3.2.4 leaves the values of the names open.
RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "fast": 1.25, "x-fast": 1.75, "default": 1.0}
SLOWEST, FASTEST = 0.5, 2.0

_RATE = re.compile(r"([+-]?)(\d{1,6}(?:\.\d{0,6})?|\.\d{1,6})(%?)")
_DATE = re.compile(r"(\d{1,4})[-/. ](\d{1,2})[-/. ](\d{1,4})")
_DIGIT = re.compile(r"\d")
# The sign of a telephone number, by the name of the language.
_PLUS = {
    "english": "plus", "german": "plus", "french": "plus", "spanish": "más", "italian": "più",
    "portuguese": "mais", "russian": "плюс", "chinese": "加", "cantonese": "加",
    "japanese": "プラス", "korean": "플러스",
}  # fmt: skip


def read_rate(value: str) -> float | None:
    """Return the factor of a `rate`: a name, "80%" or "1.2", or "+20%"; None if it is none."""
    value = value.strip().lower()
    if value in RATES:
        return RATES[value]
    match = _RATE.fullmatch(value)
    if match is None or (match[1] and not match[3]):
        return None
    number = float(match[2]) / (100 if match[3] else 1)
    return {"": number, "+": 1 + number, "-": 1 - number}[match[1]]


def say_as(text: str, attributes: Mapping[str, str], language: str | None = None) -> str | None:
    """Return how the content of a `say-as` is written so that it is said; None if it cannot be.

    Args:
        language: a name or tag; in one that is not known, a plus sign is "plus".
    """
    text = " ".join(text.split())
    plus = _PLUS[tags.find(language or "", _PLUS) or "english"]
    match attributes.get("interpret-as", ""):
        case "characters" | "spell-out" | "verbatim":
            return " ".join(
                char.upper() if char.islower() else char for char in text if char != " "
            )
        case "digits":
            return _separate(text, plus)
        case "telephone":
            groups = [group for group in re.split(r"[^\d+]+", text) if group]
            said = ", ".join(filter(None, (_separate(group, plus) for group in groups)))
            return said if re.fullmatch(r"[\d+()./ -]+", text) and said else None
        case "date":
            return _write_date(text, attributes.get("format", ""))
        case _:
            return None


def _separate(text: str, plus: str) -> str | None:
    """Return digits one by one; None if there are other characters."""
    signs = [char for char in text if not char.isspace()]
    if not signs or not all(char == "+" or _DIGIT.fullmatch(char) for char in signs):
        return None
    return " ".join(plus if char == "+" else char for char in signs)


def _write_date(text: str, order: str) -> str | None:
    """Return a date as `text.english` and the others read it without doubt."""
    match = _DATE.fullmatch(text)
    if not order:
        return text  # as it is written
    if match is None or sorted(order) != ["d", "m", "y"]:
        return None
    parts = dict(zip(order, match.groups(), strict=True))
    year, month, day = parts["y"], int(parts["m"]), int(parts["d"])
    if len(year) == 2:
        year = f"{19 if int(year) > 68 else 20}{year}"
    if len(year) != 4 or not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return f"{year}-{month:02}-{day:02}"
