"""What the tests of the doors share."""

from __future__ import annotations

import pytest

from tests.cluster.door.serving import KEY


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a service without a file of keys the one that the clients of these tests have."""
    monkeypatch.setenv("QWEN_TTS_CLUSTER_KEY", KEY)
