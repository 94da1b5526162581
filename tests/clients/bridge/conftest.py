from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clients.bridge.running import Bridge, bridge


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    """Yield one bridge for all tests that leave it as it is."""
    voices = str(tmp_path_factory.mktemp("voices"))
    with bridge("--log-level", "info", "--", "--voices-dir", voices) as running:
        yield running
