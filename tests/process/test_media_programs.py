"""Recordings that another program decodes: ffmpeg, or afconvert on macOS."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sidecar.audio import reference
from sidecar.audio.media import decoders
from sidecar.errors import Cancelled, ReferenceTooLong
from tests.support.installing import debian
from tests.support.media import (
    M4A,
    VOICE,
    made,
    programs,
    refused,
    sounds_like_the_voice,
)
from tests.support.sounds import RATE, contained, tone

# --- the program ffmpeg ---------------------------------------------------------------------


def test_a_real_ffmpeg_reads_them_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = debian("ffmpeg", "ffmpeg")
    programs(tmp_path / "bin", monkeypatch, ffmpeg=f'exec {real} "$@"')
    for name in ("m4a", "mp4", "webm", "aac", "amr", "ts"):
        assert sounds_like_the_voice(reference.read(None, made(name)))
    assert "without a sound track" in refused(contained(VOICE, "mp4", "", 0, video="mpeg4")).message
    with pytest.raises(ReferenceTooLong):
        reference.read(None, made("m4a", tone(62)))
    assert "cannot be decoded" in refused(M4A[:3000]).message


def test_ffmpeg_is_told_to_touch_nothing_but_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for ffmpeg records its arguments and writes a WAV file where it should."""
    soundfile.write(tmp_path / "voice.wav", VOICE, RATE)
    script = (
        f'printf "%s\\n" "$@" > {tmp_path}/arguments; env > {tmp_path}/environment\n'
        f'for last; do :; done; cp {tmp_path}/voice.wav "${{last#file:}}"'
    )
    programs(tmp_path / "bin", monkeypatch, ffmpeg=script)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert sounds_like_the_voice(reference.read(None, M4A))
    arguments = (tmp_path / "arguments").read_text().splitlines()
    before = arguments[: arguments.index("-i")]
    for option, value in (
        ("-protocol_whitelist", "file,pipe"), ("-format_whitelist", "mov"), ("-f", "mov"),
    ):  # fmt: skip
        assert before[before.index(option) + 1] == value
    assert "-nostdin" in before
    assert arguments[arguments.index("-map") + 1] == "0:a:0"
    assert float(arguments[arguments.index("-t") + 1]) == 61
    assert "hf_secret" not in (tmp_path / "environment").read_text()
    folder = Path(arguments[arguments.index("-i") + 1].removeprefix("file:")).parent
    assert not folder.exists()


def test_a_decoder_that_fails_says_why_and_is_cleaned_up_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs(tmp_path / "bin", monkeypatch, ffmpeg='echo "moov atom not found" >&2; exit 1')
    error = refused(M4A)
    assert "moov atom not found" in error.message
    assert error.hint
    assert "ffmpeg -i recording.m4a -vn recording.wav" in error.hint


def test_a_decoder_that_crashes_is_an_error_of_its_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs(tmp_path / "bin", monkeypatch, ffmpeg="kill -SEGV $$")
    assert "signal 11" in refused(M4A).message


def test_a_decoder_that_never_ends_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = f"echo $$ > {tmp_path}/pid; exec sleep 1000"
    programs(tmp_path / "bin", monkeypatch, ffmpeg=script)
    monkeypatch.setattr(decoders, "_SECONDS", 1.0)
    assert "not decoded within 1 s" in refused(M4A).message
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_what_a_decoder_writes_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = 'for last; do :; done; exec cat /dev/zero > "${last#file:}"'
    programs(tmp_path / "bin", monkeypatch, ffmpeg=script)
    monkeypatch.setattr(decoders, "_MAX_BYTES_PER_SECOND", 1000)
    assert "cannot be decoded" in refused(M4A).message


def test_a_cancel_ends_the_decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = f"echo $$ > {tmp_path}/new; mv {tmp_path}/new {tmp_path}/pid; exec sleep 1000"
    programs(tmp_path / "bin", monkeypatch, ffmpeg=script)
    (tmp_path / "bin" / "mv").symlink_to("/bin/mv")

    def check() -> None:
        if (tmp_path / "pid").exists():
            raise Cancelled("The request was cancelled.")

    with pytest.raises(Cancelled):
        reference.read(None, M4A, check=check)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


# --- macOS' afconvert -----------------------------------------------------------------------


def test_afconvert_comes_first_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for the program of macOS checks its arguments; the real one was not run here."""
    soundfile.write(tmp_path / "voice.wav", VOICE, RATE, "FLOAT")
    script = (
        '[ "$1 $2 $3 $4" = "-f WAVE -d LEF32" ] || exit 1\n'
        f'case "$5" in *.m4a) cp {tmp_path}/voice.wav "$6";; *) exit 1;; esac'
    )
    programs(tmp_path / "bin", monkeypatch, afconvert=script, ffmpeg="exit 1")
    assert np.array_equal(reference.read(None, M4A).samples, VOICE)
    # A file that it cannot read goes to the next program.
    assert "ffmpeg" in refused(made("webm")).message


def test_what_afconvert_cannot_read_goes_to_the_next_decoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    soundfile.write(tmp_path / "voice.wav", VOICE, RATE)
    programs(
        tmp_path / "bin",
        monkeypatch,
        afconvert='echo "Error: ExtAudioFileOpenURL failed" >&2; exit 1',
        ffmpeg=f'for last; do :; done; cp {tmp_path}/voice.wav "${{last#file:}}"',
    )
    assert sounds_like_the_voice(reference.read(None, M4A))


# --- nothing there --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("platform", "command"),
    [("linux", "ffmpeg -i 'my memo.m4a' -vn"), ("darwin", "afconvert -f WAVE -d LEI16")],
)
def test_without_a_decoder_the_error_says_what_it_is_and_what_to_do(
    platform: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs(tmp_path / "bin", monkeypatch)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.chdir(tmp_path)
    Path("my memo.m4a").write_bytes(M4A)
    error = refused(path="my memo.m4a")
    assert error.message == (
        "The reference audio is an MPEG-4 or QuickTime file (m4a, mp4, mov, 3gp), and nothing on "
        "this machine decodes that."
    )
    assert error.hint
    assert "pip install av" in error.hint
    assert command in error.hint
    assert error.hint.endswith("'my memo.wav'")


def test_without_a_folder_for_the_copy_the_error_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    error = refused(M4A)
    assert f"there is no folder {tmp_path / 'gone'}" in error.message
    assert error.hint
    assert "TMPDIR" in error.hint


def test_turns_are_given_back() -> None:
    for _ in range(3):
        refused(M4A[:3000])
    assert decoders._TURNS.acquire(blocking=False)
    decoders._TURNS.release()
