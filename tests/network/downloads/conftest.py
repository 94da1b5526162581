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
    """As large as it takes to be cut in pieces; nobody loads it."""
    others = dict.fromkeys(OTHERS, b"not for us" * 1000)
    return write(tmp_path_factory.mktemp("voice"), FILES | others)


@pytest.fixture(scope="module")
def server() -> Iterator[Hub]:
    with hub_server() as hub:
        yield hub


@pytest.fixture
def hub(server: Hub, voice: Path) -> Hub:
    """The module's hub, with nothing asked of it yet and a repository that nobody has."""
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
