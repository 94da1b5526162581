"""Letters that a voice has not learned: it leaves them out, and the result has a notice."""

from __future__ import annotations

from collections.abc import Iterable

from sidecar.errors import Notice
from sidecar.text.silence import is_silent

# The most letters that a notice names. One more is looked for, to know whether there are more.
MAX_NAMED = 20


def list_letters(text: str) -> Iterable[str]:
    """Yield the letters and numerals of a text, each once, in the order in which they come."""
    return (char for char in dict.fromkeys(text) if not is_silent(char))


def make_notices(unspoken: Iterable[str], of: str = "") -> tuple[Notice, ...]:
    """Return the notice about letters that were left out; nothing if there are none.

    Args:
        of: the text in which they are, if it is not the text to speak.
    """
    found = list(dict.fromkeys(unspoken))
    if not found:
        return ()
    named = ", ".join(found[:MAX_NAMED]) + (" and others" if len(found) > MAX_NAMED else "")
    where = f" of {of}" if of else ""
    return (
        Notice(
            "lettersNotSpoken",
            f"The voice has not learned these letters{where}, and they were left out: {named}. "
            "Use a model that speaks their language.",
        ),
    )
