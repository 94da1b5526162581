"""Processes that tests started, and waiting for what they do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import psutil

TIMEOUT = 60.0

T = TypeVar("T")


def eventually(what: str, check: Callable[[], T]) -> T:
    """Return what `check` returns once that is true; fail if that takes too long."""
    end = time.monotonic() + TIMEOUT
    while not (value := check()):
        assert time.monotonic() < end, f"not within {TIMEOUT:.0f} s: {what}"
        time.sleep(0.02)
    return value


def is_alive(pid: int) -> bool:
    """Return whether a process runs. A zombie counts as gone."""
    try:
        return psutil.Process(pid).status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return False


def descendants(pid: int) -> list[int]:
    """Return the processes that a process and its children have started, and that still run."""
    return [child.pid for child in psutil.Process(pid).children(True) if is_alive(child.pid)]
