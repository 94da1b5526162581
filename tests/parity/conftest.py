from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sidecar.engine.engine import Engine
from sidecar.engine.events import LoadResult
from sidecar.engine.request import LoadOptions
from tests.parity.requests import FOLDERS
from tests.support.harness import Sidecar, sidecar
from tests.support.jobs import outcome


@pytest.fixture(scope="package")
def server() -> Iterator[Sidecar]:
    """Yield one process for all files here, which load the same models."""
    with sidecar() as process:
        yield process


@pytest.fixture(scope="package")
def engine(golden: Path) -> Iterator[Engine]:
    """Start an engine with float32 checkpoints, like the references, whatever the default is."""
    engine = Engine()
    engine.start()
    for folder in FOLDERS:
        if (golden / folder).is_dir():
            job = engine.load(str(golden / folder), LoadOptions("float32"))
            assert isinstance(outcome(job), LoadResult)
    yield engine
    assert engine.stop(10)
