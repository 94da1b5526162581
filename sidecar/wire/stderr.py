"""A stderr that never blocks: what the parent does not read is dropped and counted, by lines.

A pipe holds 64 KB. When the parent does not read it, the next write to it would block the thread
that logs, and the reader of stdin and the engine both log. Nothing heavy may be imported here: see
`wire/stdio.py`.
"""

from __future__ import annotations

import io
import logging
import os
import select
import threading
from collections import deque

log = logging.getLogger(__name__)

# Bytes that wait for a parent which does not read. A longer line is dropped as well.
HELD_BYTES = 1024 * 1024


class Stderr(io.TextIOBase):
    """A text stream that queues lines for a thread of its own, which writes them to a descriptor.

    Args:
        fd: the descriptor; only this object and C libraries write to it.
        held: how many bytes may wait.
    """

    def __init__(self, fd: int, held: int = HELD_BYTES) -> None:
        super().__init__()
        self._fd = fd
        self._held = held
        self._changed = threading.Condition()
        self._begun = ""  # of a line that has not ended
        self._lines: deque[bytes] = deque()
        self._bytes = 0
        self._dropped = 0
        self._is_writing = False
        self._thread: threading.Thread | None = None

    @property
    def encoding(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]  # an attribute of C
        return "utf-8"

    def fileno(self) -> int:
        return self._fd

    def isatty(self) -> bool:
        return os.isatty(self._fd)

    def writable(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        """Queue text; a line is written when it has ended, or with `flush`."""
        with self._changed:
            whole, line_break, rest = text.rpartition("\n")
            if line_break:
                self._put(self._begun + whole + line_break)
                self._begun = rest
            else:
                self._begun += text
            if len(self._begun) > self._held:
                self._put(self._begun)
                self._begun = ""
        return len(text)

    def flush(self) -> None:
        """Queue the beginning of a line; this waits for nothing."""
        with self._changed:
            if self._begun:
                self._put(self._begun)
                self._begun = ""

    def drain(self, timeout: float) -> bool:
        """Wait until everything queued has been written; return False if time ran out first."""
        self.flush()
        with self._changed:
            return self._changed.wait_for(lambda: not self._lines and not self._is_writing, timeout)

    def _put(self, text: str) -> None:
        data = text.encode(errors="backslashreplace")
        if self._bytes + len(data) > self._held:
            self._dropped += text.count("\n") or 1
            return
        self._lines.append(data)
        self._bytes += len(data)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="stderr", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._is_writing = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._lines)
                line = self._lines.popleft()
                self._is_writing = True
            self._write_out(line)
            with self._changed:
                self._bytes -= len(line)
                dropped, self._dropped = (0, self._dropped) if self._lines else (self._dropped, 0)
            if dropped:
                log.error("%d lines of the log were dropped: stderr was not read", dropped)

    def _write_out(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._fd, view) :]
            except BlockingIOError:  # a parent may hand us a non-blocking descriptor
                select.select([], [self._fd], [])
            except OSError:  # nobody can read it any more, or its disk is full
                return
