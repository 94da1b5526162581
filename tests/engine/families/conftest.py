"""Checkpoints of the families, built on first use, and an engine that uses their cache."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import pytest

from sidecar.engine.engine import Engine
from sidecar.models.base import GenerationSettings
from sidecar.models.generators import adapter
from tests.support import families
from tests.support.families.speaking import write_reference


class Folders(dict[str, str]):
    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self._root, self._patch = root, patch

    def __missing__(self, name: str) -> str:
        folder = families.build(name, self._root / name, self._root / "hub", self._patch)
        self[name] = str(folder)
        return self[name]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    root = tmp_path_factory.mktemp("families")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(root / "hub"))
        # Each voice of Spark would take seconds.
        patch.setattr(adapter, "_AUDITION", GenerationSettings(max_seconds=0.5))
        yield Folders(root, patch)


@pytest.fixture(scope="module")
def engine(folders: dict[str, str]) -> Iterator[Engine]:
    engine = Engine()
    engine.start()
    yield engine
    assert engine.stop(10)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_reference(tmp_path_factory.mktemp("reference") / "voice.wav")
