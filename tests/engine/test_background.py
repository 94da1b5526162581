"""Work that may wait for a disk: how many tasks run at once, and how they end at shutdown."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from sidecar.errors import QueueFull
from sidecar.rpc import background as background_module
from sidecar.rpc.background import Background
from tests.support.harness import TIMEOUT


def test_all_of_it_is_done_a_few_at_a_time() -> None:
    background, lock = Background(), threading.Lock()
    at_once = most = 0
    eight, done = threading.Barrier(8, timeout=TIMEOUT), threading.Semaphore(0)

    def work() -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        eight.wait()
        with lock:
            at_once -= 1
        done.release()

    for _ in range(40):
        background.run(work)
    for _ in range(40):
        assert done.acquire(timeout=TIMEOUT)
    assert most == 8


def test_a_bug_in_one_piece_is_not_the_nexts(caplog: pytest.LogCaptureFixture) -> None:
    background, done = Background(), threading.Event()

    def broken() -> None:
        raise ValueError("a bug")

    for _ in range(8):
        background.run(broken)
    background.run(done.set)
    assert done.wait(TIMEOUT)
    background.close(TIMEOUT)
    assert "a bug" in caplog.text


def test_the_end_waits_for_what_has_begun_and_forgets_the_rest() -> None:
    background, go = Background(), threading.Event()
    began, done = threading.Semaphore(0), []

    def work() -> None:
        began.release()
        assert go.wait(TIMEOUT)
        done.append(1)

    for _ in range(12):
        background.run(work)
    for _ in range(8):
        assert began.acquire(timeout=TIMEOUT)
    start = time.monotonic()
    background.close(0.01)
    assert time.monotonic() - start < TIMEOUT / 2
    assert done == []
    go.set()
    background.close(TIMEOUT)
    assert len(done) == 8
    background.run(work)
    assert len(done) == 8


def test_what_waits_for_a_disk_that_hangs_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its requests may have been cancelled, so that their number says nothing."""
    monkeypatch.setattr(background_module, "_MOST_WAITING", 5)
    background, go, began = Background(), threading.Event(), threading.Semaphore(0)
    done: list[int] = []

    def hang() -> None:
        began.release()
        assert go.wait(TIMEOUT)
        done.append(1)

    for start in (background.in_order, background.run):
        for _ in range(1 if start == background.in_order else 8):
            start(hang)
            assert began.acquire(timeout=TIMEOUT)
        for _ in range(5):
            start(lambda: done.append(2))
        with pytest.raises(QueueFull):
            start(lambda: done.append(3))
    background.start(lambda: done.append(4))  # has a thread of its own
    go.set()
    background.close(TIMEOUT)
    assert sorted(set(done)) in ([1, 2, 4], [1, 4])
    assert 3 not in done


def test_no_thread_is_the_callers_to_know(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("can't start new thread")

    background, refused = Background(), []
    with monkeypatch.context() as patch:
        patch.setattr("threading.Thread.start", broken)
        with pytest.raises(RuntimeError, match="new thread"):
            background.run(lambda: refused.append(1))
    done = threading.Event()
    background.run(done.set)
    assert done.wait(TIMEOUT)
    assert refused == []  # its request has been answered


def test_a_job_has_a_thread_of_its_own_which_ends_with_it() -> None:
    """Requests that follow each other fast must not add up to threads that wait for ever."""
    background, threads = Background(), list[threading.Thread]()

    def follow(left: int, done: threading.Event) -> None:
        threads.append(threading.current_thread())
        if left:
            background.start(lambda: follow(left - 1, done))
        else:
            done.set()

    done = threading.Event()
    background.start(lambda: follow(20, done))
    assert done.wait(TIMEOUT)
    background.close(TIMEOUT)
    for thread in threads:
        thread.join(TIMEOUT)
        assert not thread.is_alive()
    assert len(set(threads)) == 21


def test_a_job_without_a_thread_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("can't start new thread")

    background = Background()
    with monkeypatch.context() as patch:
        patch.setattr("threading.Thread.start", broken)
        with pytest.raises(RuntimeError, match="new thread"):
            background.start(lambda: None)
    start = time.monotonic()
    background.close(TIMEOUT)
    assert time.monotonic() - start < TIMEOUT / 2
