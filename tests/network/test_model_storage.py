"""model/download, model/delete and the budget: with a real hub client and a hub on this machine."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sidecar.models import catalog
from sidecar.models.hub.settings import BUDGET
from tests.support.command import run
from tests.support.downloads import wait_for
from tests.support.harness import RpcError, Sidecar, sidecar
from tests.support.hub import Hub
from tests.support.hub_server import hub_server

ALIAS, OTHER, THIRD = "0.6b-customvoice", "1.7b-customvoice", "someone/voice"
REPO = catalog.ALIASES[ALIAS]
TOTAL = sum(path.stat().st_size for path in catalog.BUNDLED_PATH.rglob("*") if path.is_file())
WEIGHTS = "model.safetensors"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with hub_server() as hub:
        for repo in (REPO, catalog.ALIASES[OTHER], THIRD):
            hub.serve(repo, catalog.BUNDLED_PATH)
        yield hub


@pytest.fixture(scope="module")
def filled(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the home of a cache with three models."""
    home = tmp_path_factory.mktemp("filled")
    done = models(hub, home, "download", ALIAS, OTHER, THIRD)
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture
def home(filled: Path, tmp_path: Path) -> Path:
    """Copy it; the third model has been used last, and the first before it."""
    shutil.copytree(filled / "hub", tmp_path / "hub", symlinks=True)
    for age, repo in enumerate((THIRD, REPO, catalog.ALIASES[OTHER])):
        marker = tmp_path / "hub" / f"models--{repo.replace('/', '--')}" / ".qwen-tts-use"
        os.utime(marker, (1e9 - age, 1e9 - age))
    return tmp_path


def models(hub: Hub, home: Path, *args: str, **more: str) -> Any:
    return run("models", *args, env={**os.environ, **hub.environment(home), **more})


def refused(server: Sidecar, method: str, model: str) -> RpcError:
    with pytest.raises(RpcError) as caught:
        server.call(method, {"model": model})
    return caught.value


def rows(server: Sidecar) -> dict[str, Any]:
    return {row["model"]: row for row in server.call("model/list")["models"]}


def test_a_download_reports_its_progress_and_is_not_loaded(hub: Hub, tmp_path: Path) -> None:
    held = hub.holding(hub.cdn_path(REPO, WEIGHTS), at=0)
    with sidecar(env=hub.environment(tmp_path)) as server:
        values: list[dict[str, Any]] = []
        with held:  # the file is named before its first byte comes
            id = server.request("model/download", {"model": ALIAS, "workDoneToken": "d"})
            while not values or values[-1].get("file") != WEIGHTS:
                values.append(server.next_progress("d"))
        result = server.wait(id)
        values += [message["params"]["value"] for message in server.others()]
        assert (result["model"], result["source"]) == (ALIAS, "cache")
        assert Path(result["path"], WEIGHTS).is_file()
        assert values[0] == {"kind": "load", "stage": "resolving", "message": ALIAS}
        assert {value["stage"] for value in values[1:]} == {"downloading"}
        assert values[-1]["receivedBytes"] == values[-1]["totalBytes"] == TOTAL
        assert any(value.get("bytesPerSecond", 0) > 0 for value in values)
        assert server.call("server/status")["models"] == []
        hub.requests.clear()
        assert server.call("model/download", {"model": ALIAS.upper()})["path"] == result["path"]
        assert server.call("model/download")["source"] == "bundled"
        assert hub.requests == []


def test_a_cancelled_download_keeps_its_part(hub: Hub, tmp_path: Path) -> None:
    path = hub.cdn_path(REPO, WEIGHTS)
    hub.sent.clear()
    hub.ranges.clear()
    with sidecar(env=hub.environment(tmp_path)) as server:
        with hub.holding(path, at=2_000_000):
            id = server.request("model/download", {"model": ALIAS})
            wait_for(lambda: any((tmp_path / "hub").glob("*/blobs/*.incomplete")) and hub.sent)
            busy = refused(server, "model/delete", ALIAS)
            assert busy.type == "modelInUse"
            wait_for(lambda: hub.sent.get(path, 0) >= 2_000_000)
            server.notify("$/cancelRequest", {"id": id})
            hub.troubles[0].released.set()
            with pytest.raises(RpcError, match="-32800"):
                server.wait(id)
        assert rows(server)[ALIAS]["state"] == "known"
        server.call("model/download", {"model": ALIAS})
    (wanted,) = [wanted for where, wanted in hub.ranges if where == path]
    assert int(wanted.removeprefix("bytes=").removesuffix("-")) > 0


def test_the_list_adds_up_and_delete_frees_disk_and_memory(hub: Hub, home: Path) -> None:
    with sidecar(env={**hub.environment(home), BUDGET: "1GB"}) as server:
        listed = server.call("model/list")
        assert listed["usedBytes"] == 3 * TOTAL
        assert listed["budgetBytes"] == 10**9
        assert listed["freeBytes"] > 0
        row = rows(server)[ALIAS]
        assert (row["cacheBytes"], row["lastUsed"]) == (TOTAL, "2001-09-09T01:46:39+00:00")
        server.call("model/load", {"model": ALIAS})
        assert rows(server)[ALIAS]["lastUsed"] > "2026"
        assert server.call("model/delete", {"model": REPO}) == {"freedBytes": TOTAL}
        assert server.call("server/status")["models"] == []
        assert "cacheBytes" not in rows(server)[ALIAS]
        assert refused(server, "model/delete", ALIAS).type == "modelNotDownloaded"
        assert refused(server, "model/delete", "tiny-voice").type == "unsupported"
        assert refused(server, "model/delete", str(home)).type == "unsupported"
        assert refused(server, "model/delete", "nonsense").type == "unknownModel"


def test_a_model_in_use_is_not_deleted_by_this_process_or_another(hub: Hub, home: Path) -> None:
    live = {"text": "", "model": ALIAS, "moreText": True, "partialResultToken": "live"}
    with sidecar(env=hub.environment(home)) as server:
        with server.together():  # the model is not in memory when the deletion is asked for
            speech = server.request("speech/synthesize", live)
            delete = server.request("model/delete", {"model": ALIAS})
        with pytest.raises(RpcError) as caught:
            server.wait(delete)
        assert caught.value.type == "modelInUse"
        server.notify("speech/appendText", {"token": "live", "text": "Hello there."})
        server.notify("speech/endText", {"token": "live"})
        assert server.wait(speech)["finishReason"] == "stop"
        done = models(hub, home, "remove", ALIAS, "--yes")
        assert done.returncode == 1
        assert f"{REPO} is in use, by this process or another one, and was not" in done.stderr
        done = models(hub, home, "prune", "--budget", "1", "--yes")
        assert done.returncode == 1
        assert "The models that are in use take more than 1 bytes" in done.stderr
        assert f"{ALIAS}:" not in done.stdout  # it was not chosen
        assert [name for name, row in rows(server).items() if "cacheBytes" in row] == [ALIAS]
        server.call("model/unload", {"model": ALIAS})
        assert models(hub, home, "remove", ALIAS, "--yes").returncode == 0


def test_a_process_that_was_killed_uses_nothing(hub: Hub, home: Path) -> None:
    with sidecar(env=hub.environment(home)) as server:
        server.call("model/load", {"model": ALIAS})
        server.process.kill()
        server.process.wait()
        assert models(hub, home, "remove", ALIAS, "--yes").returncode == 0


def test_prune_removes_the_least_recently_used_and_only_if_asked(hub: Hub, home: Path) -> None:
    foreign = home / "hub" / "models--someone--llm" / "snapshots" / ("a" * 40)
    foreign.mkdir(parents=True)
    (foreign / "config.json").write_text('{"model_type": "llama"}')

    def cached() -> list[str]:
        listed = json.loads(models(hub, home, "list", "--json").stdout)
        return [row["model"] for row in listed if row["state"] == "cached"]

    limit = str(2 * TOTAL)
    tried = models(hub, home, "prune", "--budget", limit, "--dry-run")
    assert tried.returncode == 0
    assert f"{OTHER}: 29.9 MB, last used 2001-09-09T01:46:38+00:00" in tried.stdout
    assert "models would take 59.8 MB" in tried.stdout
    kept = models(hub, home, "prune", "--budget", limit)
    assert (kept.returncode, "--yes" in kept.stderr) == (1, True)
    assert set(cached()) == {ALIAS, OTHER, THIRD}
    assert models(hub, home, "prune", "--budget", limit, "--yes").returncode == 0
    assert set(cached()) == {ALIAS, THIRD}
    assert models(hub, home, "prune", "--budget", "30MB", "--yes").returncode == 0
    assert cached() == [THIRD]
    assert models(hub, home, "prune", "--budget", "0", "--yes").returncode == 0
    assert cached() == []
    done = models(hub, home, "remove", "someone/llm", "--yes")
    assert "someone/llm is not a model of this program" in done.stderr
    with sidecar(env=hub.environment(home)) as server:
        assert refused(server, "model/delete", "someone/llm").type == "unsupported"
    assert (foreign / "config.json").is_file()


def test_a_download_over_the_budget_is_refused_before_anything_is_fetched(
    hub: Hub, home: Path
) -> None:
    assert models(hub, home, "remove", ALIAS, "--yes").returncode == 0
    hub.sent.clear()
    with sidecar("--models-budget", "80MB", env=hub.environment(home)) as server:
        error = refused(server, "model/download", ALIAS)
        assert (error.code, error.type) == (1002, "budgetExceeded")
        assert error.data["neededBytes"] == TOTAL
        assert error.data["limitBytes"] == 80_000_000
        assert error.data["freeBytes"] == 80_000_000 - 2 * TOTAL
        assert f"{OTHER} (29.9 MB), {THIRD} (29.9 MB)" in error.data["hint"]
        assert refused(server, "model/load", ALIAS).type == "budgetExceeded"
        assert hub.sent == {}
        server.call("model/delete", {"model": OTHER})
        assert server.call("model/download", {"model": ALIAS})["source"] == "cache"
    done = models(hub, home, "download", OTHER, **{BUDGET: "80MB"})
    assert done.returncode == 1
    assert "models take 59.8 MB of the 80 MB that they may take" in done.stderr
    assert "59.8 MB of the 80 MB" in models(hub, home, "list", **{BUDGET: "80MB"}).stdout


@pytest.mark.parametrize("args", [["say", "Hi."], []], ids=["say", "serve"])
def test_a_budget_that_is_none_is_an_error_at_once(args: list[str]) -> None:
    done = run(*args, env={**os.environ, BUDGET: "lots"}, input="")
    assert done.returncode == 1
    assert f"{BUDGET} is not a budget: 'lots' is not a size such as 8GB." in done.stderr
