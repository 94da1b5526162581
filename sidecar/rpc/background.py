"""Threads for work that may wait, for a disk or for the engine, so that the reader never does."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, wait
from concurrent.futures.thread import ThreadPoolExecutor

from sidecar.errors import QueueFull

log = logging.getLogger(__name__)

_DISK_THREADS = 8
# Steps that wait for the lane, and for the disk. Requests in flight are fewer, but the step of a
# request that was cancelled stays where it is until its turn, when it is skipped.
_MOST_WAITING = 1000


class Background:
    """Three groups of threads, which start when there is work for them.

    `in_order` is the session's one ordered lane. THE RULE: what requests ask of the saved voices
    and of the models takes effect in the order in which the requests came. So a `voice/delete`
    after a `speech/synthesize` does not take that request's voice away, and a `model/unload` after
    it does not take its model away. One thread takes one step after another:

    - `speech/synthesize` reads its saved voice, and holds its model (`Engine.hold_model`);
    - `voice/delete` deletes the file;
    - `model/load`, `model/unload` and `model/delete` reach the engine, which does them in this
      order (it says whether a model is in use; its files are deleted on another thread);
    - `model/download`, `voice/create` and the lists begin.

    Whatever may take long begins in the lane and goes on elsewhere, since every later step waits
    for a slow one: recordings are decoded, texts are normalised, and folders are listed on other
    threads. A step whose request was cancelled meanwhile is skipped.

    All methods return at once, and do nothing after `close`. They raise RuntimeError if no thread
    can be started, and QueueFull if too much waits, as it does while a disk hangs; then the work is
    not done, and the caller answers the request.
    """

    def __init__(self) -> None:
        self._lane = ThreadPoolExecutor(1, "lane")
        self._disk = ThreadPoolExecutor(_DISK_THREADS, "disk")
        self._lock = threading.Lock()
        self._unfinished: set[Future[None]] = set()
        self._waiting: Counter[ThreadPoolExecutor] = Counter()
        self._closed = False

    def in_order(self, step: Callable[[], None]) -> None:
        """Take a step after all earlier ones. It has to be short; see the class."""
        self._submit(self._lane, step)

    def run(self, work: Callable[[], None]) -> None:
        """Do work that waits for a disk, on one of a few threads."""
        self._submit(self._disk, work)

    def start(self, work: Callable[[], None], afterwards: Callable[[], None] | None = None) -> None:
        """Begin work that waits for the engine, on a thread of its own, which ends with it.

        The engine and the session limit how many there are. (A pool would keep its threads, and
        start more than it needs when a request follows so fast that the last one's is still busy.)

        Args:
            afterwards: called on the same thread; `close` does not wait for it.
        """
        future = Future[None]()

        def job() -> None:
            try:
                work()
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(None)
            if afterwards is not None:
                afterwards()

        with self._lock:
            if self._closed:
                return
            threading.Thread(target=job, name="job", daemon=True).start()
            self._unfinished.add(future)
        future.add_done_callback(self._end)

    def close(self, seconds: float) -> None:
        """Forget what has not begun, and wait at most `seconds` for what has."""
        with self._lock:
            self._closed = True
        for pool in (self._lane, self._disk):
            pool.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            unfinished = list(self._unfinished)
        wait(unfinished, seconds)

    def _submit(self, pool: ThreadPoolExecutor, work: Callable[[], None]) -> None:
        is_refused = False

        def task() -> None:
            with self._lock:  # free once `submit` has returned or raised
                if is_refused:
                    return
                self._waiting[pool] -= 1
            work()

        with self._lock:
            if self._closed:
                return
            if self._waiting[pool] >= _MOST_WAITING:
                raise QueueFull(
                    f"{_MOST_WAITING} steps of requests wait already, cancelled ones among them.",
                    hint="A disk may hang. Send the request again later.",
                )
            try:
                future = pool.submit(task)
            except RuntimeError:  # the pool keeps the task, and gives it to a later thread
                is_refused = True
                raise
            self._unfinished.add(future)
            self._waiting[pool] += 1
        future.add_done_callback(self._end)

    def _end(self, future: Future[None]) -> None:
        with self._lock:
            self._unfinished.discard(future)
        if not future.cancelled() and (error := future.exception()) is not None:  # a bug
            log.error("work in the background failed", exc_info=error)
