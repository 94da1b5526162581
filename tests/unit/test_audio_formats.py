from __future__ import annotations

import math
import sys

import pytest

from sidecar.audio import formats
from sidecar.audio.formats import ENCODINGS, AudioFormat, check, choose_rate
from sidecar.audio.stream import AudioStream
from sidecar.errors import InvalidParams, SidecarError, UnknownEncoding, Unsupported


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_takes_the_rates_it_is_said_to(encoding: str) -> None:
    known = formats.RATES.get(encoding, (8_000, 8_001, 22_050, 47_999, 48_000))
    for rate in known:
        check(AudioFormat(encoding, sample_rate=rate))
        assert AudioStream(AudioFormat(encoding, sample_rate=rate), 24_000).sample_rate == rate


@pytest.mark.parametrize(
    ("audio", "error", "field", "said"),
    [
        (AudioFormat("aac"), UnknownEncoding, "encoding", "ogg_opus"),
        (AudioFormat(sample_rate=7_999), InvalidParams, "sampleRate", "8000 to 48000"),
        (AudioFormat(sample_rate=48_001), InvalidParams, "sampleRate", "8000 to 48000"),
        (AudioFormat("ogg_opus", 44_100), InvalidParams, "sampleRate", "16000, 24000, 48000"),
        (AudioFormat("mp3", 40_000), InvalidParams, "sampleRate", "32000, 44100, 48000"),
        (AudioFormat(speed=0.49), InvalidParams, "speed", "0.5 to 2"),
        (AudioFormat(speed=2.01), InvalidParams, "speed", "0.5 to 2"),
        (AudioFormat(speed=math.nan), InvalidParams, "speed", "nan"),
        (AudioFormat(peak_limit=0.1), InvalidParams, "peakLimit", "-40.0 to 0.0"),
        (AudioFormat(peak_limit=-math.inf), InvalidParams, "peakLimit", "-40.0 to 0.0"),
        (AudioFormat(peak_limit=math.nan), InvalidParams, "peakLimit", "nan"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    audio: AudioFormat, error: type[SidecarError], field: str, said: str
) -> None:
    for refuse in (check, lambda audio: AudioStream(audio, 24_000)):
        with pytest.raises(error) as raised:
            refuse(audio)
        assert type(raised.value) is error
        assert raised.value.field == field
        assert said in f"{raised.value.message} {raised.value.hint}"


def test_speed_without_its_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "libsonic", None)  # what an import of it then finds
    monkeypatch.setattr(formats, "find_spec", lambda name: None)
    with pytest.raises(Unsupported, match="libsonic") as raised:
        check(AudioFormat(speed=1.5))
    assert raised.value.field == "speed"
    assert "libsonic" in (raised.value.hint or "")
    check(AudioFormat(speed=1.0))
    AudioStream(AudioFormat(speed=1.0), 24_000)


def test_a_speed_library_that_does_not_load_is_one_that_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "libsonic", None)
    monkeypatch.setattr(formats, "find_spec", lambda name: object())
    with pytest.raises(Unsupported, match="libsonic"):
        AudioStream(AudioFormat(speed=1.5), 24_000)


def test_a_model_rate_the_encoding_does_not_know_becomes_the_next_one_up() -> None:
    assert choose_rate(AudioFormat("ogg_opus"), 22_050) == 24_000
    assert choose_rate(AudioFormat("ogg_opus"), 96_000) == 48_000
    assert choose_rate(AudioFormat("mp3"), 22_050) == 22_050
    assert choose_rate(AudioFormat("flac"), 22_051) == 22_051
    assert choose_rate(AudioFormat("ogg_opus", sample_rate=8_000), 22_050) == 8_000
