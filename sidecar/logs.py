"""The log on stderr: one line per event, as text or as JSON, and copies for a client that asks.

Programs split the log at line breaks, so messages may not contain any: line breaks, and all other
characters that move a terminal's cursor, are escaped.
"""

from __future__ import annotations

import io
import logging
import os
import re
import sys
import threading
import traceback
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from sidecar.wording import one_line

LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("text", "json")
_TOKEN = re.compile(r"\bhf_[A-Za-z0-9]{8,}")
_TOKEN_VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
# Called for every event, with the names of its level and of its logger, and its message. It must
# not block.
Send = Callable[[str, str, str], None]


def to_stderr(level: str, format: str = "text") -> None:
    """Write events of at least this level to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLine() if format == "json" else _TextLine())
    handler.setLevel(level.upper())
    handler.addFilter(_has_source)
    logging.basicConfig(handlers=[handler], level=level.upper())
    logging.captureWarnings(True)


def to_client(level: str, send: Send) -> None:
    """Also pass events of at least this level to `send`; stderr receives the same as before."""
    handler = _Copies(send)
    handler.setLevel(level.upper())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(min(root.level, handler.level))


def catch_prints() -> None:
    """From now on, make events of what Python code writes to `sys.stdout` and `sys.stderr`.

    Only libraries write there. C code, and programs that libraries run, write to the descriptors.
    """
    sys.stdout, sys.stderr = Prints(logging.INFO), Prints(logging.WARNING)


class Prints(io.TextIOBase):
    """A text stream whose lines become events of the log."""

    def __init__(self, level: int) -> None:
        super().__init__()
        self._level = level
        self._lines = threading.local()

    @property
    def encoding(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]  # an attribute of C
        return "utf-8"

    def fileno(self) -> int:
        return 2

    def writable(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        """Take text; each line becomes an event when it has ended."""
        *lines, self._lines.begun = (getattr(self._lines, "begun", "") + text).split("\n")
        for line in lines:
            self._put(line)
        return len(text)

    def flush(self) -> None:
        """Make an event of the beginning of a line."""
        line, self._lines.begun = getattr(self._lines, "begun", ""), ""
        self._put(line)

    def _put(self, line: str) -> None:
        # What the log itself prints, about an event that it cannot write, is no event.
        is_inside = getattr(self._lines, "is_inside", False)
        if not line.strip() or is_inside:
            return
        self._lines.is_inside = True
        try:
            _printed.log(self._level, "%s", line)
        finally:
            self._lines.is_inside = False


_printed = logging.getLogger("sidecar.printed")


def _has_source(record: logging.LogRecord) -> bool:
    """Return whether an event names its logger, or matters all the same.

    Some libraries log what they do to the root logger, as warnings.
    """
    root = logging.getLogger()
    return record.name != "root" or record.levelno >= logging.ERROR or root.level <= logging.DEBUG


def redact(text: str) -> str:
    """Return the text without access tokens of the hub, which libraries may put into errors."""
    for name in _TOKEN_VARIABLES:
        if token := os.environ.get(name, "").strip():
            text = text.replace(token, "hf_…")
    return _TOKEN.sub("hf_…", text)


class _TextLine(logging.Formatter):
    """`2026-01-31 12:00:00,000 WARNING sidecar.wire: message (Error: reason; where < where)`"""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        record.message = record.getMessage()
        record.asctime = self.formatTime(record)
        return one_line(redact(self.formatMessage(record) + _cause(record)))


def _cause(record: logging.LogRecord) -> str:
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return ""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames]
    return f" ({type(error).__name__}: {error}; {' < '.join(reversed(places))})"


class _JsonLine(logging.Formatter):
    """An object: time (ISO 8601, UTC), level, logger, message; error and traceback if any."""

    def format(self, record: logging.LogRecord) -> str:
        event = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            event["error"] = f"{type(error).__name__}: {error}"
            event["traceback"] = "".join(traceback.format_exception(error))
        return redact(msgspec.json.encode(event).decode())


class _Copies(logging.Handler):
    def __init__(self, send: Send) -> None:
        super().__init__()
        self._send = send

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = redact(record.getMessage() + _cause(record))
            self._send(record.levelname.lower(), record.name, message)
        except Exception:
            self.handleError(record)
