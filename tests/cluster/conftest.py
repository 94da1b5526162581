"""One cluster for all tests of this folder that need Ray."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.cluster.running import Cluster, settings
from tests.cluster.spoken import Spoken

REPLICAS = {"minReplicas": 2, "maxReplicas": 2}


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Yield a cluster with two replicas of `speech`; this thread is in its network.

    At its end, everything that it had started has ended by itself.
    """
    running = _start()
    with running.inside():
        yield running
    assert running.close() == [], "these processes had to be killed"


def _start() -> Cluster:
    """Start a cluster: Ray gives its own processes 30 s, which a busy machine may exceed."""
    for is_last in (False, False, True):
        try:
            return Cluster({"/": settings(scaling=REPLICAS)})
        except AssertionError as error:
            if is_last or "timed out during startup" not in str(error):
                raise
    raise AssertionError("unreachable")


@pytest.fixture(scope="session")
def spoken(cluster: Cluster) -> Spoken:
    """Return what one process says, to compare with; it is started outside of the cluster."""
    return Spoken()


@pytest.fixture(scope="session")
def loop(cluster: Cluster) -> Iterator[asyncio.Runner]:
    """Yield an event loop in the cluster's network."""
    with asyncio.Runner() as runner:
        yield runner
