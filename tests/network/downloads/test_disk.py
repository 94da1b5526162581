"""Disks without room, and the cache by hand."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

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
    small_disk,
    start,
    wait_for,
    write,
)
from tests.support.hub import Hub


def fill(file: Path) -> None:
    """Fill the disk; the download may take the last bytes first."""
    with file.open("wb", buffering=0) as filler:
        while True:
            try:
                filler.write(bytes(4096))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                return


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


def half_of_the_weights(disk: Path, hub: Hub) -> bool:
    """Return whether half of the weights are there; they come last, so only they are partial."""
    return any(part.stat().st_size >= SIZE // 2 for part in partials(disk, hub.repo))


def test_a_disk_that_fills_up_meanwhile(hub: Hub, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", TOTAL + 500_000) as disk:
        with hub.holding(hub.cdn_path(hub.repo, WEIGHTS), at=SIZE // 2) as held:
            process = start(hub, disk, "download", hub.repo)
            assert held.reached.wait(TIMEOUT)
            wait_for(lambda: half_of_the_weights(disk, hub))  # sent is not written yet
            fill(disk / "filler")
        done = Done(process)
        assert done.code == 1
        assert "MB free" in done.error
        (disk / "filler").unlink()
        done = models(hub, disk, "download", hub.repo)
        assert content(Path(done.said.strip())) == FILES
    weights = [wanted for path, wanted in hub.ranges if path == hub.cdn_path(hub.repo, WEIGHTS)]
    assert len(weights) == 1  # it went on
    assert int(weights[0].removeprefix("bytes=").removesuffix("-")) >= SIZE // 2


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
    assert f"{hub.repo}: incomplete" in models(hub, fetch.home, "list").said
    assert "known, incomplete" in models(hub, fetch.home, "list", "--verbose").said
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
