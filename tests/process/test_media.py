"""Recordings in what libsndfile does not read, through each of the decoders that may be there."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from sidecar.audio import reference
from sidecar.audio.media import bounded, decoders, formats, pyav_child
from sidecar.audio.sources import ReferenceFile
from sidecar.errors import BadReferenceAudio, Cancelled, ReferenceTooLong, ReferenceTooShort
from tests.support.installing import debian
from tests.support.sounds import RATE, contained, encoded, tone

RECORDINGS = Path(__file__).parents[1] / "data" / "recordings"
VOICE, _ = soundfile.read(RECORDINGS / "slt.flac", dtype="float32")

# Of each: FFmpeg's muxer and codec, the rate, and what else there is.
FILES: dict[str, tuple[str, str, int, dict[str, Any]]] = {
    "m4a": ("ipod", "aac", 48000, {"layout": "stereo"}),
    "alac.m4a": ("ipod", "alac", 24000, {}),
    "mp4": ("mp4", "aac", 44100, {"video": "mpeg4"}),
    "mov": ("mov", "pcm_s16le", 24000, {}),
    "3gp": ("3gp", "aac", 16000, {}),
    "aac": ("adts", "aac", 24000, {}),
    "webm": ("webm", "libopus", 48000, {}),
    "video.webm": ("webm", "libopus", 48000, {"video": "libvpx"}),
    "mkv": ("matroska", "ac3", 48000, {}),
    "amr": ("amr", "libopencore_amrnb", 8000, {}),
    "avi": ("avi", "libmp3lame", 24000, {}),
    "flv": ("flv", "aac", 44100, {}),
    "ts": ("mpegts", "aac", 48000, {}),
    "mpg": ("mpeg", "mp2", 48000, {}),
    "ac3": ("ac3", "ac3", 48000, {}),
    "wv": ("wv", "wavpack", 24000, {}),
    "tta": ("tta", "tta", 24000, {}),
}


def made(name: str, samples: np.ndarray = VOICE) -> bytes:
    muxer, codec, rate, more = FILES[name]
    return contained(samples, muxer, codec, rate, **more)


M4A = made("m4a")


def refused(data: bytes | None = None, path: str | None = None) -> BadReferenceAudio:
    with pytest.raises(BadReferenceAudio) as caught:
        reference.read(path, data)
    return caught.value


def sounds_like_the_voice(found: reference.Recording) -> bool:
    """By the waveform, at whatever delay an encoder has."""
    size = len(found.samples) + len(VOICE)
    spectra = [np.fft.rfft(one, size) for one in (found.samples, VOICE)]
    most = np.abs(np.fft.irfft(spectra[0] * spectra[1].conj(), size)).max()
    alike = most / np.linalg.norm(found.samples) / np.linalg.norm(VOICE)
    return bool(alike > 0.8) and abs(len(found.samples) - len(VOICE)) < 0.15 * RATE


def programs(folder: Path, monkeypatch: pytest.MonkeyPatch, **scripts: str) -> None:
    """Has no PyAV, and no programs on the PATH but the shell's and these."""
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "av" else find(name, *more)
    )
    folder.mkdir(exist_ok=True)
    for name in ("cp", "sleep", "cat", "env", "head"):
        (folder / name).symlink_to(str(shutil.which(name)))
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.parametrize("name", FILES)
def test_what_a_phone_or_a_video_has_is_read(name: str) -> None:
    found = reference.read(None, made(name))
    assert sounds_like_the_voice(found)
    assert found.notices == ()


def test_a_path_and_the_bytes_are_the_same_recording(tmp_path: Path) -> None:
    path = tmp_path / "voice"  # whatever its name ends in
    path.write_bytes(M4A)
    found, again = reference.read(str(path), None), reference.read(None, M4A)
    assert np.array_equal(again.samples, found.samples)
    assert again.source == found.source
    assert found.field == "reference.path"


def test_windows_media_is_recognised_by_its_first_bytes() -> None:
    """PyAV's wheels cannot write it."""
    head = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + bytes(100)
    kind = formats.detect_format(head)
    assert kind is not None
    assert (kind.demuxer, "wma" in kind.name) == ("asf", True)
    assert "Windows Media" in refused(head).message


@pytest.mark.parametrize("name", ["WAV", "FLAC", "MP3", "OGG", "AIFF", "CAF"])
def test_what_libsndfile_reads_goes_to_no_other_decoder(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "run", lambda *given, **more: pytest.fail("a program was started"))
    subtype = {"MP3": "MPEG_LAYER_III", "OGG": "VORBIS"}.get(name, "PCM_16")
    data = encoded(VOICE, RATE, name, subtype)
    assert formats.detect_format(data) is None
    assert len(reference.read(None, data).samples) > 5 * RATE
    with contextlib.suppress(BadReferenceAudio):  # nor does one that is damaged
        reference.read(None, data[: len(data) // 3])


def test_a_video_without_sound_says_so() -> None:
    error = refused(contained(VOICE, "mp4", "", 0, video="mpeg4"))
    assert "without a sound track" in error.message
    assert error.field == "reference.audio"


def test_of_several_sound_tracks_the_first_is_taken() -> None:
    import io

    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as file:
        tracks: list[Any] = [
            file.add_stream("pcm_s16le", rate=RATE, layout="mono") for _ in range(2)
        ]
        for track, samples in zip(tracks, (VOICE, tone(5.6)), strict=True):
            frame = av.AudioFrame.from_ndarray(
                (samples * 32767).astype(np.int16)[None, :], format="s16", layout="mono"
            )
            frame.sample_rate = RATE
            file.mux(track.encode(frame))
            file.mux(track.encode(None))
    assert sounds_like_the_voice(reference.read(None, buffer.getvalue()))


@pytest.mark.parametrize("name", ["m4a", "webm", "aac"])
def test_the_same_limits_hold(name: str) -> None:
    long = tone(62, level=0.1)
    with pytest.raises(ReferenceTooLong, match="at most 60 s") as caught:
        reference.read(None, made(name, long))
    assert caught.value.hint
    with pytest.raises(ReferenceTooShort):
        reference.read(None, made(name, tone(0.5)))
    assert len(reference.read(None, made(name, long), max_seconds=70).samples) > 61 * RATE


def test_a_film_is_not_decoded_to_its_end(tmp_path: Path) -> None:
    """Where nothing says how long it is: of what is decoded little more than the limit is kept."""
    kind = formats.detect_format(data := made("aac", tone(20)))
    assert kind is not None
    with decoders.decode_to_wav(ReferenceFile(data, None, 3.0, lambda: None), kind) as found:
        assert found.stated_seconds is None
        assert 3 < soundfile.info(found.path).duration < 5


def test_a_cut_file_says_what_is_missing() -> None:
    data = made("webm")
    found = reference.read(None, data[: len(data) * 3 // 4])
    assert [notice.type for notice in found.notices] == ["referenceIncomplete"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\0\0\0\x1cftypM4A " + b"nothing that is a box " * 40, "MPEG-4"),
        (M4A[:3000], "MPEG-4"),
        (b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 8, "Matroska"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "a playlist"),
        (b"\xef\xbb\xbf#EXTM3U\nhttp://localhost/x.ts\n", "a playlist"),
        (b"ffconcat version 1.0\nfile '/etc/passwd'\n", "a playlist"),
        (b"<!DOCTYPE html><html>404</html>", "a web page"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "a picture"),
        (b"", "is empty"),
        (b"Dear Sir, here is my voice.", "cannot be read"),
    ],
)
def test_what_is_no_recording_is_refused_in_a_sentence(data: bytes, words: str) -> None:
    error = refused(data)
    assert words in error.message
    assert error.message.endswith(".")
    assert error.hint
    assert "\n" not in error.message
    assert "/tmp" not in error.message


def test_a_playlist_opens_no_other_file_even_if_it_were_taken_for_one(tmp_path: Path) -> None:
    """The second line of defence: no demuxer of playlists is ever named to the child."""
    soundfile.write(tmp_path / "voice.wav", VOICE, RATE)
    (tmp_path / "list").write_text("ffconcat version 1.0\nfile voice.wav\n")
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXTINF:5,\nvoice.wav\n#EXT-X-ENDLIST\n")
    for source, demuxer in (("list", "concat"), ("list.m3u8", "hls")):
        done = subprocess.run(
            [sys.executable, pyav_child.__file__, source, "out.wav", demuxer, "60"],
            cwd=tmp_path,
            capture_output=True,
        )
        assert done.returncode == 1
        assert not (tmp_path / "out.wav").exists()


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
    """A stand-in for ffmpeg: it notes its arguments and leaves a WAV file where it should."""
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
    """A stand-in for macOS' program, whose arguments it checks; the true one was not run here."""
    soundfile.write(tmp_path / "voice.wav", VOICE, RATE, "FLOAT")
    script = (
        '[ "$1 $2 $3 $4" = "-f WAVE -d LEF32" ] || exit 1\n'
        f'case "$5" in *.m4a) cp {tmp_path}/voice.wav "$6";; *) exit 1;; esac'
    )
    programs(tmp_path / "bin", monkeypatch, afconvert=script, ffmpeg="exit 1")
    assert np.array_equal(reference.read(None, M4A).samples, VOICE)
    # What it does not know goes to the next one.
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
