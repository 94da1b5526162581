"""Every conversation of protocol/vectors, with the real process."""

from __future__ import annotations

import pytest

from tests.protocol.vectors import Runner, Vector, vectors
from tests.support.harness import sidecar
from tests.support.timing import in_time

ALL = list(vectors())


@pytest.mark.parametrize("vector", ALL, ids=lambda vector: vector.file.stem)
def test_vector(vector: Vector) -> None:
    def converse() -> None:
        with sidecar(*vector.header.get("args", []), initialize=False) as process:
            Runner(vector, process).run()

    in_time(converse)


def test_every_vector_ends_in_an_exit() -> None:
    assert len(ALL) > 20
    for vector in ALL:
        last = [step for _, step in vector.steps if "expectStderr" not in step][-1]
        assert "expectExit" in last, vector.file.name
