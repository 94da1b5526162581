"""Preset voices on the command line, also those of models that are not on this machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sidecar.memory import format_bytes
from sidecar.models import catalog
from sidecar.models.known import KNOWN
from tests.support.command import fresh, run

NINE = ["serena", "vivian", "uncle_fu", "ryan", "aiden", "ono_anna", "sohee", "eric", "dylan"]


@pytest.mark.parametrize("columns", [60, 80])
def test_a_fresh_machine_lists_the_voices_of_every_known_model(
    tmp_path: Path, columns: int
) -> None:
    done = run("voices", "list", env=fresh(tmp_path, columns))
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= columns
    rows = [line for line in lines if line and not line.startswith((" ", "0.6b", "1.7b"))]
    named = [row.split()[0] for row in rows]
    assert named == ["tiny-voice", "slt", "rms", *NINE]
    (ryan,) = (line for line in lines if line.startswith("ryan"))
    assert ryan.split()[:3] == ["ryan", "male", "english"]
    assert "0.6b-customvoice (2.5 GB to download)" in " ".join(done.stdout.split())
    assert not (tmp_path / "hub").exists()


def test_the_voices_of_a_model_that_is_not_here_are_listed(tmp_path: Path) -> None:
    done = run("voices", "list", "--model", "0.6b-customvoice", env=fresh(tmp_path))
    assert done.returncode == 0, done.stderr
    names = [line.split()[0] for line in done.stdout.splitlines() if line[0] != " "]
    assert names == ["0.6b-customvoice", *NINE]


def test_a_model_without_preset_voices_says_so(tmp_path: Path) -> None:
    done = run("voices", "list", "--model", "0.6b-base", env=fresh(tmp_path))
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "warning: 0.6b-base has no preset voices.\n"


def test_a_name_that_no_voice_has_is_compared_with_all_of_them(tmp_path: Path) -> None:
    done = run("voices", "show", "ryn", env=fresh(tmp_path))
    assert done.returncode == 1
    assert done.stderr == (
        "error: There is no preset voice and no saved voice 'ryn'. Did you mean 'ryan'?\n"
        "hint: To see all voices: qwen-tts-sidecar voices list\n"
    )


def test_a_preset_of_another_model_is_told_with_the_models_that_have_it(tmp_path: Path) -> None:
    done = run("say", "Hi.", "--voice", "Ryan", env=fresh(tmp_path), cwd=tmp_path)
    assert done.returncode == 1
    assert "error: Unknown voice 'Ryan'. Known: slt, rms.\n" in done.stderr
    assert "hint: A voice of that name is in: 0.6b-customvoice, 1.7b-customvoice.\n" in done.stderr


def test_programs_get_every_voice_with_its_models(tmp_path: Path) -> None:
    done = run("voices", "list", "--json", env=fresh(tmp_path))
    voices = {one["voice"]: one for one in json.loads(done.stdout)}
    assert [*voices] == ["slt", "rms", *NINE]
    assert voices["slt"]["models"] == ["tiny-voice"]
    assert set(voices["dylan"]["models"]) >= {"0.6b-customvoice", "1.7b-customvoice-4bit"}
    assert voices["dylan"]["languages"] == ["chinese", "beijing_dialect"]
    assert (voices["dylan"]["kind"], voices["dylan"]["gender"]) == ("preset", "male")


def test_a_preset_is_shown_and_cannot_be_deleted(tmp_path: Path) -> None:
    shown = run("voices", "show", "Sohee", env=fresh(tmp_path))
    assert shown.returncode == 0, shown.stderr
    for word in ("sohee", "female", "korean", "0.6b-customvoice", "rich emotion"):
        assert word in shown.stdout
    kept = run("voices", "delete", "sohee", env=fresh(tmp_path))
    assert kept.returncode == 1
    assert "sohee is a preset voice of 0.6b-customvoice" in kept.stderr
    unknown = run("voices", "show", "nobody", env=fresh(tmp_path))
    assert unknown.returncode == 1
    assert "There is no preset voice and no saved voice 'nobody'" in unknown.stderr


def test_the_help_of_create_names_the_models_that_it_takes_and_their_size() -> None:
    """The help is true: the command starts `Creation` with these models."""
    said = " ".join(run("voices", "create", "--help").stdout.split())
    assert catalog.BUNDLED not in said
    for alias in (catalog.BASE, catalog.DESIGN):
        assert f"default: {alias}, {format_bytes(KNOWN[alias].download_bytes)} to download" in said
