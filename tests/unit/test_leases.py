"""The locks of models and exports, where processes meet in the moment between two system calls."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

import pytest

from sidecar.models import exporting
from sidecar.models.hub import lease


def test_a_model_that_was_deleted_before_it_was_locked_is_not_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "models--someone--voice"
    home.mkdir()
    lock = fcntl.flock

    def lock_too_late(descriptor: int, operation: int) -> None:
        shutil.rmtree(home, ignore_errors=True)
        lock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", lock_too_late)
    assert lease.take(home) is None


def test_an_export_leaves_what_another_one_is_writing(tmp_path: Path) -> None:
    running, killed = tmp_path / ".export-running", tmp_path / ".export-killed"
    running.mkdir()
    killed.mkdir()
    descriptor = os.open(running, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    exporting._delete_abandoned(tmp_path)  # pyright: ignore[reportPrivateUsage]
    assert os.listdir(tmp_path) == [".export-running"]
    os.close(descriptor)
