"""`say --script`: a file in which names in brackets give the word to speakers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import soundfile

from tests.support.command import run

ANN_AND_BOB = ("--speaker", "Ann=slt", "--speaker", "Bob=rms@tiny-voice")


def test_each_speaker_has_a_voice_and_the_captions_their_names(tmp_path: Path) -> None:
    (tmp_path / "play.txt").write_text("[Ann] One & two.\n[bob] Five six. [Ann] Nine.\n")
    outputs = ("-o", "a.wav", "--srt", "a.srt", "--vtt", "a.vtt", "--seed", "3")
    done = run("say", "--script", "play.txt", *ANN_AND_BOB, *outputs, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "loading tiny-voice …" in done.stderr  # both models are one
    srt, vtt = (tmp_path / "a.srt").read_text("utf-8"), (tmp_path / "a.vtt").read_text("utf-8")
    assert re.findall(r"^[A-Z].*", srt, re.MULTILINE) == [
        "Ann: One & two.",
        "Bob: Five six.",
        "Ann: Nine.",
    ]
    assert re.findall(r"^<v.*", vtt, re.MULTILINE) == [
        "<v Ann>One &amp; two.",
        "<v Bob>Five six.",
        "<v Ann>Nine.",
    ]
    samples, rate = soundfile.read(tmp_path / "a.wav", dtype="int16")
    turns = [float(end) for end in re.findall(r"--> 00:00:(\S+)", vtt)]
    assert turns[-1] == pytest.approx(len(samples) / rate, abs=0.001)
    alone = ("Five six.", "--voice", "rms", "--seed", "4", "-o", "b.wav")
    assert run("say", *alone, cwd=tmp_path).returncode == 0
    bob, _ = soundfile.read(tmp_path / "b.wav", dtype="int16")
    start = round(turns[0] * rate)
    inner = slice(rate // 100, len(bob) - rate // 100)  # only a whole stream is faded
    assert (samples[start : start + len(bob)][inner] == bob[inner]).all()


@pytest.mark.parametrize("way", ["file", "stdin"])
def test_a_name_without_a_voice_is_told_with_its_place(tmp_path: Path, way: str) -> None:
    text = "Hm.\n[Ann] Two. [Carl] Hi.\n"
    (tmp_path / "play.txt").write_text(text)
    given = ("--script", "play.txt") if way == "file" else ("-",)
    done = run("say", *given, *ANN_AND_BOB, cwd=tmp_path, input=text)
    assert done.returncode == 1
    where = "play.txt, " if way == "file" else ""
    said = f"error: {where}line 2, column 12: There is no speaker 'Carl'. Known: Ann, Bob."
    assert said in done.stderr.splitlines()
    assert "hint: Add --speaker NAME=VOICE for it;" in done.stderr
    assert not (tmp_path / "out.wav").exists()


def test_a_voice_that_the_model_has_not_is_told_with_its_speaker(tmp_path: Path) -> None:
    args = ("Hi. [Ann] Hello.", "--speaker", "Ann=sltt")
    done = run("say", *args, cwd=tmp_path)
    assert done.returncode == 1
    assert "error: --speaker Ann: Unknown voice 'sltt'. Did you mean 'slt'?" in done.stderr
    assert not (tmp_path / "out.wav").exists()
