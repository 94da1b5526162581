"""The settings that MLX reads when it starts."""

from __future__ import annotations

import os

import pytest

from sidecar.models import backend

OPERATIONS, MEGABYTES = "MLX_MAX_OPS_PER_BUFFER", "MLX_MAX_MB_PER_BUFFER"


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in (OPERATIONS, MEGABYTES):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return monkeypatch


@pytest.mark.parametrize(
    ("processor", "operations"),
    [("Apple M1", "1000"), ("Apple M4 Max", "1000"), ("Apple M5", None), ("Apple M10", None)],
)
def test_command_buffers_are_longer_where_that_was_measured_to_help(
    variables: pytest.MonkeyPatch, processor: str, operations: str | None
) -> None:
    variables.setattr(backend, "processor", lambda: processor)
    backend._tune_metal()
    assert os.environ.get(OPERATIONS) == operations
    assert (MEGABYTES in os.environ) == (operations is not None)


def test_what_the_user_has_set_stays(variables: pytest.MonkeyPatch) -> None:
    variables.setattr(backend, "processor", lambda: "Apple M2")
    variables.setenv(OPERATIONS, "50")
    backend._tune_metal()
    assert os.environ[OPERATIONS] == "50"
    assert os.environ[MEGABYTES] == "400"
