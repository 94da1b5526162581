"""Work that may wait for a disk, on a few threads of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

log = logging.getLogger(__name__)

_THREADS = 8


class Background:
    """Runs pieces of work in order, a few at a time. Threads come with work and go with it."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()
        self._changed = threading.Condition()
        self._threads = 0
        self._closed = False

    def run(self, work: Callable[[], None]) -> None:
        """Returns at once; after `close` nothing is begun any more.

        Raises:
            RuntimeError: there can be no thread.
        """
        with self._changed:
            if self._closed:
                return
            self._waiting.append(work)
            if self._threads == _THREADS:
                return
            self._threads += 1
        try:
            threading.Thread(target=self._work, name="call", daemon=True).start()
        except RuntimeError:
            with self._changed:
                self._threads -= 1
                if self._threads == 0:  # else one of those takes it
                    self._waiting.remove(work)
                    raise

    def close(self, seconds: float) -> None:
        """Forgets what has not begun, and waits so long for what has."""
        end = time.monotonic() + seconds
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.wait_for(lambda: self._threads == 0, end - time.monotonic())

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._threads -= 1
                    self._changed.notify_all()
                    return
                work = self._waiting.popleft()
            try:
                work()
            except Exception:  # a bug; the next piece is another request's
                log.exception("work in the background failed")
