"""XML in pieces → its elements and characters, each with its place in the text.

The parser is expat, which conforms to XML 1.0. What attacks with XML need is refused: document type
declarations, and with them all entities but XML's own five; and depth and sizes are bounded.
See https://docs.python.org/3/library/xml.html#xml-security and the package defusedxml.
"""

from __future__ import annotations

from typing import Protocol
from xml.parsers import expat

from sidecar.errors import Figures, InvalidMarkup

# The most elements inside one another, the most bytes of one tag, and the most of its attributes.
MAX_DEPTH = 32
MAX_TAG_BYTES = 4096
MAX_ATTRIBUTES = 16


def make_error(message: str, at: int, hint: str | None = None) -> InvalidMarkup:
    """Return the error about a place in the text, in code points."""
    figures = Figures(text_offset=at)
    return InvalidMarkup(
        f"{message}, at {at} in the text.", hint=hint, field="text", figures=figures
    )


class Listener(Protocol):
    """What the parser calls; each call stands for so many characters of the text, in order."""

    def start(self, name: str, attributes: dict[str, str], at: int, span: int) -> None: ...

    def end(self, name: str, at: int, span: int) -> None: ...

    def characters(self, text: str, at: int, span: int) -> None: ...

    def other(self, at: int, span: int) -> None:
        """Take a comment, a processing instruction, or what is around the root element."""
        ...


class EventParser:
    """Parses one document.

    A call is made once it is known how many characters it stands for.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._waiting: tuple[str, str, dict[str, str]] | None = None
        self._begun = 0  # where it begins, in bytes
        self._at = 0  # the same, in characters
        self._data = bytearray()  # the text since then
        self._size = 0  # bytes that were fed
        self._open: list[tuple[str, int]] = []
        # The text is encoded here, so a declaration of another encoding means nothing.
        self._parser = parser = expat.ParserCreate("utf-8")
        if hasattr(parser, "SetReparseDeferralEnabled"):  # tags are bounded, so it protects nothing
            parser.SetReparseDeferralEnabled(False)  # pyright: ignore[reportAttributeAccessIssue]
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = lambda text: self._note("characters", text)
        parser.CommentHandler = lambda text: self._note("other")
        parser.ProcessingInstructionHandler = lambda target, text: self._note("other")
        parser.XmlDeclHandler = lambda version, encoding, alone: self._note("other")
        parser.DefaultHandlerExpand = lambda text: self._note("around")
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.ExternalEntityRefHandler = self._refuse  # pyright: ignore[reportAttributeAccessIssue]
        parser.UnparsedEntityDeclHandler = self._refuse
        parser.SkippedEntityHandler = self._refuse

    def feed(self, text: str) -> None:
        """Parse the next piece of the text.

        Raises:
            InvalidMarkup: it is not well-formed, or is refused.
        """
        data = text.encode("utf-8", "surrogatepass")
        self._data += data
        self._size += len(data)
        self._parse(data, final=False)
        self._settle(self._parser.CurrentByteIndex)
        if self._size - self._begun > MAX_TAG_BYTES:
            raise self._make_size_error()

    def finish(self) -> None:
        """End the document.

        Raises:
            InvalidMarkup: it is not complete.
        """
        self._parse(b"", final=True)
        self._settle(self._size)

    def _parse(self, data: bytes, *, final: bool) -> None:
        try:
            self._parser.Parse(data, final)
        except expat.ExpatError as error:
            raise self._explain(error) from error

    def _explain(self, error: expat.ExpatError) -> InvalidMarkup:
        self._settle(max(self._begun, self._parser.ErrorByteIndex))
        what = expat.ErrorString(error.code)
        hint = 'In XML "&" and "<" are written "&amp;" and "&lt;".'
        if what == expat.errors.XML_ERROR_NO_ELEMENTS:
            if self._open:
                name, at = self._open[-1]
                return make_error(f"The SSML ends inside <{name}>, which begins at {at}", self._at)
            return make_error("There is no <speak> element", self._at)
        if what in (
            expat.errors.XML_ERROR_UNDEFINED_ENTITY,
            expat.errors.XML_ERROR_ENTITY_DECLARED_IN_PE,
        ):
            hint = "XML has the entities amp, lt, gt, quot and apos; write others as &#160;."
        elif self._open:
            name, at = self._open[-1]
            return make_error(
                f"This is not XML: {what}, in <{name[:40]}> from {at}", self._at, hint
            )
        return make_error(f"This is not XML: {what}", self._at, hint)

    # --- what expat calls ------------------------------------------------------------------------

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._note("start", name, attributes)
        if len(self._open) == MAX_DEPTH:
            raise make_error(f"More than {MAX_DEPTH} elements are inside one another", self._at)
        if len(attributes) > MAX_ATTRIBUTES:
            raise make_error(f"An element has more than {MAX_ATTRIBUTES} attributes", self._at)
        self._open.append((name, self._at))

    def _end(self, name: str) -> None:
        self._open.pop()
        self._note("end", name)

    def _refuse(self, *_: object) -> None:
        self._settle(self._parser.CurrentByteIndex)
        raise make_error("SSML must not declare a document type or entities", self._at)

    def _note(self, kind: str, one: str = "", other: dict[str, str] | None = None) -> None:
        self._settle(self._parser.CurrentByteIndex)
        self._waiting = kind, one, other or {}

    def _settle(self, end: int) -> None:
        """Make the call that waits, which stands for the text up to here."""
        size = max(0, end - self._begun)  # expat says −1 before the first character
        waiting, self._waiting = self._waiting, None
        if waiting is None and not size:
            return
        span = len(self._data[:size].decode("utf-8", "replace"))
        kind, one, other = waiting or ("around", "", {})
        if size > MAX_TAG_BYTES and kind not in ("characters", "around"):
            raise self._make_size_error()
        at, self._begun, self._at = self._at, self._begun + size, self._at + span
        del self._data[:size]
        match kind:
            case "start":
                self._listener.start(one, other, at, span)
            case "end":
                self._listener.end(one, at, span)
            case "characters":
                self._listener.characters(one, at, span)
            case _:
                self._listener.other(at, span)

    def _make_size_error(self) -> InvalidMarkup:
        return make_error(f"A tag or a comment is longer than {MAX_TAG_BYTES} bytes", self._at)
