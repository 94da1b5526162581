"""Exceptions on the wire."""

from __future__ import annotations

from sidecar.rpc.error_objects import error_object


def test_no_memory_is_no_bug_of_the_sidecar() -> None:
    error = error_object(MemoryError())
    assert (error.code, error.data.type) == (1009, "outOfMemory")
    assert error.data.hint
