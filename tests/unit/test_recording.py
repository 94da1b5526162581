from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest
import soundfile
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sidecar import audio_file, recording
from sidecar.errors import BadReferenceAudio, ReferenceTooLong, ReferenceTooShort

RATE = 24000
# What libsndfile writes, and how far the samples may be from what was written.
FORMATS = {
    ("WAV", "PCM_16"): 1e-3,
    ("WAV", "PCM_24"): 1e-3,
    ("WAV", "PCM_32"): 1e-3,
    ("WAV", "FLOAT"): 1e-3,
    ("FLAC", "PCM_16"): 1e-3,
    ("FLAC", "PCM_24"): 1e-3,
    ("OGG", "VORBIS"): 0.1,
    ("MP3", "MPEG_LAYER_III"): 0.1,
}
# MP3 knows these rates only, and Vorbis takes no speech at a radio's.
MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
RATES = (*MP3_RATES, 88200, 96000, 176400, 192000)


def encoded(
    samples: np.ndarray, rate: int = RATE, format: str = "WAV", subtype: str = "FLOAT"
) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=format, subtype=subtype)
    return buffer.getvalue()


def tone(seconds: float, rate: int = RATE, level: float = 0.3, hertz: float = 440) -> np.ndarray:
    time = np.arange(int(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def read(samples: np.ndarray, text: str | None = None, rate: int = RATE) -> recording.Recording:
    return recording.read(None, encoded(samples, rate), text)


def types(found: recording.Recording) -> list[str]:
    return [notice.type for notice in found.notices]


def test_a_recording_at_its_own_rate_is_untouched() -> None:
    samples = tone(4)
    found = read(samples)
    assert np.array_equal(found.samples, samples)
    assert found.notices == ()


def test_a_file_is_mixed_and_resampled(tmp_path: Path) -> None:
    left = tone(4, 48000, 0.4)
    path = tmp_path / "reference.flac"
    soundfile.write(path, np.stack([left, np.zeros_like(left)], axis=1), 48000)
    found = recording.read(str(path), None).samples
    expected = tone(4, RATE, 0.2)
    assert found.dtype == np.float32
    assert abs(len(found) - len(expected)) <= 1
    assert np.abs(found[200:-200] - expected[200 : len(found) - 200]).max() < 1e-3


@settings(max_examples=40)
@given(
    st.sampled_from(sorted(FORMATS)),
    st.sampled_from(RATES) | st.integers(8000, 192000),
    st.integers(1, 8),
    st.floats(1.0, 2.5),
    st.integers(100, 2000),
)
@example(("WAV", "PCM_24"), 192000, 8, 1.0, 100)
@example(("FLAC", "PCM_16"), 8000, 8, 2.5, 2000)
@example(("OGG", "VORBIS"), 192000, 2, 1.1, 440)
@example(("MP3", "MPEG_LAYER_III"), 8000, 1, 1.2, 440)
def test_any_format_rate_and_number_of_channels_is_the_same_sound(
    kind: tuple[str, str], rate: int, channels: int, seconds: float, hertz: int
) -> None:
    format, subtype = kind
    if format == "MP3":
        rate, channels = min(MP3_RATES, key=lambda known: abs(known - rate)), min(channels, 2)
    elif format == "FLAC" and rate > 65535:
        rate -= rate % 10  # it knows no others
    sound = tone(seconds + 0.1, rate, hertz=hertz)
    weights = 1 + np.arange(channels) / 8  # channels differ; their mean is the tone again
    data = encoded(sound[:, None] * weights / weights.mean(), rate, format, subtype)
    found = recording.read(None, data).samples
    assert found.dtype == np.float32
    assert found.ndim == 1
    assert np.isfinite(found).all()
    # MP3 has some hundredths of a second of padding at both ends.
    assert abs(len(found) / RATE - len(sound) / rate) < (0.2 if format == "MP3" else 0.001)
    middle = found[len(found) // 4 : -len(found) // 4]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    loudest = np.argmax(spectrum) * RATE / len(middle)
    assert abs(loudest - hertz) <= 2 * RATE / len(middle)
    assert abs(np.sqrt(2) * np.std(middle) - 0.3) < 0.3 * FORMATS[kind] + 0.002


@settings(max_examples=60)
@given(st.binary(max_size=400), st.integers(0, 200), st.sampled_from(["WAV", "FLAC", "OGG", "MP3"]))
def test_damaged_files_are_refused_or_read_and_nothing_else(
    noise: bytes, at: int, format: str
) -> None:
    data = bytearray(_whole(format))
    data[at : at + len(noise)] = noise
    with warnings.catch_warnings():  # numbers may overflow; what matters is what comes of it
        warnings.simplefilter("ignore")
        try:
            found = recording.read(None, bytes(data))
        except BadReferenceAudio:
            return
    assert np.isfinite(found.samples).all()
    assert RATE <= len(found.samples) <= 61 * RATE


LONG = np.random.default_rng(7).normal(scale=0.1, size=9 * RATE).astype(np.float32)
LOSSY = {"OGG": ("VORBIS", "OPUS"), "MP3": ("MPEG_LAYER_III",)}
CUT = {
    (format, subtype): encoded(LONG, RATE, format, subtype)
    for format in ("WAV", "AIFF", "FLAC", "OGG", "MP3")
    for subtype in LOSSY.get(format, ("PCM_16",))
}


def decoded(data: bytes) -> np.ndarray:
    """By one call; float32 [frames]."""
    with soundfile.SoundFile(io.BytesIO(data)) as file:
        return file.read(file.frames, dtype="float32")


@settings(max_examples=60)
@given(st.sampled_from(sorted(CUT)), st.floats(0.15, 1.0))
@example(("MP3", "MPEG_LAYER_III"), 0.5)
@example(("FLAC", "PCM_16"), 0.5)
def test_of_a_file_that_was_cut_is_read_what_is_there(kind: tuple[str, str], share: float) -> None:
    """Some blocks long: what does not come must not be what has been in the memory before."""
    whole = decoded(CUT[kind])
    data = CUT[kind][: int(share * len(CUT[kind]))]
    try:
        found = recording.read(None, data)
    except BadReferenceAudio:
        assert kind[0] == "FLAC"  # whose decoder says that it has lost its way
        return
    assert 1 <= len(found.samples) / RATE <= 9.1
    assert len(found.samples) == len(decoded(data))
    assert np.abs(found.samples - whole[: len(found.samples)]).max() < 1e-6
    assert np.array_equal(recording.read(None, data).samples, found.samples)
    missing = (soundfile.info(io.BytesIO(data)).frames - len(found.samples)) / RATE
    assert ("referenceIncomplete" in types(found)) == (missing > 0.1)


@pytest.mark.parametrize("subtype", LOSSY["OGG"])
def test_a_file_with_a_hole_ends_early_and_says_so(subtype: str) -> None:
    data = bytearray(CUT["OGG", subtype])
    third = len(data) // 3
    data[third : 2 * third] = bytes(third)
    found = recording.read(None, bytes(data))
    assert np.array_equal(found.samples, decoded(bytes(data)))
    assert len(found.samples) < 7 * RATE
    [notice] = found.notices
    assert notice.type == "referenceIncomplete"
    assert f"ends after {len(found.samples) / RATE:.1f} s" in notice.message
    assert "9.0 s" in notice.message


def piped(seconds: float, rate: int = RATE) -> bytes:
    """FLAC as it comes out of a pipe: when its header was written, nobody knew how long it is."""
    data = bytearray(encoded(tone(seconds, rate), rate, "FLAC", "PCM_16"))
    data[21] &= 0xF0  # of STREAMINFO: 36 bits of length, and the hash of the samples
    data[22:42] = bytes(20)
    return bytes(data)


def test_a_file_that_does_not_say_how_long_it_is_is_read_to_its_end() -> None:
    found = recording.read(None, piped(9))
    assert np.abs(found.samples - tone(9)).max() < 1e-4
    assert len(found.samples) == 9 * RATE
    assert found.notices == ()
    with pytest.raises(ReferenceTooShort, match=r"0\.50 s"):
        recording.read(None, piped(0.5))
    with pytest.raises(ReferenceTooLong, match="more than 60 s"):
        recording.read(None, piped(61, 8000))


def test_no_more_is_decoded_than_may_be() -> None:
    """Where no header has told that it is too long."""
    with audio_file._Sequential(io.BytesIO(piped(30))) as file:
        samples, _ = audio_file._mixed(file, 2 * RATE)
    assert 2 * RATE < len(samples) <= 2 * RATE + audio_file._BLOCK_FRAMES


def _whole(format: str) -> bytes:
    subtype = {"OGG": "VORBIS", "MP3": "MPEG_LAYER_III"}.get(format, "PCM_16")
    return encoded(tone(1.2), RATE, format, subtype)


@pytest.mark.parametrize(
    ("data", "type", "reason"),
    [
        (b"", "badReferenceAudio", "cannot be read"),
        (b"not audio at all", "badReferenceAudio", "cannot be read"),
        (encoded(np.zeros(0, np.float32)), "referenceTooShort", "only 0.00 s"),
        (encoded(tone(0.99)), "referenceTooShort", "only 0.99 s"),
        (encoded(tone(61, 8000), 8000), "referenceTooLong", r"61\.0 s"),
        (encoded(np.full(RATE, np.nan, np.float32)), "badReferenceAudio", "NaN"),
        (encoded(np.zeros(2 * RATE, np.float32)), "referenceSilent", "is silent"),
        (encoded(tone(2, level=0.0003)), "referenceSilent", "is silent"),
        (encoded(np.stack([tone(2), -tone(2)], 1)), "referenceSilent", "is silent"),
        (encoded(tone(2, 384000), 384000), "badReferenceAudio", "384000 samples a second"),
        (encoded(tone(2, 7999), 7999), "badReferenceAudio", "7999 samples a second"),
        (encoded(np.zeros((RATE, 9))), "badReferenceAudio", "9 channels"),
        (encoded(tone(8))[: 4 * RATE // 2], "referenceTooShort", "only"),
    ],
    # The bytes hold the time of day, and workers have to find the same names.
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused_says_why_by_its_type(data: bytes, type: str, reason: str) -> None:
    with pytest.raises(BadReferenceAudio, match=reason) as caught:
        recording.read(None, data)
    assert caught.value.type == type
    assert caught.value.code == 1005
    assert caught.value.field == "reference.audio"


def test_a_missing_file_is_a_bad_reference(tmp_path: Path) -> None:
    with pytest.raises(BadReferenceAudio, match="cannot be read") as caught:
        recording.read(str(tmp_path / "nowhere.wav"), None)
    assert caught.value.field == "reference.path"


def test_the_hash_is_of_the_file_whichever_way_it_comes(tmp_path: Path) -> None:
    data = encoded(tone(2))
    (tmp_path / "a").write_bytes(data)
    found = recording.read(str(tmp_path / "a"), None, " Said. ", False)
    assert found.source == hashlib.sha256(data).hexdigest()
    assert recording.read(None, data).source == found.source
    assert recording.read(None, data + b"\0").source != found.source
    assert (found.text, found.append_silence, found.field) == ("Said.", False, "reference.path")


def test_what_is_hashed_is_what_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that somebody writes to meanwhile: it is opened once, and read once."""
    path = tmp_path / "a.wav"
    path.write_bytes(data := encoded(tone(2)))
    opened: list[str] = []
    true_open = audio_file.open_regular

    def changing(name: str, most: int) -> BinaryIO:
        opened.append(name)
        return true_open(name, most)

    def mixed(file: soundfile.SoundFile, most: int) -> Any:
        path.write_bytes(encoded(tone(3)))  # in the same place, between hash and decoder
        return true_mixed(file, most)

    true_mixed = audio_file._mixed
    monkeypatch.setattr(audio_file, "open_regular", changing)
    monkeypatch.setattr(audio_file, "_mixed", mixed)
    found = recording.read(str(path), None)
    assert opened == [str(path)]
    assert found.source == hashlib.sha256(data).hexdigest()
    assert len(found.samples) == 2 * RATE


@pytest.mark.parametrize("most", [2.0, 60.0, 300.0])
def test_the_longest_is_what_the_option_says(most: float) -> None:
    recording.read(None, encoded(tone(most, 8000), 8000), most_seconds=most)
    with pytest.raises(ReferenceTooLong, match=f"at most {most:g} s") as caught:
        recording.read(None, encoded(tone(most + 0.1, 8000), 8000), most_seconds=most)
    assert caught.value.hint
    assert "--max-reference-seconds" in caught.value.hint


def clipped(format: str, subtype: str) -> Callable[[], recording.Recording]:
    """A loud voice that was cut at full scale, and stored in some format."""
    sound = np.clip(tone(4, level=2.0), -1, 1)
    return lambda: recording.read(None, encoded(sound, RATE, format, subtype))


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: read(tone(4)), []),
        (lambda: read(tone(2)), ["referenceShort"]),
        (lambda: read(tone(31, 8000), rate=8000), ["referenceLong"]),
        (lambda: read(tone(4, level=0.005)), ["referenceQuiet"]),
        (lambda: read(tone(4, level=1.0)), []),  # full scale, and not over it
        (clipped("WAV", "PCM_16"), ["referenceClipped"]),
        (clipped("FLAC", "PCM_24"), ["referenceClipped"]),
        (clipped("OGG", "VORBIS"), ["referenceClipped"]),
        (clipped("MP3", "MPEG_LAYER_III"), ["referenceClipped"]),
        (lambda: read(tone(4), "The quick brown fox jumps over the lazy dog."), []),
        (lambda: read(tone(4), "word " * 60), ["transcriptMismatch"]),
        (lambda: read(tone(8), "Well"), ["transcriptMismatch"]),
        (lambda: read(tone(4), "今天天气很好，我们去公园吧。"), []),
        (lambda: read(tone(4), "今天天气很好，我们去公园吧。" * 6), ["transcriptMismatch"]),
        (lambda: read(tone(4), "   "), []),
    ],
)
def test_what_is_noticed(make: Callable[[], recording.Recording], expected: list[str]) -> None:
    assert types(make()) == expected
