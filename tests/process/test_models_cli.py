"""The command `models` on a machine that has nothing but the package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sidecar.models import catalog
from sidecar.models.known import KNOWN
from tests.support.command import fresh, run


@pytest.mark.parametrize("columns", [60, 80])
def test_the_list_fits_the_terminal(tmp_path: Path, columns: int) -> None:
    done = run("models", "list", env=fresh(tmp_path, columns))
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= columns
    assert any(line.strip().startswith("tiny-voice: bundled") for line in lines)
    rows = {line.split()[0]: line.split()[1:] for line in lines if "/" in line and "b-" in line}
    assert rows.keys() == {known.stem for known in KNOWN.values()}
    sizes = [float(cell.split("/")[0]) for cell in rows["1.7b-base"]]
    expected = [KNOWN[f"1.7b-base{end}"].download_bytes for end in ("", "-8bit", "-6bit", "-4bit")]
    assert sizes == [round(size / 1e9, 2) for size in expected]
    assert "mlx-community" not in done.stdout


def test_the_repositories_are_listed_for_who_asks(tmp_path: Path) -> None:
    verbose = run("models", "list", "--verbose", env=fresh(tmp_path))
    lines = verbose.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["model", catalog.BUNDLED, *KNOWN]
    for line, known in zip(lines[2:], KNOWN.values(), strict=True):
        assert line.split()[-2:] == [known.repo, "-"]  # it has no folder yet


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["remove", "tiny-voice"], "tiny-voice is bundled and cannot be removed."),
        (["remove", "TINY-VOICE", "--yes"], "tiny-voice is bundled and cannot be removed."),
        (["remove", "tiny-voice@v1"], "tiny-voice is bundled and cannot be removed."),
        (
            ["path", "tiny-voice", "--revision", "v1"],
            "tiny-voice is bundled and has only one revision",
        ),
        (["download", "tiny-voice@v1"], "tiny-voice is bundled and has only one revision"),
        (["remove", "/"], "/ names a folder, and only what was downloaded can be removed"),
        (["remove", "./nowhere"], "./nowhere names a folder"),
        (["remove", "0.6b-base"], "is not in"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_with_a_model_is_said_as_it_is(
    tmp_path: Path, command: list[str], said: str
) -> None:
    done = run("models", *command, env=fresh(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert catalog.BUNDLED_PATH.is_dir()


@pytest.mark.parametrize("action", ["path", "download"])
def test_the_bundled_voice_is_where_it_is(tmp_path: Path, action: str) -> None:
    done = run("models", action, "tiny-voice", env=fresh(tmp_path))
    assert Path(done.stdout.strip()) == catalog.BUNDLED_PATH


def test_a_bundled_model_says_its_memory_to_programs(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = json.loads(
        run("models", "list", "--json", env=fresh(tmp_path)).stdout
    )
    assert rows[0]["model"] == catalog.BUNDLED
    assert 60e6 < rows[0]["memoryBytes"] < 400e6
