"""The parts of a text, as they are read, → runs and the paragraphs they are in."""

from __future__ import annotations

from sidecar.text.directives import Directive
from sidecar.text.marks import APART, BLOCKS, GONE, VOID, LineKind
from sidecar.text.runs import Run

# No mark that is longer is held back until its end: from there on it is silent, up to its end. So
# many characters of short tags without a word between them are the border of a paragraph, too.
LONG = 2000
# What is silent is divided after so many characters, so that its sentences are handed out while it
# arrives: who writes the text may wait for them.
_PART = 300

SILENT = (LineKind.RULE, LineKind.FENCE)


class RunWriter:
    """Collects runs.

    Attributes:
        kind: of the current line, if it is known.
        owes: whether a paragraph has ended, so that the next word opens another.
        begun: whether the paragraph has words, or is silent.
    """

    def __init__(self) -> None:
        self._runs: list[Run] = []
        self.kind: LineKind | None = None
        self.owes = False
        self.begun = False
        self._is_after_tag = False
        self._is_spaced = True  # the last output is white space
        self._passed = 0  # characters of the silent paragraph
        self._quiet = 0  # characters since the last word or border
        self._owes_cut = False  # whether a sentence has ended
        self._is_asking = True  # nothing but directives, at the beginning or since a border

    def take(self) -> list[Run]:
        """Return the runs since the last call."""
        runs, self._runs = self._runs, []
        return runs

    def pass_over(self, span: int) -> None:
        """Pass over text that is not spoken, in paragraphs that do not depend on its pieces."""
        while span:
            self.owes = self.owes or self._passed == _PART
            self._passed = 0 if self.owes else self._passed
            opens = self.take_border()
            self.begun = True
            size = min(span, _PART - self._passed)
            self.emit("", size, opens=opens, is_silent=True)
            self._passed += size
            span -= size

    def put_tag(self, tag: dict[str, str | None], span: int, before: str) -> None:
        """Put a tag, which may end a paragraph before or after it.

        Args:
            before: the end of the original before it.
        """
        name, is_closing = (tag.get("name") or "").lower(), bool(tag.get("closes"))
        is_block = name in BLOCKS
        closes = name in VOID or (is_block and is_closing)
        self.owes = self.owes or (is_block and not closes)
        is_long = self._quiet >= (LONG if self.begun else _PART)
        if is_long:  # hundreds of tags without a word
            self.owes = self.begun = True
        opens = (is_long or (bool(name) and not is_closing)) and self.take_border()
        # Links one after another are a list, which only a style sheet sets apart.
        is_list = name == "a" and before.rstrip().lower().endswith("</a>")
        is_apart = name in APART or (is_list and not is_closing)
        self.emit(GONE if is_apart else "", span, opens=opens)
        self.owes = self.owes or closes
        self._is_after_tag = True
        self._is_spaced = (self._is_spaced and not is_apart) or opens or closes

    def leave_out(self, span: int) -> None:
        """Put something inside a line that is not spoken and leaves no trace."""
        self.emit("", span)
        self._is_after_tag = True

    def put_directive(self, directive: Directive, span: int) -> None:
        """Put what the text asks for, before which a sentence ends."""
        opens = self.take_border()
        cuts = not (opens or self._is_asking)
        self.emit("", span, opens=opens, cuts=cuts, directive=directive)
        self._is_after_tag = self._is_spaced = True

    def put_sentence_end(self, span: int) -> None:
        """Put a tag before which a sentence ends, though no paragraph does."""
        self.leave_out(span)
        self._owes_cut = True

    def put(self, text: str, span: int) -> None:
        """Put words, before which a paragraph may be owed, or white space be doubled."""
        if self._is_after_tag and self._is_spaced and span == len(text):
            kept = text.lstrip(" \t")
            if kept != text:
                self.emit("", span - len(kept))
            text, span = kept, len(kept)
        words = text.lstrip()
        white = len(text) - len(words)
        if words and white and (self.owes or self._owes_cut) and span == len(text):
            self.emit(text[:white], white)
            text, span = words, len(words)
        if words or (self.kind in SILENT and span):
            cuts = self._owes_cut and self.begun
            opens = self.take_border()
            cuts = cuts and not opens
            self.begun, self._owes_cut = True, False
        else:
            opens = cuts = False
        if text:
            self._is_after_tag, self._is_spaced = False, text[-1].isspace()
        if span:
            self.emit(text, span, opens=opens, cuts=cuts)

    def take_border(self) -> bool:
        """Return whether a paragraph opens now."""
        opens = self.owes and self.begun
        self.owes = False
        if opens:
            self.begun, self._is_spaced = False, True
        return opens

    def emit(
        self,
        text: str,
        span: int,
        *,
        opens: bool = False,
        is_silent: bool = False,
        cuts: bool = False,
        directive: Directive | None = None,
    ) -> None:
        """Put a run as it is."""
        is_row = self.kind is LineKind.ROW
        self._runs.append(Run(text, span, opens, is_row, is_silent, cuts, directive))
        said = text.rstrip().rstrip(GONE)
        begins = opens or cuts or self._is_asking
        self._is_asking = begins if directive else self._is_asking and not (text or opens)
        self._quiet = len(text) - len(text.rstrip()) if said else span + self._quiet * (not opens)
