"""Voices on the command line."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from sidecar.cli.main import main
from tests.support.command import fresh, run
from tests.support.sounds import contained, sound


@pytest.fixture
def wav(tmp_path: Path) -> str:
    time = np.arange(4 * 24000) / 24000
    path = tmp_path / "voice.wav"
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 150 * time) * np.sin(9 * time), 24000)
    return str(path)


@pytest.fixture
def model(golden: Path, tmp_path: Path) -> str:
    """Make a Base model that says one word at most, since random weights never end their speech."""
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
    assert listed.stdout.splitlines()[-1].split() == ["Anna", "reference", "english", model]
    shown = run("voices", "show", "ANNA", *folder)
    for word in ("What is said.", model, "english", "frames and transcript"):
        assert word in shown.stdout

    output = tmp_path / "out.wav"
    said = ("say", "Hi.", "--voice", "anna", "-o", str(output), "--seed", "1", *folder)
    unasked = run(*said)  # the file may come from a stranger, and it names a folder
    assert unasked.returncode == 1
    assert "--model" in unasked.stderr
    assert not output.exists()
    spoken = run(*said, "--model", model)
    assert spoken.returncode == 0, spoken.stderr
    assert soundfile.info(output).frames > 0

    assert run("voices", "delete", "anna", *folder).returncode == 0
    gone = run("voices", "delete", "anna", *folder)
    assert gone.returncode == 1
    assert "There is no saved voice 'anna'. Saved: none." in gone.stderr


def test_a_saved_voice_with_a_near_name_is_suggested(model: str, tmp_path: Path) -> None:
    folder = tmp_path / "voices"
    folder.mkdir()
    (folder / "anna.safetensors").touch()
    given = ("--model", model, "--voices-dir", str(folder))
    done = run("say", "Hi.", "--voice", "Ana", *given, cwd=tmp_path)
    assert done.returncode == 1
    assert "error: There is no saved voice 'Ana'.\n" in done.stderr
    assert "hint: Did you mean the saved voice 'anna'? " in done.stderr


def test_a_folder_that_cannot_be_written_is_refused_before_any_work(
    model: str, tmp_path: Path, wav: str
) -> None:
    (tmp_path / "file").touch()
    given = ("--model", model, "--voices-dir", str(tmp_path / "file" / "voices"))
    done = run("voices", "create", "Anna", "--clone", wav, *given)
    assert done.returncode == 1
    assert f"{tmp_path / 'file'} is not a folder" in done.stderr
    assert "loading" not in done.stderr
    assert "encoding" not in done.stderr


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["../x", "--clone", "{wav}"], "'../x' cannot be the name of a voice."),
        (["../x", "--clone", "{wav}", "--replace"], "'../x' cannot be the name of a voice."),
        (["Anna", "--clone", "/nope.wav"], "/nope.wav: there is no such file."),
    ],
)
def test_what_is_wrong_is_reported_before_a_model_is_downloaded(
    tmp_path: Path, wav: str, given: list[str], said: str
) -> None:
    """The process is offline, so that a search for the model would be another error."""
    args = [one.format(wav=wav) for one in given]
    done = run("voices", "create", *args, env=fresh(tmp_path))
    assert done.returncode == 1
    assert said in done.stderr
    assert "not on this machine" not in done.stderr


def test_say_clones_a_recording(model: str, tmp_path: Path, wav: str) -> None:
    samples, rate = soundfile.read(wav)
    soundfile.write(wav, samples[: 2 * rate], rate)
    output = tmp_path / "out.wav"
    options = ("--model", model, "-o", str(output), "--seed", "1")
    done = run("say", "Hi.", "--clone", wav, *options)
    assert done.returncode == 0, done.stderr
    assert "3 to 15 s" in done.stderr  # a warning
    assert soundfile.info(output).frames > 0


def test_a_phones_recording_is_cloned(model: str, tmp_path: Path) -> None:
    memo, output = tmp_path / "my memo.m4a", tmp_path / "out.wav"
    memo.write_bytes(contained(sound(), "ipod", "aac", 48000))
    options = ("--model", model, "-o", str(output), "--seed", "1")
    done = run("say", "Hi.", "--clone", str(memo), *options)
    assert done.returncode == 0, done.stderr
    assert soundfile.info(output).frames > 0


@pytest.mark.parametrize("command", [("say", "Hi."), ("voices", "create", "anna")])
def test_a_recording_that_is_not_there_is_named(
    command: tuple[str, ...], model: str, tmp_path: Path
) -> None:
    folder = ("--voices-dir", str(tmp_path / "voices"))
    done = run(*command, "--clone", "/nope.wav", "--model", model, *folder)
    assert done.returncode == 1
    assert "/nope.wav: there is no such file." in done.stderr
    assert "FLAC" not in done.stderr


SAY = ["say", "Hi."]
CREATE = ["voices", "create", "Anna"]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ([*SAY, "--ref-text", "words"], "--ref-text needs --clone"),
        ([*SAY, "--ref-text", ""], "--ref-text is empty"),
        ([*SAY, "--clone", ""], "--clone is empty"),
        ([*SAY, "--design", " "], "--design is empty"),
        ([*SAY, "--voice", ""], "--voice is empty"),
        ([*SAY, "--voice", "a", "--design", "b"], "--design and --voice cannot be given together."),
        ([*SAY, "--design", "b", "--instruct", "c"], "--instruct"),
        ([*SAY, "--max-reference-seconds", "301"], "between 1 and 300"),
        ([*SAY, "--max-reference-seconds", "long"], "'long' is not a number"),
        ([*SAY, "-o", "a.wav", "--srt", "./a.wav"], "Two outputs cannot be written to the same"),
        ([*SAY, "-o", "-", "--vtt", "-"], "Two outputs cannot be written to the same"),
        ([*SAY, "-o", ""], "--output is empty."),
        ([*SAY, "--language", ""], "--language is empty."),
        ([*SAY, "--model", " "], "--model is empty."),
        ([*SAY, "--speed", "3"], "Argument --speed: '3' is not between 0.5 and 2."),
        ([*SAY, "--speed", "nan"], "'nan' is not between 0.5 and 2."),
        ([*SAY, "--sample-rate", "7"], "'7' is not between 8000 and 48000 Hz."),
        (
            [*SAY, "--sample-rate", "44100", "-o", "a.opus"],
            "44100 does not work with the format opus; use 8000, 12000, 16000, 24000, 48000.",
        ),
        ([*SAY, "-o", "a.m4a"], "a.m4a: the name must end in .wav, .flac,"),
        ([*SAY, "--play", "--format", "mp3"], "--format needs -o"),
        ([*SAY, "--device", "1"], "--device needs --play"),
        ([*SAY, "-f", "text.txt"], "Both TEXT and --file are given"),
        ([*SAY, "--script", "a", "--speaker", "A=slt"], "Both TEXT and --script are given"),
        (["say", "--script", "play.txt"], "--script needs a --speaker for each name"),
        ([*SAY, "--speaker", "Ann"], "'Ann' is no speaker; write NAME=VOICE or NAME=VOICE@MODEL"),
        ([*SAY, "--speaker", "Ann=slt@"], "'Ann=slt@' is no speaker"),
        ([*SAY, "--speaker", "[1]=slt"], "'[1]' cannot be the name of a speaker."),
        ([*SAY, "--speaker", "A=slt", "--speaker", "a=rms"], "There are two speakers 'a'."),
        ([*CREATE], "Give --clone or --design."),
        ([*CREATE, "--clone", ""], "--clone is empty"),
        ([*CREATE, "--design", ""], "--design is empty"),
        ([*CREATE, "--design", "a", "--text", " "], "--text is empty"),
        (["voices", "create", "", "--clone", "a"], "NAME is empty"),
        (["models", "download", "a/b", "--revision", ""], "--revision is empty"),
        (["models", "download", "a/b", ""], "MODEL is empty"),
        (["serve", "--model", ""], "--model is empty"),
        ([*CREATE, "--design", "a", "--ref-text", "b"], "--ref-text needs --clone"),
        ([*CREATE, "--clone", "a", "--text", "b"], "--text needs --design"),
        ([*CREATE, "--clone", "a", "--seed", "1"], "--seed needs --design"),
        ([*CREATE, "--clone", "a", "--design-model", "b"], "--design-model needs --design"),
        (["voices", "create", "--clone", "a", "--replace"], "--replace needs the name"),
        (["voices", "show", "Anna", "--model", "a"], "There is no option --model."),
        (["voices"], "required"),
        (["serve", "--max-reference-seconds", "0"], "between 1 and 300"),
        (
            ["serve", "--voices-dir", "~no-such-user/a"],
            "there is no user 'no-such-user'",
        ),
        (["voices", "list", "--voices-dir", "~no-such-user"], "write ./~no-such-user"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_does_not_go_together_is_said(
    command: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """The commands run in this process: there are many, and none of them needs a model."""
    monkeypatch.setattr("os._exit", sys.exit)
    monkeypatch.setattr("sidecar.logs.to_stderr", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        main(command)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_the_limit_of_a_recording_is_an_option(model: str, wav: str, tmp_path: Path) -> None:
    output = ("-o", str(tmp_path / "out.wav"))
    done = run("say", "Hi.", "--clone", wav, "--model", model, "--max-reference-seconds=3", *output)
    assert done.returncode == 1
    assert "4.0 s; at most 3 s" in done.stderr


def test_a_hostile_folder_is_listed_and_moves_no_cursor(tmp_path: Path) -> None:
    (tmp_path / "a\x1b[2J.safetensors").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe.safetensors")
    done = run("voices", "list", "--model", "tiny-voice", "--voices-dir", str(tmp_path))
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["tiny-voice", "slt", "rms"]
    assert done.stderr.count("skipped:") == 2
    assert "\x1b" not in done.stderr
