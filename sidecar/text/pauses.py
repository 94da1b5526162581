"""The pauses that a text asks for: `[pause:500ms]`, `<break time="1s"/>` and the like."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sidecar.text.directives import MAX_PAUSE_SECONDS, Pause
from sidecar.text.faults import Fault

# SSML's strengths, in seconds; "medium" is the default, also of [pause].
STRENGTHS = {
    "none": 0.0,
    "x-weak": 0.1,
    "weak": 0.25,
    "medium": 0.5,
    "strong": 0.75,
    "x-strong": 1.25,
}
_TIME = re.compile(
    r"(\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})\s*(ms|milliseconds?|s|secs?|seconds?)", re.IGNORECASE
)
_ATTRIBUTE = re.compile(
    r"(?<!\s)\s+([\w:.-]{1,40})\s{0,4}=\s{0,4}(?:\"([^\"]{0,40})\"|'([^']{0,40})')"
)


def read_pause(value: str) -> Pause | Fault:
    """Return the pause of `[pause…]`; `value` is what follows the word."""
    value = value.strip().removeprefix(":").removeprefix("=").strip()
    return _read_time(value) if value else Pause(STRENGTHS["medium"])


def read_break_tag(attributes: str) -> Pause | Fault:
    """Return the pause of `<break…>` in a plain text; `attributes` is what follows the name."""
    attributes = attributes.removesuffix("/")
    found = {match[1]: match[2] or match[3] or "" for match in _ATTRIBUTE.finditer(attributes)}
    if _ATTRIBUTE.sub("", attributes).strip():
        return Fault("pauseNotUnderstood")
    return read_break({name.lower(): value for name, value in found.items()})


def read_break(attributes: Mapping[str, str]) -> Pause | Fault:
    """Return the pause of a `break` element; its time counts more than its strength."""
    if attributes.keys() - {"time", "strength"}:
        return Fault("pauseNotUnderstood")
    if (time := attributes.get("time")) is not None:
        return _read_time(time.strip())
    seconds = STRENGTHS.get(attributes.get("strength", "medium").strip().lower())
    return Fault("pauseNotUnderstood") if seconds is None else Pause(seconds)


def _read_time(value: str) -> Pause | Fault:
    match = _TIME.fullmatch(value)
    if match is None:
        return Fault("pauseNotUnderstood")
    seconds = float(match[1]) / (1000 if match[2].lower().startswith("m") else 1)
    if seconds > MAX_PAUSE_SECONDS:
        return Fault("pauseShortened", Pause(MAX_PAUSE_SECONDS))
    return Pause(seconds)
