from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sidecar.models import catalog
from tests.support.command import fresh, run
from tests.support.exports import NAME


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the bundled voice, with files beside it that no model needs."""
    folder = shutil.copytree(
        catalog.BUNDLED_PATH, tmp_path_factory.mktemp("source") / NAME, dirs_exist_ok=True
    )
    for name in ("README.md", "optimizer.safetensors", "run.py", ".hidden.json"):
        (folder / name).write_text("not part of the model")
    (folder / "LICENSE").write_text("The terms.")
    (folder / "checkpoint-500").mkdir()
    (folder / "checkpoint-500" / "config.json").write_text("{}")
    return folder


@pytest.fixture(scope="module")
def shipped(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Export it, by a process."""
    folder = tmp_path_factory.mktemp("app") / "models"
    done = run("models", "export", str(folder), str(source), env=fresh(folder.parent))
    assert (done.returncode, done.stdout) == (0, f"{folder / NAME}\n"), done.stderr
    return folder


@pytest.fixture
def copied(shipped: Path, tmp_path: Path) -> Path:
    """Copy the folder of exported models, to damage it."""
    return shutil.copytree(shipped, tmp_path / "shipped")
