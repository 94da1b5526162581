"""A request's chunks become one file, whatever their sizes."""

from __future__ import annotations

import io
import tracemalloc
import wave

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sidecar.audio.encoders import apply_patches
from sidecar.audio.formats import ENCODINGS, AudioFormat
from sidecar.audio.stream import AudioStream
from tests.support.listening import RATE, encode, ffmpeg, flac, libsndfile, samples_of, speech

# A decoder may have to be installed first.
pytestmark = pytest.mark.timeout(900)

CONTAINERS = ENCODINGS[2:]
LOSSLESS = ("wav", "flac")
# LAME and a decoder put this many samples at 24 kHz first, since there is no Xing header.
MP3_LEAD = 576 + 529
# Everything at once.
WANTED = {
    "plain": {},
    "all": {"speed": 1.3, "sample_rate": 16_000, "peak_limit": -12.0},
}


def formatted(encoding: str, which: str) -> AudioFormat:
    return AudioFormat(encoding, **WANTED[which])  # type: ignore[arg-type]


def pcm(audio: AudioFormat, samples: np.ndarray) -> NDArray[np.int16]:
    """Return the same request's `pcm_s16le`."""
    same = AudioFormat("pcm_s16le", audio.sample_rate, audio.speed, audio.fade, audio.peak_limit)
    return np.frombuffer(encode(same, [samples])[0], "<i2")


def chunks(samples: np.ndarray) -> list[np.ndarray]:
    return np.split(samples, range(1_920, len(samples), 1_920))


def complete(data: bytes, stream: AudioStream) -> bytes:
    return apply_patches(data, stream.make_patches())


@pytest.mark.parametrize("which", WANTED)
@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(max_examples=10)
@given(st.lists(st.integers(0, 9_000), max_size=12).map(sorted))
@example([1, 2, 3, 3, 1_152, 1_153, 8_999])
def test_the_bytes_are_the_same_however_it_is_cut(
    encoding: str, which: str, cuts: list[int]
) -> None:
    samples = speech()[20_000:29_000]
    audio = formatted(encoding, which)
    whole, one = encode(audio, [samples])
    made, many = encode(audio, np.split(samples, cuts))
    assert many.samples == one.samples
    assert many.make_patches() == one.make_patches()
    if encoding != "ogg_opus":
        assert made == whole
    else:  # its stream has a random number
        assert len(made) == len(whole)
        np.testing.assert_array_equal(libsndfile(made)[0], libsndfile(whole)[0])


@pytest.mark.parametrize("which", WANTED)
@pytest.mark.parametrize("encoding", CONTAINERS)
def test_others_decode_it_to_the_right_length_and_the_same_sound(encoding: str, which: str) -> None:
    audio = formatted(encoding, which)
    data, stream = encode(audio, chunks(speech()))
    expected = pcm(audio, speech())
    assert len(expected) == stream.samples
    decoders = {"ffmpeg": ffmpeg(data, stream.sample_rate)}
    if encoding == "flac":
        decoders["flac"] = flac(data)
    else:  # of a FLAC stream without a length, `soundfile` reads nothing
        decoders["soundfile"], rate = libsndfile(data)
        assert rate == stream.sample_rate
    for name, decoded in decoders.items():
        if encoding in LOSSLESS:
            np.testing.assert_array_equal(decoded, expected, err_msg=name)
        else:
            _sounds_like(encoding, decoded, expected)


def _sounds_like(encoding: str, decoded: np.ndarray, expected: np.ndarray) -> None:
    if encoding == "ogg_opus":
        assert len(decoded) == len(expected)
    else:
        assert len(decoded) % 576 == 0
        assert 0 <= len(decoded) - MP3_LEAD - len(expected) < 3 * 576
        decoded = decoded[MP3_LEAD:][: len(expected)]
    likeness = np.corrcoef(decoded.astype(np.float64), expected.astype(np.float64))[0, 1]
    assert likeness > 0.97


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("encoding", CONTAINERS)
def test_every_container_at_other_rates(encoding: str, rate: int) -> None:
    if (encoding, rate) == ("ogg_opus", 44_100):
        rate = 12_000
    audio = AudioFormat(encoding, rate)
    data, stream = encode(audio, chunks(speech()[20_000:44_000]))
    assert stream.samples == rate
    decoded, found = libsndfile(complete(data, stream))
    assert found == rate
    lead = {"mp3": MP3_LEAD}.get(encoding, 0)
    assert 0 <= len(decoded) - rate - lead < (2_304 if lead else 1)
    likeness = np.corrcoef(decoded[lead:][:rate], pcm(audio, speech()[20_000:44_000]))[0, 1]
    assert likeness > 0.97


@pytest.mark.parametrize("encoding", LOSSLESS)
def test_with_its_header_completed_it_is_an_ordinary_file(encoding: str) -> None:
    audio = AudioFormat(encoding)
    data, stream = encode(audio, chunks(speech()))
    whole = complete(data, stream)
    assert len(whole) == len(data)
    assert whole != data
    np.testing.assert_array_equal(libsndfile(whole)[0], pcm(audio, speech()))
    if encoding == "wav":
        with wave.open(io.BytesIO(whole)) as file:
            assert file.getnframes() == len(speech())
        assert int.from_bytes(whole[4:8], "little") == len(whole) - 8


def test_python_reads_a_wav_that_is_a_stream() -> None:
    data, _ = encode(AudioFormat("wav"), chunks(speech()))
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
        read = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    np.testing.assert_array_equal(read, pcm(AudioFormat("wav"), speech()))


@pytest.mark.parametrize(
    ("encoding", "longest"), [("wav", 5), ("flac", 50), ("mp3", 40), ("ogg_opus", 65)]
)
def test_bytes_come_as_soon_as_documented(encoding: str, longest: int) -> None:
    """docs/audio.md states the ms of audio between one piece of bytes and the next."""
    stream = AudioStream(AudioFormat(encoding, fade=False), RATE)
    last, gaps = 0, list[float]()
    for end in range(120, len(speech()), 120):
        made = stream.write(speech()[end - 120 : end])
        assert made.samples == 120
        # The headers of FLAC and Ogg arrive at once, and contain no audio.
        if made.data and not (end == 120 and encoding in ("flac", "ogg_opus")):
            gaps.append((end - last) / RATE * 1000)
            last = end
    assert len(gaps) > 20
    assert max(gaps) <= longest


@pytest.mark.parametrize("encoding", CONTAINERS)
def test_what_was_handed_out_is_not_kept(encoding: str) -> None:
    stream = AudioStream(AudioFormat(encoding), RATE)
    noise = np.random.default_rng(0).uniform(-1, 1, RATE).astype(np.float32)
    tracemalloc.start()
    try:
        held, size = list[int](), 0
        for _ in range(12):
            size += len(stream.write(noise).data)
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert size > 50_000
    assert held[-1] - held[3] < 5_000


@pytest.mark.parametrize("size", [0, 1, 2, 119, 241, 1_000])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_hardly_any_audio(encoding: str, size: int) -> None:
    samples = speech()[20_000 : 20_000 + size]
    data, stream = encode(AudioFormat(encoding), [samples])
    assert stream.samples == size
    if encoding in LOSSLESS and size:
        np.testing.assert_array_equal(
            libsndfile(complete(data, stream))[0], pcm(AudioFormat(encoding), samples)
        )
    elif encoding == "mp3" and size:
        assert len(libsndfile(data)[0]) >= MP3_LEAD + size
    elif encoding == "ogg_opus":
        assert data.startswith(b"OggS")


def test_samples_without_fades_are_the_models() -> None:
    made = samples_of(AudioFormat("pcm_f32le", fade=False), *chunks(speech()))
    assert made.tobytes() == speech().tobytes()


@pytest.mark.parametrize("encoding", ["mp3", "ogg_opus", "flac"])
def test_a_stream_that_is_dropped_makes_no_noise(encoding: str) -> None:
    """A cancelled request has no end."""
    stream = AudioStream(AudioFormat(encoding), RATE)
    stream.write(speech()[:5_000])
    del stream
