"""The characters between two tags, without those that are not spoken."""

from __future__ import annotations

from sidecar.text.marks import TICK, load_odd
from sidecar.text.run_writer import RunWriter

# Characters on which the next one may depend, and the most that one mark has.
_CONTEXT, _LONGEST = 3, 2


class Characters:
    """Writes characters that arrive in any pieces, each of which may stand for more of the text.

    The last one is held back, since the next may belong to it.
    """

    def __init__(self, out: RunWriter, normalize: bool) -> None:
        self._out = out
        self._normalize = normalize
        self._text = ""  # what was not written, after some that was
        self._at = 0  # where it begins
        self._spans: list[tuple[int, int]] = []  # characters that stand for several, and how many

    def put(self, text: str, span: int) -> None:
        """Take the next characters; several of them stand for one each."""
        if span != len(text):
            self._spans.append((len(self._text), span))
        self._text += text
        self._write(len(self._text) - (_LONGEST - 1) * self._normalize)

    def flush(self) -> None:
        """Write the rest, since other characters follow that do not belong to it."""
        self._write(len(self._text))
        self._text, self._at = "", 0

    def _write(self, stop: int) -> None:
        while self._at < stop:
            self._write_next(stop)
        kept = max(0, self._at - _CONTEXT)
        self._text, self._at = self._text[kept:], self._at - kept
        self._spans = [(at - kept, span) for at, span in self._spans]

    def _write_next(self, stop: int) -> None:
        """Write up to the next character that is special, or that character."""
        at, text = self._at, self._text
        special, marks = load_odd()
        match = special.search(text, at, stop) if self._normalize else None
        end = match.start() if match else stop
        if self._spans and self._spans[0][0] < end:
            end = self._spans[0][0]
        if end > at:
            self._at = end
            self._out.put(text[at:end], end - at)
            return
        found = next((one for mark in marks if (one := mark.pattern.match(text, at))), None)
        size, said = 1, text[at]
        if match and match.start() == at and text[at] == TICK:
            said = ""
        elif match and match.start() == at and found is not None:
            mark = next(mark for mark in marks if mark.pattern.match(text, at))
            said = mark.said if isinstance(mark.said, str) else str(mark.said(found))
            size = len(found[0])
        self._at = at + size
        span = 0
        for place in range(at, at + size):
            if self._spans and self._spans[0][0] == place:
                span += self._spans.pop(0)[1]
            else:
                span += 1
        self._out.put(said, span)
