"""Names → folders: with the real hub client against a test hub, and on the disk.

The hub client reads its environment once, at import: what asks the hub is the whole process.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sidecar.models import catalog
from tests.support.checkpoints.changing import copy_of
from tests.support.checkpoints.kinds import KINDS
from tests.support.harness import ROOT, RpcError, Sidecar, sidecar
from tests.support.hub import Hub
from tests.support.hub_server import hub_server

ALIAS = "0.6b-customvoice"
REPO = catalog.ALIASES[ALIAS]
TINY = ROOT / "sidecar" / "bundled" / "tiny-voice"
TOTAL = sum(path.stat().st_size for path in TINY.rglob("*") if path.is_file())
NEEDED = sorted(path.relative_to(TINY).as_posix() for path in TINY.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """Serve the bundled voice, with other files of repositories that the sidecar does not need."""
    folder = tmp_path_factory.mktemp("served") / "voice"
    shutil.copytree(TINY, folder)
    for name in ("README.md", "convert.py", "optimizer.pt"):
        (folder / name).write_text("not for us")
    with hub_server() as hub:
        hub.serve(REPO, folder)
        yield hub


@pytest.fixture(scope="module")
def empty(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    """Start a process with an empty cache, for downloads that fail."""
    with sidecar(env=hub.environment(tmp_path_factory.mktemp("empty"))) as process:
        yield process


def load(process: Sidecar, name: str) -> list[tuple[str, str]]:
    """Load a model; return the announced stages, each with its first message."""
    process.call("model/load", {"model": name, "workDoneToken": "load"})
    stages: dict[str, str] = {}
    for message in process.others():
        value = message["params"]["value"]
        stages.setdefault(value["stage"], value["message"])
    return list(stages.items())


def refusal(process: Sidecar, name: str) -> RpcError:
    with pytest.raises(RpcError) as caught:
        process.call("model/load", {"model": name})
    return caught.value


def states(process: Sidecar) -> dict[str, str]:
    return {row["model"]: row["state"] for row in process.call("model/list")["models"]}


def test_a_download_takes_what_is_needed_and_is_done_once(hub: Hub, tmp_path: Path) -> None:
    hub.requests.clear()
    with sidecar(env=hub.environment(tmp_path)) as process:
        stages = load(process, ALIAS)
        speech = [process.speak("Hi.", model=m, seed=1, maxFrames=4) for m in (ALIAS, TINY.name)]
    assert stages == [("resolving", ALIAS), ("downloading", REPO), ("loading", ALIAS)]
    assert hub.fetched() == NEEDED
    assert speech[0].audio == speech[1].audio != b""

    # The hub has nothing, and it records every request.
    with hub_server() as other, sidecar(env=other.environment(tmp_path)) as process:
        assert [name for name, state in states(process).items() if state == "cached"] == [ALIAS]
        for name in (ALIAS, ALIAS.upper(), REPO):
            assert load(process, name) == [("resolving", name), ("loading", name)]
        assert other.requests == []
        assert refusal(process, "no/such").type == "unknownModel"
        assert other.requests  # it does notice


# The real hub answers 401 instead of 404 to a client without a token. Without an error code its
# client takes that for a missing repository only over https, which this hub does not support.
@pytest.mark.parametrize(
    ("part", "status", "code", "expected"),
    [
        ("/api/", 404, "RepoNotFound", "1001 unknownModel HF_TOKEN"),
        ("/api/", 401, "RepoNotFound", "1001 unknownModel HF_TOKEN"),
        ("/resolve/", 401, "GatedRepo", "1002 hubAccessDenied HF_TOKEN"),
        ("/resolve/", 403, "GatedRepo", "1002 hubAccessDenied HF_TOKEN"),
        ("/resolve/", 403, None, "1002 hubAccessDenied HF_TOKEN"),
        ("/api/", 401, None, "1002 hubAccessDenied HF_TOKEN"),
        ("/api/", 404, "RevisionNotFound", "1001 unknownRevision branch"),
        ("/resolve/", 404, "EntryNotFound", "1002 modelLoadFailed folder"),
    ],
)
def test_a_hub_that_refuses(
    hub: Hub, empty: Sidecar, part: str, status: int, code: str | None, expected: str
) -> None:
    number, type, hint = expected.split()
    with hub.failing(part, status, code):
        error = refusal(empty, ALIAS)
    assert (str(error.code), error.type, error.data["field"]) == (number, type, "model")
    assert hint in error.data["hint"]
    assert REPO in error.message
    assert states(empty)[ALIAS] == "known"


def test_a_hub_that_is_gone(tmp_path: Path) -> None:
    with hub_server() as gone:
        environment = gone.environment(tmp_path)
    with sidecar(env=environment) as process:
        error = refusal(process, ALIAS)
    assert (error.code, error.type) == (1002, "hubUnreachable")
    assert "Connection refused" in error.message
    assert "network" in error.data["hint"]


def test_a_silent_hub_holds_up_nothing_else(hub: Hub, tmp_path: Path) -> None:
    with sidecar(env=hub.environment(tmp_path)) as process, hub.silent():
        id = process.request("model/load", {"model": ALIAS, "workDoneToken": "load"})
        assert process.next_progress("load")["stage"] == "resolving"
        assert process.next_progress("load")["stage"] == "downloading"
        assert process.speak("Hi.", maxFrames=4).audio
        process.notify("$/cancelRequest", {"id": id})
        with pytest.raises(RpcError, match="-32800"):
            process.wait(id)
        assert process.shutdown() == 0


def test_a_cancelled_download_stops_and_goes_on_later(hub: Hub, tmp_path: Path) -> None:
    hub.requests.clear()
    hub.sent.clear()
    hub.ranges.clear()
    path = hub.cdn_path(REPO, "model.safetensors")
    size = (TINY / "model.safetensors").stat().st_size
    with sidecar(env=hub.environment(tmp_path)) as process:
        process.speak("Hi.", maxFrames=1)  # the engine tells of progress once it has imported MLX
        with hub.dripping(path):
            id = process.request("model/load", {"model": ALIAS, "workDoneToken": "load"})
            while hub.sent.get(path, 0) < 500_000:  # the last file is on its way
                process.next_progress("load")
            cancelled = time.monotonic()
            process.notify("$/cancelRequest", {"id": id})
            with pytest.raises(RpcError, match="-32800"):
                process.wait(id)
            assert time.monotonic() - cancelled < 5
            assert hub.left.wait(5)  # the connection is closed; all of it would take longer
        process.others()
        [left] = tmp_path.glob("hub/*/blobs/*.incomplete")
        kept = left.stat().st_size
        assert 0 < kept < size
        rows = {row["model"]: row for row in process.call("model/list")["models"]}
        assert rows[ALIAS]["state"] == "known"
        assert kept < rows[ALIAS]["diskBytes"] < TOTAL
        assert ("downloading", REPO) in load(process, ALIAS)
    assert [wanted for _, wanted in hub.ranges] == [f"bytes={kept}-"]
    assert hub.fetched() == sorted([*NEEDED, "model.safetensors"])


def test_two_requests_download_once_and_both_get_progress(hub: Hub, tmp_path: Path) -> None:
    """The requests use two names, and the second one comes when half of the model has arrived."""
    hub.requests.clear()
    hub.sent.clear()
    path = hub.cdn_path(REPO, "model.safetensors")
    progress: dict[str, list[dict[str, Any]]] = {"alias": [], "id": [], "again": []}
    with sidecar(env=hub.environment(tmp_path)) as process:
        with hub.holding(path, at=5_000_000) as held:
            ids = [process.request("model/load", {"model": ALIAS, "workDoneToken": "alias"})]
            assert held.reached.wait(60)
            for token, name in (("id", REPO), ("again", ALIAS)):
                ids.append(process.request("model/load", {"model": name, "workDoneToken": token}))
            process.call("ping")
        results = [process.wait(id) for id in ids]
        for message in process.others():
            progress[message["params"]["token"]].append(message["params"]["value"])
        speech = process.speak("Hi.", model=REPO, seed=1, maxFrames=2)
        assert speech.audio == process.speak("Hi.", model=ALIAS, seed=1, maxFrames=2).audio
        assert len(process.call("server/status")["models"]) == 1
    assert [result["model"] for result in results] == [ALIAS, REPO, ALIAS]
    assert hub.fetched() == NEEDED
    assert sum(hub.sent.values()) == TOTAL
    for values in progress.values():
        received = [value["receivedBytes"] for value in values if "receivedBytes" in value]
        assert received == sorted(received)
        assert received[-1] == TOTAL
        assert values[-1] == {"kind": "load", "stage": "loading", "message": values[-1]["message"]}
    last = [value for value in progress["alias"] if "receivedBytes" in value][-1]
    assert last["totalBytes"] == TOTAL
    assert last["receivedFiles"] == last["totalFiles"] == len(NEEDED)


def test_a_speech_that_waits_for_a_download_can_be_cancelled(hub: Hub, tmp_path: Path) -> None:
    path = hub.cdn_path(REPO, "model.safetensors")
    with sidecar(env=hub.environment(tmp_path)) as process, hub.holding(path, at=1000) as held:
        id = process.request("speech/synthesize", {"text": "Hi.", "model": ALIAS})
        assert held.reached.wait(60)
        cancelled = time.monotonic()
        process.notify("$/cancelRequest", {"id": id})
        with pytest.raises(RpcError, match="-32800"):
            process.wait(id)
        assert time.monotonic() - cancelled < 5


def test_a_revision_is_named_in_either_way(hub: Hub, tmp_path: Path) -> None:
    commit = hub.serve("someone/pinned", TINY, branch="v1")
    with sidecar(env=hub.environment(tmp_path)) as process:
        params = {"model": "someone/pinned", "revision": "v1"}
        assert process.call("model/load", params)["model"] == "someone/pinned@v1"
        hub.requests.clear()
        name = f"someone/pinned@{commit}"
        assert process.call("model/load", {"model": name})["loadMs"] > 0
        assert process.speak("Hi.", model="someone/pinned@v1", maxFrames=2).audio
        assert len(process.call("server/status")["models"]) == 1
        assert hub.requests == []
        with pytest.raises(RpcError) as caught:
            process.call("model/load", {"model": name, "revision": "v1"})
        assert (caught.value.type, caught.value.data["field"]) == ("invalidParams", "revision")
        with pytest.raises(RpcError) as caught:
            process.call("model/load", {"model": "someone/pinned", "revision": "v2"})
        assert (caught.value.code, caught.value.type) == (1001, "unknownRevision")


@pytest.mark.parametrize(("kind", "words"), [("fp8", "quantised by fp8"), ("GGUF", "as GGUF")])
def test_what_is_not_read_is_refused_before_its_weights_are_fetched(
    hub: Hub, empty: Sidecar, tmp_path: Path, kind: str, words: str
) -> None:
    folder = copy_of(TINY, tmp_path / "voice")
    KINDS[kind][0](folder)
    if kind == "GGUF":
        shutil.rmtree(folder / "speech_tokenizer")
    hub.serve(f"someone/{kind}", folder)
    hub.requests.clear()
    error = refusal(empty, f"someone/{kind}")
    assert words in error.message
    assert "bf16" in error.data["hint"]
    assert not [name for name in hub.fetched() if name.endswith((".safetensors", ".gguf"))]


def test_numbers_come_with_the_error(hub: Hub, empty: Sidecar) -> None:
    with hub.failing("/api/", 429, headers={"Retry-After": "300"}):
        error = refusal(empty, ALIAS)
    assert error.type == "hubRateLimited"
    assert error.data["retryAfterSeconds"] == 300


def test_the_list_says_what_a_model_takes_and_can(empty: Sidecar) -> None:
    rows = {row["model"]: row for row in empty.call("model/list")["models"]}
    assert rows.keys() >= {catalog.BUNDLED, *catalog.ALIASES}
    row = rows["1.7b-base-4bit"]
    assert row["repo"] == "mlx-community/Qwen3-TTS-12Hz-1.7B-Base-4bit"
    assert (row["variant"], row["bits"], row["state"]) == ("base", 4, "known")
    assert row["abilities"] == ["cloning", "textStreaming", "batching", "seed"]
    assert len(row["languages"]) == 10
    assert 2.3e9 < row["downloadBytes"] < row["memoryBytes"]


@pytest.mark.parametrize("outcome", ["listed as known", "completed"])
def test_a_model_cached_in_part_is(hub: Hub, tmp_path: Path, outcome: str) -> None:
    environment = hub.environment(tmp_path)
    script = f"import huggingface_hub as hub; hub.hf_hub_download('{REPO}', 'config.json')"
    command = [sys.executable, "-c", script]  # as any program leaves it that looked at the config
    subprocess.run(command, env={**os.environ, **environment}, check=True, timeout=60)
    with sidecar(env=environment) as process:
        if outcome == "completed":
            assert ("downloading", REPO) in load(process, ALIAS)
        assert states(process)[ALIAS] == ("loaded" if outcome == "completed" else "known")


@pytest.mark.parametrize("name", ["owner/na--me", "owner/..", "~no-such-user/x", "x" * 300])
def test_a_name_that_nothing_can_have_is_unknown(empty: Sidecar, name: str) -> None:
    assert refusal(empty, name).type == "unknownModel"
