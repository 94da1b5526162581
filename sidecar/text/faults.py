"""What is wrong with the marks in a text, as warnings: each kind once, with its first places."""

from __future__ import annotations

import msgspec

from sidecar.errors import Notice
from sidecar.text.directives import MAX_PAUSE_SECONDS, Directive

# The most places that a warning names, and the most characters of each.
_MAX_NAMED = 5
_MAX_QUOTED = 40

_MESSAGES = {
    "pauseNotUnderstood": "These pauses were not understood and were left out: {}. Write "
    '[pause:500ms], [pause 1.5s] or <break time="1s"/>.',
    "ssmlIgnored": "These have no effect, and the text in them is spoken as any other: {}.",
    "ssmlNotUnderstood": "These were not understood, and the text in them is spoken as it is "
    "written: {}.",
    "rateNotPossible": "These rates are not understood, or not between 0.5 and 2: {}.",
    "pauseShortened": f"These pauses were shortened to {MAX_PAUSE_SECONDS:g} s, the longest that "
    "is possible: {}.",
}


class Fault(msgspec.Struct, frozen=True):
    """A mark that cannot be honoured as it is.

    Attributes:
        kind: the type of the warning, a key of `_MESSAGES`.
        instead: what is done nevertheless.
    """

    kind: str
    instead: Directive | None = None


class Faults:
    """Collects the faults of one text."""

    def __init__(self) -> None:
        self._found: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}

    def add(self, kind: str, source: str, at: int) -> None:
        """Note a fault.

        Args:
            source: the mark as it is in the text.
            at: where it begins in the original text, in code points.
        """
        self._counts[kind] = self._counts.get(kind, 0) + 1
        named = self._found.setdefault(kind, [])
        if len(named) < _MAX_NAMED:
            is_long = len(source) > _MAX_QUOTED
            quoted = " ".join(source[:_MAX_QUOTED].split()) + ("…" if is_long else "")
            named.append(f"{quoted} (at {at})")

    def make_notices(self) -> tuple[Notice, ...]:
        """Return a warning for each kind of fault."""
        return tuple(Notice(kind, _MESSAGES[kind].format(self._list(kind))) for kind in self._found)

    def _list(self, kind: str) -> str:
        named = self._found[kind]
        more = self._counts[kind] - len(named)
        return ", ".join(named) + (f" and {more} more" if more else "")
