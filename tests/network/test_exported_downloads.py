"""From the hub to an app that is offline for ever: download, export, another machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sidecar.models import catalog
from sidecar.models.exported import VARIABLE
from sidecar.models.manifest import MANIFEST
from tests.support.command import run
from tests.support.downloads import small_disk
from tests.support.harness import RpcError, sidecar
from tests.support.hub import Hub
from tests.support.hub_server import hub_server

ALIAS = "0.6b-customvoice"
REPO = catalog.ALIASES[ALIAS]
SAY = ("say", "Hello there.", "--seed", "3")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("served")
    older = shutil.copytree(catalog.BUNDLED_PATH, folder / "older")
    (older / "notes.txt").write_text("the first version")
    with hub_server() as hub:
        hub.serve(REPO, older, branch="v1")
        hub.serve(REPO, shutil.copytree(catalog.BUNDLED_PATH, folder / "newer"))
        yield hub


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def export(
    hub: Hub, home: Path, folder: Path, *args: str, **more: str
) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **hub.environment(home), **more}
    return run("models", "export", str(folder), *args, env=env)


@pytest.fixture(scope="module")
def shipped(hub: Hub, home: Path) -> Path:
    folder = home / "app"
    done = export(hub, home, folder, ALIAS, f"{ALIAS}@v1", "--download")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [str(folder / ALIAS), str(folder / f"{ALIAS}@v1")]
    return folder


def test_a_model_is_downloaded_exported_and_spoken_with_elsewhere(
    hub: Hub, shipped: Path, tmp_path: Path
) -> None:
    about = json.loads((shipped / ALIAS / MANIFEST).read_text())
    assert (about["model"], about["repo"], about["revision"]) == (ALIAS, REPO, "main")
    assert about["license"] == "apache-2.0"
    commit = about["commit"]
    assert commit in {one.commit for one in hub.repos[REPO]}
    original = tmp_path / "original.wav"
    assert run(*SAY, "-o", str(original)).returncode == 0
    hub.requests.clear()
    env = {**os.environ, **hub.environment(tmp_path / "nothing"), VARIABLE: str(shipped)}
    env |= {"HF_HUB_OFFLINE": "1", "HOME": str(tmp_path / "nobody")}
    for name in (ALIAS, ALIAS.upper(), REPO, f"{REPO}@{commit}"):
        output = tmp_path / "said.wav"
        done = run(*SAY, "--model", name, "-o", str(output), env=env)
        assert done.returncode == 0, done.stderr
        assert output.read_bytes() == original.read_bytes()
    assert hub.requests == []


def test_a_shipped_model_is_used_before_the_hub_and_only_as_the_revision_that_it_is(
    hub: Hub, shipped: Path, tmp_path: Path
) -> None:
    hub.requests.clear()
    shutil.copytree(shipped / ALIAS, tmp_path / "app" / ALIAS)
    with sidecar("--models-dir", str(tmp_path / "app"), env=hub.environment(tmp_path)) as server:
        rows = {row["model"]: row for row in server.call("model/list")["models"]}
        assert (rows[ALIAS]["state"], rows[ALIAS]["source"]) == ("cached", "modelsDir")
        assert server.call("model/load", {"model": ALIAS})["model"] == ALIAS
        assert hub.requests == []
        server.call("model/load", {"model": ALIAS, "revision": "v1"})  # from the hub
        assert hub.requests
    with sidecar("--offline", "--models-dir", str(shipped)) as server:
        assert server.call("model/load", {"model": f"{REPO}@v1"})["family"] == "qwen3_tts"
        with pytest.raises(RpcError) as caught:
            server.call("model/load", {"model": f"{REPO}@v2"})
        assert caught.value.type == "modelNotDownloaded"


def test_without_names_everything_that_was_downloaded_is_exported(
    hub: Hub, home: Path, shipped: Path, tmp_path: Path
) -> None:
    done = export(hub, home, tmp_path / "all", HF_HUB_OFFLINE="1")
    assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'all' / ALIAS}\n")


def test_a_damaged_cache_is_noticed(hub: Hub, home: Path, shipped: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(home / "hub", tmp_path / "hub", symlinks=True)
    weights = next(iter(copy.glob("models--*/snapshots/*/model.safetensors")))
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    done = export(hub, home, tmp_path / "out", ALIAS, HF_HUB_CACHE=str(copy))
    assert done.returncode == 1
    assert "model.safetensors is damaged: its content is not what is listed" in done.stderr
    assert f"models download {ALIAS}" in done.stderr
    assert os.listdir(tmp_path / "out") == []


TOTAL = sum(path.stat().st_size for path in catalog.BUNDLED_PATH.rglob("*") if path.is_file())
# Enough for the bytes, but each file takes whole pages, and the manifest is one more file.
PAGES = -(-TOTAL // 4096) * 4096


@pytest.mark.parametrize("room", [TOTAL // 2, PAGES], ids=["before", "meanwhile"])
def test_a_full_disk_leaves_nothing(
    hub: Hub, home: Path, shipped: Path, tmp_path: Path, room: int
) -> None:
    with small_disk(tmp_path / "disk", room) as disk:
        done = export(hub, home, disk / "out", ALIAS)
        assert done.returncode == 1
        assert f"{ALIAS} needs 29.9 MB" in done.stderr
        assert "MB free" in done.stderr
        assert os.listdir(disk / "out") == []
