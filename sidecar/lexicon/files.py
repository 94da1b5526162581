"""A lexicon in a file: CSV, JSON, or PLS of the W3C.

Sources: RFC 4180; https://www.w3.org/TR/pronunciation-lexicon/.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import msgspec

from sidecar.errors import BadLexicon, SidecarError
from sidecar.files import describe_os_error, read_regular
from sidecar.lexicon.entries import Entry, Lexicon
from sidecar.ssml.events import EventParser

MAX_FILE_BYTES = 16 * 2**20
_COLUMNS = ("written", "spoken", "language", "caseSensitive")
_TRUTH = {"": False, "false": False, "no": False, "0": False, "true": True, "yes": True, "1": True}
# How many words of a file a notice names.
_SHOWN = 5

# The entries, and the words that have none.
_Read = tuple[list[Entry], list[str]]


class _JsonEntry(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    written: str
    spoken: str
    language: str | None = None
    case_sensitive: bool = False


def read_lexicon(path: str) -> Lexicon:
    """Return the lexicon in a file, by its suffix: .csv, .json or .pls.

    Raises:
        BadLexicon
    """
    reads = {".csv": _read_csv, ".json": _read_json, ".pls": _read_pls, ".xml": _read_pls}
    read = reads.get(Path(path).suffix.lower())
    if read is None:
        raise BadLexicon(
            f"The lexicon {path} has another suffix than .csv, .json or .pls.", field="lexicon"
        )
    try:
        entries, unsaid = read(read_regular(path, MAX_FILE_BYTES).decode("utf-8-sig"))
        return Lexicon(entries, _describe(path, unsaid))
    except OSError as error:
        cause = describe_os_error(error, path)
        raise BadLexicon(f"The lexicon {path} cannot be read: {cause}.", field="lexicon") from error
    except SidecarError as error:
        message = f"The lexicon {path} is not valid: {error.message}"
        raise BadLexicon(message, hint=error.hint, field="lexicon") from error
    except (ValueError, msgspec.MsgspecError, csv.Error) as error:
        raise BadLexicon(f"The lexicon {path} is not valid: {error}.", field="lexicon") from error


def _describe(path: str, unsaid: list[str]) -> str | None:
    """Return a sentence about the words that the file does not say in letters, if there are any."""
    if not unsaid:
        return None
    shown = ", ".join(map(repr, unsaid[:_SHOWN])) + (", …" if len(unsaid) > _SHOWN else "")
    count = "1 word" if len(unsaid) == 1 else f"{len(unsaid)} words"
    return (
        f"The lexicon {path} has {count} without <alias>, which no model says by its phonemes "
        f"from a lexicon and which are said as they are written: {shown}."
    )


def _read_csv(text: str) -> _Read:
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    names = rows.fieldnames or ()
    if set(names) - set(_COLUMNS) or not {"written", "spoken"} <= set(names):
        raise ValueError(f"its first line must name the columns {', '.join(_COLUMNS)}")
    found: list[Entry] = []
    for row in rows:
        truth = _TRUTH.get((row.get("caseSensitive") or "").strip().lower())
        if truth is None or None in row or row["written"] is None or row["spoken"] is None:
            raise ValueError(f"line {rows.line_num} does not fit the columns")
        language = (row.get("language") or "").strip() or None
        found.append(Entry(row["written"], row["spoken"], language, truth))
    return found, []


def _read_json(text: str) -> _Read:
    rows = msgspec.json.decode(text, type=list[_JsonEntry])
    return [Entry(row.written, row.spoken, row.language, row.case_sensitive) for row in rows], []


def _read_pls(text: str) -> _Read:
    pls = _Pls()
    parser = EventParser(pls)
    parser.feed(text)
    parser.finish()
    if not pls.is_lexicon:
        raise ValueError("its root is not <lexicon>")
    if pls.unsaid and not pls.entries:
        raise ValueError("it has phonemes only, and an <alias> is needed to say a word")
    return pls.entries, pls.unsaid


class _Pls:
    """Collects the entries of a PLS document: graphemes, case-sensitive, with their first alias."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.unsaid: list[str] = []  # the graphemes of lexemes without an alias
        self.is_lexicon = False
        self._language: str | None = None
        self._written: list[str] = []
        self._spoken: list[str] = []
        self._text: list[str] = []

    def start(self, name: str, attributes: dict[str, str], at: int, span: int) -> None:
        if name == "lexicon":
            self.is_lexicon = True
            self._language = attributes.get("xml:lang")
        elif name == "lexeme":
            self._written, self._spoken = [], []
        self._text = []

    def end(self, name: str, at: int, span: int) -> None:
        text = " ".join("".join(self._text).split())
        if name == "grapheme":
            self._written.append(text)
        elif name == "alias":
            self._spoken.append(text)
        elif name == "lexeme":
            self.unsaid += [] if self._spoken else self._written or ["<lexeme>"]
            for written in self._written if self._spoken else ():
                self.entries.append(Entry(written, self._spoken[0], self._language, True))
        self._text = []

    def characters(self, text: str, at: int, span: int) -> None:
        self._text.append(text)

    def other(self, at: int, span: int) -> None:
        pass
