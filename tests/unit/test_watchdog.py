"""The watchdog: a piece of work that takes long is a hang, but not while a load reads its files."""

from __future__ import annotations

import os
from pathlib import Path

from sidecar.engine.watchdog import Heartbeat, Watchdog, count_read

LIMIT = 6


def test_work_that_does_not_go_on_is_a_hang_at_the_limit() -> None:
    heartbeat = Heartbeat()
    watchdog = Watchdog(heartbeat, LIMIT, 1.0, os.getpid)
    heartbeat.beat("loading a model", reads=True)
    looks = [watchdog.look() for _ in range(LIMIT + 2)]
    assert looks == [False] * (LIMIT + 1) + [True]  # the first two looks begin to count
    heartbeat.beat("loading a model", reads=True)
    assert not watchdog.look()


def test_a_load_from_a_slow_disk_is_none_for_as_long_as_bytes_come() -> None:
    heartbeat, read = Heartbeat(), 0
    watchdog = Watchdog(heartbeat, LIMIT, 1.0, lambda: read)
    heartbeat.beat("loading a model", reads=True)
    for at in range(20 * LIMIT):
        read += at % (LIMIT - 1) == 0  # a MiB now and then
        assert not watchdog.look()
    assert watchdog.is_stalled  # it takes long, which a client may see
    assert [watchdog.look() for _ in range(LIMIT + 1)][-1]


def test_other_work_that_reads_meanwhile_is_no_progress_of_speech() -> None:
    heartbeat, read = Heartbeat(), 0
    watchdog = Watchdog(heartbeat, LIMIT, 1.0, lambda: read)
    heartbeat.beat("generating speech")
    looks: list[bool] = []
    for _ in range(LIMIT + 1):
        read += 1
        looks.append(watchdog.look())
    assert looks[-1]


def test_reading_a_file_counts(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(bytes(8 * 2**20))
    before = count_read()
    file.read_bytes()
    assert count_read() >= before + 7
