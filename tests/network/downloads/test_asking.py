"""Before gigabytes are downloaded, the size is shown, and a person has to agree."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import COMMAND
from tests.support.downloads import TIMEOUT, TOTAL, WEIGHTS, Done, models, start, wait_for
from tests.support.hub import Hub
from tests.support.terminals import Terminal

LARGE = 600_000_000


@pytest.fixture
def large(hub: Hub) -> Iterator[Hub]:
    """List a repository with weights of 600 MB, which no test downloads."""
    row = hub.repos[hub.repo][-1].files[WEIGHTS].row
    row["size"] = row["lfs"]["size"] = LARGE
    with hub.failing("/resolve/", 404, "EntryNotFound"):
        yield hub


def say(hub: Hub, home: Path, *args: str, command: tuple[str, ...] = ("say", "Hi.")) -> Done:
    return Done(
        subprocess.Popen(
            [*COMMAND, *command, "--model", hub.repo, *args],
            env={**os.environ, **hub.environment(home)},
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    )


@pytest.mark.parametrize(
    "command", [("say", "Hi."), ("voices", "create", "A", "--design", "old", "--seed", "1")]
)
def test_nothing_large_is_downloaded_where_nobody_can_be_asked(
    large: Hub, tmp_path: Path, command: tuple[str, ...]
) -> None:
    done = say(large, tmp_path, command=command)
    assert done.code == 1
    said = f"error: {large.repo} is not on this machine, and its download is 600 MB.\n"
    assert said in done.error
    assert "hint: Add --yes to download it, or run this first: " in done.error
    assert f"qwen-tts-sidecar models download {large.repo}\n" in done.error
    assert large.fetched() == []


def test_yes_on_the_command_line_is_an_answer(large: Hub, tmp_path: Path) -> None:
    done = say(large, tmp_path, "--yes")
    assert done.code == 1  # this hub has not got it
    assert f"downloading 600 MB of {large.repo} to {tmp_path}" in done.error
    assert large.fetched() != []


def test_a_command_to_download_is_an_answer_for_a_script(large: Hub, tmp_path: Path) -> None:
    done = models(large, tmp_path, "download", large.repo)
    assert f"downloading 600 MB of {large.repo}" in done.error
    assert large.fetched() != []


@pytest.mark.parametrize("answer", ["n", "", "y"])
def test_a_person_is_asked(large: Hub, tmp_path: Path, answer: str) -> None:
    env = large.environment(tmp_path)
    with Terminal("models", "download", large.repo, env=env) as terminal:
        terminal.wait_for(f"Download 600 MB of {large.repo} to {tmp_path}/hub? [y/N] ")
        assert large.fetched() == []
        terminal.type(f"{answer}\n")
        assert terminal.end() == 1
    assert ("Nothing was downloaded." in terminal.seen) == (answer != "y")
    assert (large.fetched() != []) == (answer == "y")


def test_what_is_small_comes_unasked_and_its_size_is_said(hub: Hub, tmp_path: Path) -> None:
    done = say(hub, tmp_path)
    assert done.code == 1  # it is no model that could be loaded
    assert f"downloading {TOTAL / 1e6:.3g} MB of {hub.repo}" in done.error
    assert hub.fetched() != []


def test_an_interruption_keeps_what_came_and_says_so(hub: Hub, tmp_path: Path) -> None:
    with hub.holding(hub.cdn_path(hub.repo, WEIGHTS), 1000) as trouble:
        process = start(hub, tmp_path, "download", hub.repo)
        wait_for(trouble.reached.is_set)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 130
    assert "The downloaded part is kept" in said
    assert "interrupted: " in said
    assert "Traceback" not in said
