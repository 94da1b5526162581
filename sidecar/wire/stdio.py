"""The process's two pipes: claiming them, the reader's loop, and the one writer of stdout.

Nothing heavy may be imported here: `claim` runs before every other import, so that a
library that prints while it is imported already prints to stderr.
"""

from __future__ import annotations

import fcntl
import os
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from sidecar.wire.stderr import Stderr

if TYPE_CHECKING:
    from sidecar.wire.jsonrpc import Outgoing

READ_BYTES = 64 * 1024
# Generation pauses while more than this waits for a slow reader (about 10 s of s16 audio).
PAUSE_BYTES = 1024 * 1024
# The reader of stdin pauses too while more than this is unread, even if it is only small answers.
FULL_BYTES = 16 * 1024 * 1024
# Between two looks at a pipe whose bytes another thread takes.
_LOOK_SECONDS = 0.005
# The protocol's descriptors are at least this, where the process may have so many.
_HIGH = 100


class Pipes:
    """The file descriptors that belong to the protocol, which no other code can reach.

    Attributes:
        stderr: what Python's `sys.stderr` and `sys.stdout` have become.
    """

    def __init__(self, reader: int, writer: int, stderr: Stderr) -> None:
        self.reader = reader
        self.writer = writer
        self.stderr = stderr


def claim() -> Pipes:
    """Take stdin and stdout for the protocol.

    The real descriptors move to high numbers that children do not inherit. Afterwards fd 0
    reads nothing and fd 1 is stderr, for Python, for C and for child processes alike. What Python
    prints or logs is dropped if the parent does not read stderr: see `Stderr`.
    """
    if sys.stderr is None:  # pyright: ignore[reportUnnecessaryComparison]  # None if it is closed
        _redirect(os.open(os.devnull, os.O_WRONLY), 2)  # a parent that closed it
    reader, writer = _duplicate(0), _duplicate(1)
    _redirect(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    stderr = Stderr(2)
    sys.stdout = sys.stderr = stderr
    return Pipes(reader, writer, stderr)


def _duplicate(fd: int) -> int:
    """Return a copy of a descriptor, with a number that nothing else uses by habit."""
    try:
        return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _HIGH)
    except OSError:  # ulimit -n is lower
        return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)


def _redirect(source: int, target: int) -> None:
    os.dup2(source, target)
    if source != target:
        os.close(source)


def read_chunks(fd: int) -> bytes:
    """Wait for the next bytes of `fd`; return no bytes at its end."""
    while True:
        try:
            return os.read(fd, READ_BYTES)
        except BlockingIOError:  # a parent may hand us a non-blocking descriptor
            select.select([fd], [], [])
        except OSError:  # reset by the other end, or a terminal that hung up
            return b""


def hung_up(fd: int) -> bool:
    """Return whether the other end of `fd` is closed, even with bytes still to be read.

    A pipe that nobody reads reports an error on Linux, and a hang-up elsewhere.
    """
    poll = select.poll()
    poll.register(fd, select.POLLHUP)
    return any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll(0))


def _has_bytes(fd: int, milliseconds: int | None) -> bool:
    """Wait until `fd` has bytes or has ended, at most so long; return whether it has.

    Not by `select`, which takes no descriptor over 1023.
    """
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(milliseconds))


class Outbox:
    """The bounded queue between all threads that answer and the writer thread.

    `put` never blocks: the engine asks `has_room` before it makes more audio, and the
    reader waits in `wait_until_not_full` before it takes more requests, so what is queued
    stays below FULL_BYTES plus one chunk, or one whole result, of every stream.
    """

    def __init__(self, on_room: Callable[[], None] | None = None) -> None:
        self._messages: deque[tuple[Outgoing, int]] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._closed = False
        self._writing = False
        self.on_room = on_room or (lambda: None)

    @property
    def has_room(self) -> bool:
        return self._bytes < PAUSE_BYTES

    def put(self, message: Outgoing, size: int = 256) -> None:
        """Queue one message; `size` is roughly its bytes on the wire."""
        with self._changed:
            if self._closed:
                return
            self._messages.append((message, size))
            self._bytes += size
            self._changed.notify_all()

    def take(self) -> Outgoing | None:
        """Wait for the next message; return None when closed. Only the writer calls this."""
        with self._changed:
            self._writing = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._messages or self._closed)
            if self._closed:
                return None
            message, size = self._messages.popleft()
            paused = not self.has_room
            self._bytes -= size
            self._writing = True
            resumed = paused and self.has_room
        if resumed:
            self.on_room()
        return message

    def wait_until_not_full(self, timeout: float | None = None) -> bool:
        """Wait until there is room; return False if there is none after `timeout` seconds."""
        with self._changed:
            room = lambda: self._closed or self._bytes < FULL_BYTES  # noqa: E731
            return self._changed.wait_for(room, timeout)

    def drain(self, timeout: float) -> bool:
        """Wait until everything queued has been written; return False if time ran out first."""
        with self._changed:
            done = lambda: self._closed or (not self._messages and not self._writing)  # noqa: E731
            return self._changed.wait_for(done, timeout)

    def finish(self, timeout: float) -> bool:
        """Close it and wait for the message being written; return False if time ran out first."""
        self.close()
        with self._changed:
            return self._changed.wait_for(lambda: not self._writing, timeout)

    def close(self) -> None:
        """Discard what is queued, and refuse everything that is put later."""
        with self._changed:
            self._closed = True
            self._messages.clear()
            self._changed.notify_all()


class Writer(threading.Thread):
    """The only thread that writes to stdout, so that frames never interleave.

    It calls `on_closed` when it cannot go on: with None when the client no longer reads, else with
    the error. A process that cannot answer must end.
    """

    def __init__(
        self,
        fd: int,
        outbox: Outbox,
        encode: Callable[[Outgoing], bytes],
        on_closed: Callable[[Exception | None], None],
    ) -> None:
        super().__init__(name="writer", daemon=True)
        self._fd = fd
        self._outbox = outbox
        self._encode = encode
        self._on_closed = on_closed

    def run(self) -> None:
        try:
            while (message := self._outbox.take()) is not None:
                self._write(self._encode(message))
        except OSError:  # EPIPE: the client no longer reads
            self._on_closed(None)
        except Exception as error:
            self._on_closed(error)
        finally:
            self._outbox.close()

    def _write(self, frame: bytes) -> None:
        view = memoryview(frame)
        while view:
            try:
                view = view[os.write(self._fd, view) :]
            except BlockingIOError:
                select.select([], [self._fd], [])


class Reader(threading.Thread):
    """The thread that gives stdin to `on_bytes` until that returns False.

    It calls `on_end` at stdin's end.
    """

    def __init__(
        self, fd: int, on_bytes: Callable[[bytes], bool], on_end: Callable[[], None]
    ) -> None:
        super().__init__(name="reader", daemon=True)
        self._fd = fd
        self._on_bytes = on_bytes
        self._on_end = on_end
        self._idle = threading.Event()  # all bytes that have been read have been handled

    def run(self) -> None:
        try:
            while data := self._read():
                if not self._on_bytes(data):
                    return
            self._on_end()
        finally:
            self._idle.set()

    def _read(self) -> bytes:
        self._idle.set()
        _has_bytes(self._fd, None)
        self._idle.clear()  # before anything is taken from the pipe: see `catch_up`
        return read_chunks(self._fd)

    def catch_up(self, goes_on: Callable[[], bool], seconds: float) -> None:
        """Wait until what the other end has sent so far has been handled.

        Args:
            goes_on: returns False if the thread waits for somebody else.
            seconds: the most processor time that the process spends meanwhile. The wait ends after
                five times as long, whatever the process does.
        """
        spent, late = time.process_time() + seconds, time.monotonic() + 5 * seconds
        while goes_on() and time.process_time() < spent and time.monotonic() < late:
            is_empty = not _has_bytes(self._fd, 0)
            # In this order: what was taken before the pipe was looked at has been handled, if the
            # thread is idle afterwards.
            if (self._idle.is_set() and is_empty) or not self.is_alive():
                return
            time.sleep(_LOOK_SECONDS)
