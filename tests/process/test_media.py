"""Recordings in formats that libsndfile does not read, through each decoder that may exist."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from sidecar.audio import reference
from sidecar.audio.media import bounded, decoders, formats, pyav_child
from sidecar.audio.sources import ReferenceFile
from sidecar.errors import BadReferenceAudio, ReferenceTooLong, ReferenceTooShort
from tests.support.media import (
    FILES,
    M4A,
    VOICE,
    made,
    refused,
    sounds_like_the_voice,
)
from tests.support.sounds import RATE, contained, encoded, tone


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
    """The test only checks the first bytes, since PyAV's wheels cannot write the format."""
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
    """The file does not state its length, and little more than the limit is decoded and kept."""
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
    """This is the second line of defence: the child process receives no demuxer of playlists."""
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
