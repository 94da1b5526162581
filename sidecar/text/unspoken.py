"""Letters that a voice has not learned: it leaves them out, and the result says so."""

from __future__ import annotations

from collections.abc import Iterable

from sidecar.errors import Notice
from sidecar.text.silence import is_silent

# How many a warning names. Of one utterance, one more is looked for, to know that there are more.
MAX_NAMED = 20


def list_letters(text: str) -> Iterable[str]:
    """Yield the letters and numerals of a text, each once, in the order in which they come."""
    return (char for char in dict.fromkeys(text) if not is_silent(char))


def make_notices(unspoken: Iterable[str], of: str = "") -> tuple[Notice, ...]:
    """Return the warning about letters that were left out; nothing where there were none.

    Args:
        of: where they stand, if that is not what was to be said.
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
