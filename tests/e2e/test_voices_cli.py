"""Voices at the command line."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.e2e.test_cli import run


@pytest.fixture
def wav(tmp_path: Path) -> str:
    time = np.arange(4 * 24000) / 24000
    path = tmp_path / "voice.wav"
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 150 * time) * np.sin(9 * time), 24000)
    return str(path)


@pytest.fixture
def model(golden: Path, tmp_path: Path) -> str:
    """A Base model that says a word at most: random weights find no end."""
    folder = tmp_path / "base"
    shutil.copytree(golden / "base", folder, copy_function=shutil.copyfile)
    folder.chmod(0o755)
    (folder / "generation_config.json").write_text('{"max_new_tokens": 3}')
    return str(folder)


def test_a_voice_is_made_shown_spoken_with_and_deleted(
    model: str, tmp_path: Path, wav: str
) -> None:
    folder = ("--voices-dir", str(tmp_path / "voices"))
    said = ("--clone", wav, "--ref-text", "What is said.", "--language", "English")
    made = run("voices", "create", "Anna", *said, "--model", model, *folder)
    assert made.returncode == 0, made.stderr
    assert made.stdout == f"Anna → {tmp_path / 'voices' / 'anna.safetensors'}\n"
    assert "encoding" in made.stderr

    again = run("voices", "create", "anna", *said, "--model", model, *folder)
    assert again.returncode == 1
    assert "already" in again.stderr

    listed = run("voices", "list", *folder)
    assert listed.stdout.splitlines()[1].split() == ["Anna", "reference", "english", model]
    shown = run("voices", "show", "ANNA", *folder)
    for word in ("What is said.", model, "english", "frames and transcript"):
        assert word in shown.stdout

    output = tmp_path / "out.wav"
    spoken = run("say", "Hi.", "--voice", "anna", "-o", str(output), "--seed", "1", *folder)
    assert spoken.returncode == 0, spoken.stderr
    assert soundfile.info(output).frames > 0

    assert run("voices", "delete", "anna", *folder).returncode == 0
    gone = run("voices", "delete", "anna", *folder)
    assert gone.returncode == 1
    assert "There is no saved voice 'anna'. Saved: none." in gone.stderr


def test_say_clones_a_recording(model: str, tmp_path: Path, wav: str) -> None:
    samples, rate = soundfile.read(wav)
    soundfile.write(wav, samples[: 2 * rate], rate)
    output = tmp_path / "out.wav"
    options = ("--model", model, "-o", str(output), "--seed", "1")
    done = run("say", "Hi.", "--clone", wav, *options)
    assert done.returncode == 0, done.stderr
    assert "3 to 15 s" in done.stderr  # a warning
    assert soundfile.info(output).frames > 0


def test_what_does_not_go_together_is_said() -> None:
    assert run("say", "Hi.", "--ref-text", "words").returncode == 2
    assert run("say", "Hi.", "--voice", "a", "--design", "b").returncode == 2
    assert run("voices", "create", "Anna").returncode == 2
    assert run("voices").returncode == 2


def test_a_hostile_folder_is_listed_and_moves_no_cursor(tmp_path: Path) -> None:
    (tmp_path / "a\x1b[2J.safetensors").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe.safetensors")
    done = run("voices", "list", "--model", "tiny-voice", "--voices-dir", str(tmp_path))
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["voice", "slt", "rms"]
    assert done.stderr.count("skipped:") == 2
    assert "\x1b" not in done.stderr
