from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.downloads import FILES, OTHERS, Fetcher, write
from tests.support.hub import Hub
from tests.support.hub_server import hub_server

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a checkpoint with weights large enough to be downloaded in pieces; no test loads it."""
    others = dict.fromkeys(OTHERS, b"not for us" * 1000)
    return write(tmp_path_factory.mktemp("voice"), FILES | others)


@pytest.fixture(scope="module")
def server() -> Iterator[Hub]:
    with hub_server() as hub:
        yield hub


@pytest.fixture
def hub(server: Hub, voice: Path) -> Hub:
    """Return the module's hub, with no requests yet and with a repository that is in no cache."""
    server.requests.clear()
    server.ranges.clear()
    server.sent.clear()
    server.knows_ranges = True
    server.repo = f"someone/voice-{next(_numbers)}"
    server.serve(server.repo, voice)
    return server


@pytest.fixture(scope="module")
def fetch(server: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fetcher]:
    fetcher = Fetcher(server, tmp_path_factory.mktemp("home"))
    yield fetcher
    fetcher.close()
