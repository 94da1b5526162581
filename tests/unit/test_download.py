"""Downloads on good and bad days, against a hub of our own.

The hub client reads its environment once, at import: what is asked of it is asked in processes.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.harness import ROOT
from tests.hub_server import Hub, hub_server

TIMEOUT = 60
WEIGHTS = "model.safetensors"
FILES = {
    "config.json": b'{"model_type": "qwen3_tts"}',
    "tokenizer.json": b"{}" * 5000,
    "generation_config.json": b"{}",
    "empty.txt": b"",
    "speech_tokenizer/config.json": b"[]",
    "speech_tokenizer/model.safetensors": bytes(range(256)) * 400,
    WEIGHTS: bytes(range(255, -1, -1)) * 4000,
}
SIZE, TOTAL = len(FILES[WEIGHTS]), sum(map(len, FILES.values()))
# What repositories carry besides, and is not for us.
OTHERS = ("README.md", "sample.wav", "pytorch_model.bin", "onnx/model.onnx", "run.py")
_numbers = itertools.count(1)


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


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


class Fetcher:
    """A process that resolves one name after another, into one cache."""

    def __init__(self, hub: Hub, home: Path) -> None:
        self.home = home
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fetcher"],
            env={**os.environ, **hub.environment(home)},
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, name: str) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(name) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def whole(self, name: str) -> dict[str, Any]:
        end = self(name)
        assert "path" in end, end
        assert content(Path(end["path"])) == FILES
        assert partials(self.home, name) == []
        return end

    def refused(self, name: str) -> dict[str, Any]:
        end = self(name)
        assert "path" not in end
        assert name.partition("@")[0] in end["said"]
        return end

    def close(self) -> None:
        self._process.communicate(timeout=TIMEOUT)


@pytest.fixture(scope="module")
def fetch(server: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fetcher]:
    fetcher = Fetcher(server, tmp_path_factory.mktemp("home"))
    yield fetcher
    fetcher.close()


def start(hub: Hub, home: Path, *args: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "sidecar", "models", *args],
        env={**os.environ, **hub.environment(home), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class Done:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.said, self.error = process.communicate(timeout=TIMEOUT)
        self.code = process.returncode
        assert "Traceback" not in self.error


def models(hub: Hub, home: Path, *args: str, **environment: str) -> Done:
    return Done(start(hub, home, *args, **environment))


def partials(home: Path, name: str) -> list[Path]:
    repo = "models--" + name.partition("@")[0].replace("/", "--")
    return list((home / "hub" / repo).glob("blobs/*.incomplete"))


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def wait_for(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


# --- whole ---------------------------------------------------------------------------------


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
    """Whatever other programs ask it: nothing is fetched again, nothing is found wrong."""
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
    assert sum(hub.sent.values()) == TOTAL + len("newer")  # what both have is kept once
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


# --- interrupted ---------------------------------------------------------------------------


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
    """A server without ranges; a file that is longer than listed; one that is something else."""
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


# --- refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "headers", "type", "words"),
    [
        (401, {}, "hubAccessDenied", ["127.0.0.1", "status 401", "HF_TOKEN"]),
        (403, {}, "hubAccessDenied", ["status 403", "HF_TOKEN"]),
        (403, {"X-Error-Code": "GatedRepo"}, "hubAccessDenied", ["is gated", "HF_TOKEN"]),
        (404, {"X-Error-Code": "RepoNotFound"}, "unknownModel", ["no repository", "HF_TOKEN"]),
        (429, {"Retry-After": "3600"}, "hubRateLimited", ["in 3600 s", "HF_TOKEN"]),
        (429, {"RateLimit": '"api";r=0;t=240'}, "hubRateLimited", ["in 240 s"]),
        (451, {}, "modelLoadFailed", ["status 451"]),
    ],
)
@pytest.mark.parametrize("part", ["/api/", "/resolve/"])
def test_a_refusal_says_what_to_do(
    hub: Hub,
    fetch: Fetcher,
    part: str,
    status: int,
    headers: dict[str, str],
    type: str,
    words: list[str],
) -> None:
    with hub.failing(part, status, headers=headers):
        end = fetch.refused(hub.repo)
    assert (end["type"], end["field"]) == (type, "model")
    for word in words:
        assert word in end["said"]
    assert sum(part in request for request in hub.requests) == 1  # it was not asked again
    pause = end["figures"]["retry_after_seconds"]
    assert pause == {"Retry-After": 3600, "RateLimit": 240}.get(next(iter(headers), ""))


@pytest.mark.parametrize("name", ["../../evil.json", "/etc/evil.json", "a/../../evil.json"])
def test_a_listing_cannot_lead_out_of_the_cache(hub: Hub, fetch: Fetcher, name: str) -> None:
    [repo] = hub.repos[hub.repo]
    repo.files[name] = repo.files["config.json"].renamed(name)
    end = fetch.refused(hub.repo)
    assert (end["type"], "evil.json" in end["said"]) == ("modelLoadFailed", True)
    assert hub.fetched() == []


@pytest.mark.parametrize("headers", [{"Retry-After": "1"}, {"RateLimit": '"api";r=0;t=1'}])
def test_a_short_pause_is_kept(hub: Hub, fetch: Fetcher, headers: dict[str, str]) -> None:
    started = time.monotonic()
    with hub.failing("/resolve/", 429, times=1, headers=headers):
        end = fetch.whole(hub.repo)
    assert time.monotonic() - started >= 1
    assert [one["waiting_seconds"] for one in end["progress"] if one["waiting_seconds"]] == [1]
    assert sum(hub.sent.values()) == TOTAL


@pytest.mark.parametrize("part", ["/api/", "/cdn/"])
def test_a_hub_with_a_hiccup_is_asked_again(hub: Hub, fetch: Fetcher, part: str) -> None:
    with hub.failing(part, 503, times=1):
        fetch.whole(hub.repo)


def test_a_hub_that_is_out_of_order(hub: Hub, fetch: Fetcher) -> None:
    with hub.failing("/api/", 500):
        end = fetch.refused(hub.repo)
    assert end["type"] == "hubUnreachable"
    assert "status 500" in end["said"]
    assert len(hub.requests) == 4


def test_a_silent_hub_is_given_up(hub: Hub, tmp_path: Path) -> None:
    with hub.silent():
        done = models(hub, tmp_path, "download", hub.repo, HF_HUB_DOWNLOAD_TIMEOUT="1")
    assert done.code == 1
    assert "127.0.0.1" in done.error
    assert "it says nothing" in done.error


def test_a_proxy_is_used_and_named(hub: Hub, tmp_path: Path) -> None:
    dead = {"http_proxy": "http://user:secret@127.0.0.1:1", "NO_PROXY": "", "no_proxy": ""}
    done = models(hub, tmp_path, "download", hub.repo, **dead)
    assert done.code == 1
    assert "through the proxy 127.0.0.1" in done.error
    assert "HTTPS_PROXY" in done.error
    assert "secret" not in done.error
    assert hub.requests == []


@pytest.mark.parametrize("way", ["--offline", "HF_HUB_OFFLINE"])
def test_offline_names_what_is_missing(hub: Hub, fetch: Fetcher, way: str) -> None:
    arguments = ["--offline"] if way == "--offline" else []
    environment = {} if arguments else {way: "1"}

    def asked(action: str) -> Done:
        return models(hub, fetch.home, action, hub.repo, *arguments, **environment)

    done = asked("download")
    assert done.code == 1
    assert f"{hub.repo} is not on this machine, and offline mode is on" in done.error
    assert f"models download {hub.repo}" in done.error
    assert hub.requests == []
    folder = Path(fetch.whole(hub.repo)["path"])
    assert asked("path").said.strip() == str(folder)
    (folder / "speech_tokenizer" / WEIGHTS).unlink()
    (folder / "tokenizer.json").unlink()
    hub.requests.clear()
    done = asked("path")
    assert done.code == 1
    for name in (f"speech_tokenizer/{WEIGHTS}", "vocab.json"):
        assert name in done.error
    assert hub.requests == []


# --- room ----------------------------------------------------------------------------------


@contextmanager
def small_disk(at: Path, size: int) -> Iterator[Path]:
    at.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(at)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, timeout=TIMEOUT).returncode:
        pytest.skip("a small disk cannot be mounted here: that needs root and CAP_SYS_ADMIN")
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True, timeout=TIMEOUT)


def test_a_disk_without_room_is_noticed_before_anything_is_fetched(
    hub: Hub, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", TOTAL // 2) as disk:
        fetcher = Fetcher(hub, disk)
        end = fetcher.refused(hub.repo)
        fetcher.close()
    assert (end["type"], end["code"]) == ("diskFull", 1002)
    assert end["figures"]["needed_bytes"] == TOTAL
    assert 0 < end["figures"]["free_bytes"] < TOTAL
    for word in (f"needs {TOTAL / 1e6:,.1f} MB", "HF_HUB_CACHE", "models remove"):
        assert word in end["said"]
    assert hub.sent == {}


def test_a_disk_that_fills_up_meanwhile(hub: Hub, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", TOTAL + 500_000) as disk:
        with hub.holding(hub.cdn_path(hub.repo, WEIGHTS), at=SIZE // 2) as held:
            process = start(hub, disk, "download", hub.repo)
            assert held.reached.wait(TIMEOUT)
            with (disk / "filler").open("wb", buffering=0) as filler:
                while shutil.disk_usage(disk).free:
                    filler.write(bytes(4096))
        done = Done(process)
        assert done.code == 1
        assert "MB free" in done.error
        (disk / "filler").unlink()
        done = models(hub, disk, "download", hub.repo)
        assert content(Path(done.said.strip())) == FILES
    assert len(hub.ranges) == 1  # it went on


# --- the cache by hand ---------------------------------------------------------------------


def test_the_list_says_what_is_here_and_remove_removes_it(hub: Hub, fetch: Fetcher) -> None:
    def listed() -> dict[str, Any]:
        rows = json.loads(models(hub, fetch.home, "list", "--json").said)
        return {row["model"]: row for row in rows}

    folder = Path(fetch.whole(hub.repo)["path"])
    row = listed()[hub.repo]
    assert (row["state"], row["diskBytes"], row["missingFiles"]) == ("cached", TOTAL, [])
    (folder / "speech_tokenizer" / "config.json").unlink()
    row = listed()[hub.repo]
    assert (row["state"], row["missingFiles"]) == ("known", ["speech_tokenizer/config.json"])
    assert "known, incomplete" in models(hub, fetch.home, "list").said
    kept = models(hub, fetch.home, "remove", hub.repo)
    assert kept.code == 1
    assert "--yes" in kept.error
    assert folder.is_dir()
    assert models(hub, fetch.home, "remove", hub.repo, "--yes").code == 0
    assert not folder.parent.parent.exists()
    assert hub.repo not in listed()
    assert "is not in" in models(hub, fetch.home, "remove", hub.repo, "--yes").error


def test_one_revision_is_removed_and_the_other_stays(
    hub: Hub, voice: Path, fetch: Fetcher, tmp_path: Path
) -> None:
    hub.serve(hub.repo, voice, branch="v1")
    hub.serve(hub.repo, write(tmp_path, FILES | {"notes.txt": b"newer"}))
    newer, old = Path(fetch(hub.repo)["path"]), Path(fetch(f"{hub.repo}@v1")["path"])
    done = models(hub, fetch.home, "remove", hub.repo, "--revision", "v1", "--yes")
    assert done.code == 0, done.error
    assert not old.exists()
    assert content(newer) == FILES | {"notes.txt": b"newer"}
