"""Files arrive once and with every byte, and interrupted downloads keep what has arrived."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.downloads import (
    FILES,
    SIZE,
    TIMEOUT,
    TOTAL,
    WEIGHTS,
    Done,
    Fetcher,
    content,
    models,
    partials,
    start,
    wait_for,
    write,
)
from tests.support.hub import Hub


def test_what_is_needed_is_fetched_once_and_every_byte_is_counted(hub: Hub, fetch: Fetcher) -> None:
    end = fetch.whole(hub.repo)
    assert hub.fetched() == sorted(FILES.keys() - {"empty.txt"})
    assert sum(hub.sent.values()) == TOTAL
    received = [one["received_bytes"] for one in end["progress"]]
    assert received == sorted(received)
    assert {one["total_bytes"] for one in end["progress"][1:]} == {TOTAL}
    last = end["progress"][-1]
    assert (last["received_bytes"], last["received_files"]) == (TOTAL, len(FILES))
    assert last["total_files"] == len(FILES)
    hub.requests.clear()
    assert fetch(hub.repo) == {"path": end["path"], "progress": []}
    assert hub.requests == []


@pytest.mark.parametrize("xet", [False, True])
def test_the_cache_is_the_hub_clients_own(hub: Hub, voice: Path, tmp_path: Path, xet: bool) -> None:
    """Other programs that use the cache fetch nothing again and find no error in it."""
    hub.serve(hub.repo, voice, xet=xet)
    environment = {"HF_HUB_DISABLE_XET": "0" if xet else "1"}
    done = models(hub, tmp_path, "download", hub.repo, **environment)
    assert done.code == 0, done.error
    assert "100%" in done.error
    hub.requests.clear()
    script = (
        "import json, huggingface_hub as hub\n"
        f"paths = [hub.snapshot_download('{hub.repo}', local_files_only=True),\n"
        f"         hub.snapshot_download('{hub.repo}', allow_patterns=['*.json', '*.saf*'])]\n"
        f"hub.hf_hub_download('{hub.repo}', 'model.safetensors')\n"
        "info = hub.scan_cache_dir()\n"
        "[repo] = info.repos\n"
        "print(json.dumps([paths, repo.size_on_disk, len(info.warnings), sorted(repo.refs)]))\n"
    )
    asked = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **hub.environment(tmp_path), **environment},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=True,
    )
    path = done.said.strip()
    assert json.loads(asked.stdout) == [[path, path], TOTAL, 0, ["main"]]
    assert hub.fetched() == []


def test_a_revision_is_pinned(hub: Hub, voice: Path, fetch: Fetcher, tmp_path: Path) -> None:
    old = hub.serve(hub.repo, voice, branch="v1")
    newer = write(tmp_path, FILES | {"notes.txt": b"newer"})
    new = hub.serve(hub.repo, newer)
    assert old != new
    pinned = [(f"{hub.repo}@v1", old), (f"{hub.repo}@{old}", old), (hub.repo, new)]
    for name, commit in pinned:
        assert Path(fetch(name)["path"]).name == commit
    # A file that both have is kept once. (The server counts after the client may have read it.)
    wait_for(lambda: sum(hub.sent.values()) == TOTAL + len("newer"))
    hub.requests.clear()
    for name, commit in pinned:
        assert Path(fetch(name)["path"]).name == commit
    assert hub.requests == []
    unknown = fetch.refused(f"{hub.repo}@v9")
    assert (unknown["type"], unknown["code"]) == ("unknownRevision", 1001)
    assert fetch(f"{hub.repo}@../x")["type"] == "unknownRevision"


def test_a_token_is_sent_to_the_hub_and_to_nobody_else(hub: Hub, tmp_path: Path) -> None:
    environment = {"HF_TOKEN": "hf_secret", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "0"}
    assert models(hub, tmp_path, "download", hub.repo, **environment).code == 0
    assert (hub.tokens, hub.cdn_tokens) == ({"Bearer hf_secret"}, set())


def test_two_processes_download_once(hub: Hub, tmp_path: Path) -> None:
    with hub.holding(hub.cdn_path(hub.repo, WEIGHTS), at=SIZE // 2) as held:
        first = start(hub, tmp_path, "download", hub.repo)
        assert held.reached.wait(TIMEOUT)
        second = start(hub, tmp_path, "download", hub.repo)
        wait_for(lambda: sum("/api/" in request for request in hub.requests) == 2)
        held.released.set()
        ends = [Done(process) for process in (first, second)]
    assert [end.code for end in ends] == [0, 0], [end.error for end in ends]
    assert ends[0].said == ends[1].said
    assert sum(hub.sent.values()) == TOTAL


def test_a_cut_connection_is_resumed_where_it_was_cut(hub: Hub, fetch: Fetcher) -> None:
    with hub.cutting(hub.cdn_path(hub.repo, WEIGHTS), at=SIZE // 5, times=2):
        end = fetch.whole(hub.repo)
    cuts = [f"bytes={SIZE // 5}-", f"bytes={2 * (SIZE // 5)}-"]
    assert [wanted for _, wanted in hub.ranges] == cuts
    assert sum(hub.sent.values()) == TOTAL
    received = [one["received_bytes"] for one in end["progress"]]
    assert received == sorted(received)
    assert received[-1] == TOTAL


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGINT])
def test_an_interrupted_download_goes_on(hub: Hub, tmp_path: Path, way: signal.Signals) -> None:
    with hub.holding(hub.cdn_path(hub.repo, WEIGHTS), at=SIZE // 2) as held:
        process = start(hub, tmp_path, "download", hub.repo)
        assert held.reached.wait(TIMEOUT)
        wait_for(lambda: any(one.stat().st_size for one in partials(tmp_path, hub.repo)))
        process.send_signal(way)
        done = Done(process)
    assert done.code == (130 if way is signal.SIGINT else -way)
    [left] = partials(tmp_path, hub.repo)
    kept = left.stat().st_size
    done = models(hub, tmp_path, "download", hub.repo)
    assert content(Path(done.said.strip())) == FILES
    assert [wanted for _, wanted in hub.ranges] == [f"bytes={kept}-"]


@pytest.mark.parametrize("kept", ["a part", "too much", "nonsense"])
def test_what_was_left_by_others_does_no_harm(hub: Hub, fetch: Fetcher, kept: str) -> None:
    """Others left a file of a server without ranges, one longer than listed, an unrelated one."""
    with hub.failing(hub.cdn_path(hub.repo, WEIGHTS), 403):
        fetch.refused(hub.repo)
    lengths = {"a part": 1000, "too much": SIZE + 1, "nonsense": SIZE // 2}
    left = b"\0" * lengths[kept] if kept != "a part" else FILES[WEIGHTS][:1000]
    [path] = partials(fetch.home, hub.repo)
    path.write_bytes(left)
    hub.knows_ranges = kept == "nonsense"
    end = fetch.whole(hub.repo)
    received = [one["received_bytes"] for one in end["progress"]]
    assert received == sorted(received)
    assert received[-1] == TOTAL


def test_a_file_that_is_wrong_once_is_fetched_again(hub: Hub, fetch: Fetcher) -> None:
    with hub.corrupting(f"/{WEIGHTS}", at=5000, times=1):
        fetch.whole(hub.repo)


@pytest.mark.parametrize("name", [WEIGHTS, "config.json"])
def test_a_file_that_stays_wrong_is_not_kept(hub: Hub, fetch: Fetcher, name: str) -> None:
    with hub.corrupting(f"/{name}", at=1):
        end = fetch.refused(hub.repo)
    assert (end["type"], end["code"]) == ("corruptDownload", 1002)
    for word in (name, "127.0.0.1", "proxy"):
        assert word in end["said"]
    assert partials(fetch.home, hub.repo) == []
    fetch.whole(hub.repo)
