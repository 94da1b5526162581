"""Work off the reader's thread: a few threads for what waits for a disk, one for each job."""

from __future__ import annotations

import logging
import threading
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
        self._own = 0
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

    def start(
        self,
        name: str,
        work: Callable[[], None],
        afterwards: Callable[[], None] = lambda: None,
    ) -> None:
        """Begin work that waits for the engine for most of its time, on a thread of its own.

        Args:
            afterwards: done on the same thread; `close` does not wait for it.

        Raises:
            RuntimeError: there can be no thread.
        """
        with self._changed:
            if self._closed:
                return
            self._own += 1
        try:
            threading.Thread(
                target=self._alone, args=(work, afterwards), name=name, daemon=True
            ).start()
        except RuntimeError:
            self._leave()
            raise

    def close(self, seconds: float) -> None:
        """Forget what has not begun, and wait so long for what has."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.wait_for(lambda: self._threads + self._own == 0, seconds)

    def _alone(self, work: Callable[[], None], afterwards: Callable[[], None]) -> None:
        try:
            work()
        except Exception:  # a bug
            log.exception("work in the background failed")
        finally:
            self._leave()
        afterwards()

    def _leave(self) -> None:
        with self._changed:
            self._own -= 1
            self._changed.notify_all()

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
