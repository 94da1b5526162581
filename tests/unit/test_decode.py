"""The sound in files of every format, whole, cut, damaged and of unknown length."""

from __future__ import annotations

import io
import struct
import warnings

import numpy as np
import pytest
import soundfile
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sidecar.audio import decode, reference
from sidecar.errors import BadReferenceAudio, ReferenceTooLong, ReferenceTooShort
from tests.support.sounds import RATE, encoded, tone

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


def types(found: reference.Recording) -> list[str]:
    return [notice.type for notice in found.notices]


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
    found = reference.read(None, data).samples
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
            found = reference.read(None, bytes(data))
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
    """Decode a file in one call; return float32 [frames]."""
    with soundfile.SoundFile(io.BytesIO(data)) as file:
        return file.read(file.frames, dtype="float32")


@settings(max_examples=60)
@given(st.sampled_from(sorted(CUT)), st.floats(0.2, 1.0))
@example(("MP3", "MPEG_LAYER_III"), 0.5)
@example(("FLAC", "PCM_16"), 0.5)
def test_of_a_file_that_was_cut_is_read_what_is_there(kind: tuple[str, str], share: float) -> None:
    """The file has several blocks: missing samples must not be filled from old memory."""
    whole = decoded(CUT[kind])
    data = CUT[kind][: int(share * len(CUT[kind]))]
    try:
        found = reference.read(None, data)
    except ReferenceTooShort:  # Ogg loses the page that was cut, which may have a second
        assert len(decoded(data)) < RATE
        return
    except BadReferenceAudio:
        assert kind[0] == "FLAC"  # whose decoder says that it has lost its way
        return
    assert 1 <= len(found.samples) / RATE <= 9.1
    assert len(found.samples) == len(decoded(data))
    assert np.abs(found.samples - whole[: len(found.samples)]).max() < 1e-6
    assert np.array_equal(reference.read(None, data).samples, found.samples)
    missing = (soundfile.info(io.BytesIO(data)).frames - len(found.samples)) / RATE
    assert ("referenceIncomplete" in types(found)) == (missing > 0.1)


@pytest.mark.parametrize("subtype", LOSSY["OGG"])
def test_a_file_with_a_hole_ends_early_and_says_so(subtype: str) -> None:
    data = bytearray(CUT["OGG", subtype])
    third = len(data) // 3
    data[third : 2 * third] = bytes(third)
    found = reference.read(None, bytes(data))
    assert np.array_equal(found.samples, decoded(bytes(data)))
    assert len(found.samples) < 7 * RATE
    [notice] = found.notices
    assert notice.type == "referenceIncomplete"
    assert f"ends after {len(found.samples) / RATE:.1f} s" in notice.message
    assert "9.0 s" in notice.message


def written(format: str, subtype: str) -> bytes | None:
    try:
        return encoded(tone(2), RATE, format, subtype)
    except soundfile.LibsndfileError:
        return None  # it can be read only


# RAW has no header, and SD2 keeps it in a second file.
ALL = [
    (format, subtype)
    for format in sorted(set(soundfile.available_formats()) - {"RAW", "SD2"})
    for subtype in soundfile.available_subtypes(format)
    if written(format, subtype)
]


@pytest.mark.parametrize("kind", ALL, ids=" ".join)
def test_whatever_libsndfile_writes_is_read(kind: tuple[str, str]) -> None:
    """Formats in which it cannot seek are included, such as those of telephones."""
    data = written(*kind)
    assert data
    rate = soundfile.info(io.BytesIO(data)).samplerate  # which XI does not keep
    found = reference.read(None, data)
    sound = tone(2 * RATE / rate, hertz=440 * rate / RATE)
    assert abs(len(found.samples) - len(sound)) < 0.06 * RATE  # some fill their last block
    middle = slice(RATE // 10, len(sound) - RATE // 5)
    spectra = [np.abs(np.fft.rfft(one[middle])) for one in (found.samples, sound)]
    cosine = np.dot(*spectra) / np.prod([np.linalg.norm(one) for one in spectra])
    assert cosine > 0.95
    assert "referenceIncomplete" not in types(found)


def test_mp3_in_a_wav_file_is_read() -> None:
    """libsndfile reads such files, but does not write them."""
    mp3 = encoded(tone(4), RATE, "MP3", "MPEG_LAYER_III")
    about = struct.pack("<HHIIHHHHIHHH", 0x55, 1, RATE, 8000, 1, 0, 12, 1, 2, 576, 1, 1393)
    fact = struct.pack("<I", 4 * RATE)
    chunks = b"".join(
        name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)
        for name, body in ((b"fmt ", about), (b"fact", fact), (b"data", mp3))
    )
    data = b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks
    assert soundfile.info(io.BytesIO(data)).subtype == "MPEG_LAYER_III"
    found = reference.read(None, data)
    assert abs(len(found.samples) - 4 * RATE) < 0.1 * RATE
    assert found.notices == ()


def piped(seconds: float, rate: int = RATE) -> bytes:
    """Return FLAC as from a pipe: its length was unknown when its header was written."""
    data = bytearray(encoded(tone(seconds, rate), rate, "FLAC", "PCM_16"))
    data[21] &= 0xF0  # of STREAMINFO: 36 bits of length, and the hash of the samples
    data[22:42] = bytes(20)
    return bytes(data)


def test_a_file_that_does_not_say_how_long_it_is_is_read_to_its_end() -> None:
    found = reference.read(None, piped(9))
    assert np.abs(found.samples - tone(9)).max() < 1e-4
    assert len(found.samples) == 9 * RATE
    assert found.notices == ()
    with pytest.raises(ReferenceTooShort, match=r"0\.50 s"):
        reference.read(None, piped(0.5))
    with pytest.raises(ReferenceTooLong, match="more than 60 s"):
        reference.read(None, piped(61, 8000))


def test_no_more_is_decoded_than_may_be() -> None:
    """No header states that the file is too long."""
    with decode._Sequential(io.BytesIO(piped(30))) as file:
        samples, _ = decode._mix(file, 2 * RATE)
    assert 2 * RATE < len(samples) <= 2 * RATE + decode._BLOCK_FRAMES


def _whole(format: str) -> bytes:
    subtype = {"OGG": "VORBIS", "MP3": "MPEG_LAYER_III"}.get(format, "PCM_16")
    return encoded(tone(1.2), RATE, format, subtype)
