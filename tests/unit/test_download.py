"""Downloads on good and bad days: the command line, in a process of its own, against a hub.

The hub client reads its environment once, at import, so nothing here runs in this process.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.harness import ROOT
from tests.hub_server import Hub, hub_server

REPO = "someone/voice"
TINY = ROOT / "sidecar" / "bundled" / "tiny-voice"
WEIGHTS = "model.safetensors"
SIZE = (TINY / WEIGHTS).stat().st_size
TOTAL = sum(path.stat().st_size for path in TINY.rglob("*") if path.is_file())
TIMEOUT = 60


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled voice, and what repositories carry that is not for us."""
    folder = tmp_path_factory.mktemp("served") / "voice"
    shutil.copytree(TINY, folder)
    for name in ("README.md", "sample.wav", "pytorch_model.bin", "onnx/model.onnx"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"not for us" * 1000)
    return folder


@pytest.fixture
def hub(voice: Path) -> Iterator[Hub]:
    with hub_server() as hub:
        hub.serve(REPO, voice)
        yield hub


def start(hub: Hub, home: Path, *args: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "sidecar", *args],
        env={**os.environ, **hub.environment(home), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class Done:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.said, self.error = process.communicate(timeout=TIMEOUT)
        self.code = process.returncode


def models(hub: Hub, home: Path, *args: str, **environment: str) -> Done:
    return Done(start(hub, home, "models", *args, **environment))


def download(hub: Hub, home: Path, name: str = REPO, **environment: str) -> Done:
    return models(hub, home, "download", name, **environment)


def refused(hub: Hub, home: Path, name: str = REPO, **environment: str) -> str:
    done = download(hub, home, name, **environment)
    assert (done.code, done.said) == (1, "")
    assert "Traceback" not in done.error
    return done.error


def partial(home: Path) -> Path:
    """The one file that is half there."""
    [path] = home.glob("hub/models--*/blobs/*.incomplete")
    return path


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def downloads_whole(hub: Hub, home: Path, **environment: str) -> Done:
    done = download(hub, home, **environment)
    assert done.code == 0, done.error
    assert content(Path(done.said.strip())) == content(TINY)
    assert list(home.glob("hub/models--*/blobs/*.incomplete")) == []
    return done


# --- whole ---------------------------------------------------------------------------------


@pytest.mark.parametrize("xet", [False, True])
def test_the_cache_is_the_hub_clients_own(hub: Hub, voice: Path, tmp_path: Path, xet: bool) -> None:
    """With what other programs ask it: nothing is fetched again, nothing is found wrong."""
    hub.serve(REPO, voice, xet=xet)
    environment = {"HF_HUB_DISABLE_XET": "0" if xet else "1"}
    done = downloads_whole(hub, tmp_path, **environment)
    assert done.error.endswith("\n") and "100%" in done.error
    assert sum(hub.sent.values()) == TOTAL
    hub.requests.clear()
    script = (
        "import json, huggingface_hub as hub\n"
        f"paths = [hub.snapshot_download('{REPO}', local_files_only=True),\n"
        f"         hub.snapshot_download('{REPO}', allow_patterns=['*.json', '*.safetensors'])]\n"
        f"hub.hf_hub_download('{REPO}', 'model.safetensors')\n"
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
    assert [name for name in hub.fetched() if name != "README.md"] == []


def test_a_model_that_is_cached_needs_no_hub(hub: Hub, tmp_path: Path) -> None:
    downloads_whole(hub, tmp_path)
    hub.requests.clear()
    for arguments in (["download"], ["path"]):
        assert models(hub, tmp_path, *arguments, REPO).code == 0
    assert models(hub, tmp_path, "path", REPO, "--offline").code == 0
    assert hub.requests == []


def test_a_revision_is_pinned(hub: Hub, voice: Path, tmp_path: Path) -> None:
    old = hub.serve(REPO, voice, branch="v1")
    newer = tmp_path / "newer"
    shutil.copytree(voice, newer)
    (newer / "notes.txt").write_text("newer")
    new = hub.serve(REPO, newer)
    assert old != new
    home = tmp_path / "home"
    for name, commit in [(f"{REPO}@v1", old), (f"{REPO}@{old}", old), (REPO, new)]:
        assert Path(download(hub, home, name).said.strip()).name == commit
    sent = sum(hub.sent.values())
    assert sent == TOTAL + len("newer")  # what both have is kept once
    hub.requests.clear()
    for arguments, commit in [([REPO], new), ([REPO, "--revision", "v1"], old)]:
        assert Path(models(hub, home, "path", *arguments).said.strip()).name == commit
    assert hub.requests == []
    assert "no such revision" in refused(hub, home, f"{REPO}@v9")
    assert "cannot be the name of a revision" in refused(hub, home, f"{REPO}@../x")


def test_a_token_is_sent_to_the_hub_and_to_nobody_else(hub: Hub, tmp_path: Path) -> None:
    environment = {"HF_TOKEN": "hf_secret", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "0"}
    downloads_whole(hub, tmp_path, **environment)
    assert (hub.tokens, hub.cdn_tokens) == ({"Bearer hf_secret"}, set())


def test_two_processes_download_once(hub: Hub, tmp_path: Path) -> None:
    with hub.holding(f"/cdn/{REPO}", at=SIZE // 2) as held:
        first = start(hub, tmp_path, "models", "download", REPO)
        assert held.reached.wait(TIMEOUT)
        second = start(hub, tmp_path, "models", "download", REPO)
        wait_for(lambda: sum("/api/" in request for request in hub.requests) == 2)
        held.released.set()
        ends = [Done(process) for process in (first, second)]
    assert [end.code for end in ends] == [0, 0], [end.error for end in ends]
    assert ends[0].said == ends[1].said
    assert sum(hub.sent.values()) == TOTAL


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


# --- interrupted ---------------------------------------------------------------------------


def test_a_cut_connection_is_resumed_where_it_was_cut(hub: Hub, tmp_path: Path) -> None:
    with hub.cutting(f"/{WEIGHTS}", at=SIZE // 3, times=2):
        downloads_whole(hub, tmp_path)
    resumed = [wanted for path, wanted in hub.ranges if path.startswith("/cdn/")]
    assert resumed == [f"bytes={SIZE // 3}-", f"bytes={2 * (SIZE // 3)}-"]
    assert sum(hub.sent.values()) == TOTAL


def test_a_killed_download_goes_on(hub: Hub, tmp_path: Path) -> None:
    with hub.holding(f"/cdn/{REPO}", at=SIZE // 2) as held:
        process = start(hub, tmp_path, "models", "download", REPO)
        assert held.reached.wait(TIMEOUT)
        wait_for(lambda: any(tmp_path.glob("hub/*/blobs/*.incomplete")))
        wait_for(lambda: partial(tmp_path).stat().st_size > SIZE // 4)
        process.kill()
        process.communicate(timeout=TIMEOUT)
    kept = partial(tmp_path).stat().st_size
    done = downloads_whole(hub, tmp_path)
    assert f"bytes={kept}-" in [wanted for _, wanted in hub.ranges]
    assert "100%" in done.error


def test_ctrl_c_keeps_what_has_come(hub: Hub, tmp_path: Path) -> None:
    import signal

    with hub.holding(f"/cdn/{REPO}", at=SIZE // 2) as held:
        process = start(hub, tmp_path, "models", "download", REPO)
        assert held.reached.wait(TIMEOUT)
        wait_for(lambda: any(tmp_path.glob("hub/*/blobs/*.incomplete")))
        process.send_signal(signal.SIGINT)
        done = Done(process)
    assert done.code == 130
    assert "Traceback" not in done.error
    assert "known, incomplete" not in done.error
    assert partial(tmp_path).stat().st_size > 0


@pytest.mark.parametrize("kept", ["a part", "too much", "nonsense"])
def test_what_was_left_by_others_does_no_harm(hub: Hub, tmp_path: Path, kept: str) -> None:
    """A server without ranges; a file that is longer than listed; one that is something else."""
    with hub.failing(f"/cdn/{REPO}/", 403):
        refused(hub, tmp_path)
    size = {"a part": 1000, "too much": SIZE + 1, "nonsense": SIZE // 2}[kept]
    left = b"\0" * size if kept != "a part" else (TINY / WEIGHTS).read_bytes()[:size]
    partial(tmp_path).write_bytes(left)
    hub.knows_ranges = kept == "nonsense"
    downloads_whole(hub, tmp_path)


def test_a_file_that_is_wrong_once_is_fetched_again(hub: Hub, tmp_path: Path) -> None:
    with hub.corrupting(f"/cdn/{REPO}/", at=5000, times=1):
        downloads_whole(hub, tmp_path)


@pytest.mark.parametrize("name", [WEIGHTS, "config.json"])
def test_a_file_that_stays_wrong_is_not_kept(hub: Hub, tmp_path: Path, name: str) -> None:
    with hub.corrupting(f"/{name}", at=10):
        error = refused(hub, tmp_path)
    assert f"{name} of {REPO} came with other content than 127.0.0.1" in error
    assert "proxy" in error
    assert list(tmp_path.glob("hub/*/snapshots/*")) == []
    downloads_whole(hub, tmp_path)


# --- refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "headers", "words"),
    [
        (401, {}, ["127.0.0.1", "status 401", "HF_TOKEN"]),
        (403, {}, ["status 403", "HF_TOKEN"]),
        (404, {"X_Error_Code": "RepoNotFound"}, ["no repository", "HF_TOKEN"]),
        (403, {"X_Error_Code": "GatedRepo"}, ["is gated", f"/{REPO}", "HF_TOKEN"]),
        (429, {"Retry_After": "3600"}, ["too many requests", "in 3600 s", "HF_TOKEN"]),
        (429, {"RateLimit": '"api";r=0;t=240'}, ["too many requests", "in 240 s"]),
    ],
)
@pytest.mark.parametrize("part", ["/api/", "/resolve/"])
def test_a_refusal_says_what_to_do(
    hub: Hub, tmp_path: Path, part: str, status: int, headers: dict[str, str], words: list[str]
) -> None:
    with hub.failing(part, status, **headers):
        error = refused(hub, tmp_path)
    for word in (REPO, *words):
        assert word in error
    assert sum(part in request for request in hub.requests) == 1  # it was not asked again


@pytest.mark.parametrize("headers", [{"Retry_After": "1"}, {"RateLimit": '"api";r=0;t=1'}])
def test_a_short_pause_is_kept(hub: Hub, tmp_path: Path, headers: dict[str, str]) -> None:
    started = time.monotonic()
    with hub.failing("/resolve/", 429, times=1, **headers):
        downloads_whole(hub, tmp_path)
    assert time.monotonic() - started >= 1
    assert sum(hub.sent.values()) == TOTAL


@pytest.mark.parametrize("part", ["/api/", f"/cdn/{REPO}/"])
def test_a_hub_with_a_hiccup_is_asked_again(hub: Hub, tmp_path: Path, part: str) -> None:
    with hub.failing(part, 503, times=2):
        downloads_whole(hub, tmp_path)


def test_a_hub_that_is_out_of_order(hub: Hub, tmp_path: Path) -> None:
    with hub.failing("/api/", 500):
        error = refused(hub, tmp_path)
    assert "out of order" in error and "status 500" in error
    assert len(hub.requests) == 4


def test_a_silent_hub_is_given_up(hub: Hub, tmp_path: Path) -> None:
    with hub.silent():
        error = refused(hub, tmp_path, HF_HUB_DOWNLOAD_TIMEOUT="1")
    assert "it says nothing" in error and "127.0.0.1" in error


def test_a_proxy_is_used_and_named(hub: Hub, tmp_path: Path) -> None:
    dead = {"http_proxy": "http://user:secret@127.0.0.1:1", "NO_PROXY": "", "no_proxy": ""}
    error = refused(hub, tmp_path, **dead)
    assert "through the proxy 127.0.0.1" in error and "HTTPS_PROXY" in error
    assert "secret" not in error
    assert hub.requests == []


@pytest.mark.parametrize("way", ["--offline", "HF_HUB_OFFLINE"])
def test_offline_names_what_is_missing(hub: Hub, tmp_path: Path, way: str) -> None:
    arguments = ["--offline"] if way == "--offline" else []
    environment = {} if way == "--offline" else {way: "1"}
    done = models(hub, tmp_path, "download", REPO, *arguments, **environment)
    assert done.code == 1
    assert f"{REPO} is not on this machine, and offline mode is on" in done.error
    assert "Downloaded" not in done.error and f"models download {REPO}" in done.error
    folder = Path(downloads_whole(hub, tmp_path).said.strip())
    (folder / "speech_tokenizer" / WEIGHTS).unlink()
    (folder / "tokenizer.json").unlink()
    hub.requests.clear()
    done = models(hub, tmp_path, "path", REPO, *arguments, **environment)
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
        pytest.skip("a small disk cannot be mounted here: this needs root and CAP_SYS_ADMIN")
    try:
        yield at
    finally:
        subprocess.run(["umount", str(at)], check=True, timeout=TIMEOUT)


def test_a_disk_without_room_is_noticed_before_anything_is_fetched(
    hub: Hub, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", 10_000_000) as disk:
        error = refused(hub, disk)
        assert f"needs {TOTAL / 1e6:,.1f} MB" in error
        assert "HF_HUB_CACHE" in error and "models remove" in error
        assert hub.sent == {}


def test_a_disk_that_fills_up_meanwhile(hub: Hub, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", TOTAL + 5_000_000) as disk:
        with hub.holding(f"/cdn/{REPO}", at=SIZE // 2) as held:
            process = start(hub, disk, "models", "download", REPO)
            assert held.reached.wait(TIMEOUT)
            filler = disk / "filler"
            filler.write_bytes(bytes(shutil.disk_usage(disk).free - 1_000_000))
            held.released.set()
            done = Done(process)
        assert done.code == 1
        assert "MB free" in done.error and "What has been downloaded is kept" in done.error
        filler.unlink()
        downloads_whole(hub, disk)
    assert any(path.startswith("/cdn/") for path, _ in hub.ranges)


# --- the cache by hand ---------------------------------------------------------------------


def test_the_list_says_what_is_here_and_remove_removes_it(hub: Hub, tmp_path: Path) -> None:
    def listed() -> dict[str, Any]:
        rows = json.loads(models(hub, tmp_path, "list", "--json").said)
        return {row["model"]: row for row in rows}

    assert REPO not in listed()
    folder = Path(downloads_whole(hub, tmp_path).said.strip())
    row = listed()[REPO]
    assert (row["state"], row["diskBytes"], row["missingFiles"]) == ("cached", TOTAL, [])
    (folder / "speech_tokenizer" / "config.json").unlink()
    row = listed()[REPO]
    assert (row["state"], row["missingFiles"]) == ("known", ["speech_tokenizer/config.json"])
    assert "known, incomplete" in models(hub, tmp_path, "list").said
    kept = models(hub, tmp_path, "remove", REPO)
    assert kept.code == 1 and "--yes" in kept.error
    assert REPO in listed()
    assert models(hub, tmp_path, "remove", REPO, "--yes").code == 0
    assert list(tmp_path.glob("hub/models--*")) == []
    assert "is not in" in models(hub, tmp_path, "remove", REPO, "--yes").error


def test_one_revision_is_removed_and_the_other_stays(hub: Hub, voice: Path, tmp_path: Path) -> None:
    hub.serve(REPO, voice, branch="v1")
    newer = tmp_path / "newer"
    shutil.copytree(voice, newer)
    (newer / "notes.txt").write_text("newer")
    hub.serve(REPO, newer)
    home = tmp_path / "home"
    for name in (REPO, f"{REPO}@v1"):
        assert download(hub, home, name).code == 0
    assert models(hub, home, "remove", REPO, "--revision", "v1", "--yes").code == 0
    assert models(hub, home, "path", REPO).code == 0
    assert models(hub, home, "path", f"{REPO}@v1").code == 1
