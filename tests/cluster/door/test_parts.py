"""The parts of the doors, each alone."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import struct
import wave
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qwen_tts_cluster.access import KeyEntry, Keys, bearer
from qwen_tts_cluster.backends import Audio, Finished, Mark, VoiceInfo
from qwen_tts_cluster.backends.wav_reader import WavError, WavReader
from qwen_tts_cluster.doors.openai.aliases import Aliases, openai_voices
from qwen_tts_cluster.doors.openai.pacing import Pace
from qwen_tts_cluster.doors.openai.places import Utf16Places
from qwen_tts_cluster.errors import SettingsError, SpeechError
from qwen_tts_cluster.observing import Observer, Recorded, instruments, logs
from qwen_tts_cluster.settings import Access


class Clock:
    """A clock that a test moves; sleeping moves it, too."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@given(
    lead=st.floats(0.1, 20),
    chunks=st.lists(st.tuples(st.floats(0, 3), st.integers(1, 48000)), min_size=1, max_size=50),
)
def test_what_was_sent_is_never_further_ahead_than_allowed(
    lead: float, chunks: list[tuple[float, int]]
) -> None:
    clock = Clock()
    pace = Pace(lead, clock, clock.sleep)

    async def send() -> None:
        sent = late = 0.0
        for delay, samples in chunks:
            clock.now += delay
            before = clock.now
            await pace.wait(Audio(b"", samples, 24000))
            late += clock.now - before
            # One chunk more than the lead, since a chunk is not divided.
            assert sent <= (clock.now - chunks[0][0]) + lead + 1e-6
            sent += samples / 24000
        assert late <= sent, "it holds nothing back for longer than it plays"

    asyncio.run(send())


def test_a_player_that_waits_is_a_gap() -> None:
    clock, recorded = Clock(), Recorded()
    observer = Observer(recorded, clock)
    with observer.speech("openai", 5) as watch:
        for at, samples in [(0.5, 24000), (1.2, 24000), (4.0, 12000), (4.5, 12000)]:
            clock.now = at
            watch.heard(samples, 24000)
        watch.finished(0.3)
    assert (watch.gaps, watch.gap_seconds, watch.first_audio_seconds) == (1, 1.5, 0.5)
    assert recorded.value(instruments.GAP_SECONDS, door="openai") == 1.5
    assert recorded.value(instruments.REAL_TIME_FACTOR, door="openai") == 0.3
    assert recorded.value(instruments.REQUESTS, door="openai", outcome="ok") == 1


def test_openai_names_stand_for_voices_as_in_the_typescript_client() -> None:
    table = openai_voices([VoiceInfo("slt", "preset"), VoiceInfo("rms", "preset")])
    assert {table[name] for name in ("alloy", "nova", "shimmer")} == {"slt"}
    assert {table[name] for name in ("ash", "onyx", "verse")} == {"rms"}
    unknown = openai_voices([VoiceInfo("a", "saved"), VoiceInfo("b", "saved")])
    assert [unknown[name] for name in ("alloy", "coral", "ash", "ballad")] == ["a", "b", "a", "b"]
    kokoro = openai_voices([VoiceInfo("af_heart", "preset"), VoiceInfo("bm_george", "preset")])
    assert (kokoro["nova"], kokoro["onyx"]) == ("af_heart", "bm_george")
    assert openai_voices([]) == {}
    aliases = Aliases({"onyx": "ryan"}, {"tts-1": "small"})
    assert aliases.voice("ONYX", []) == "ryan"
    assert aliases.voice("alloy", [VoiceInfo("Alloy", "saved")]) == "alloy"
    assert aliases.voice("alloy", []) is None
    assert [aliases.model(n) for n in ("tts-1-1106", "tts-1-hd", "x")] == ["small", None, "x"]


def test_places_are_counted_as_javascript_counts() -> None:
    places = Utf16Places("a\N{GRINNING FACE}b\N{GRINNING FACE}")
    words = [{"word": "b", "textStart": 2, "textEnd": 3}, {"textStart": 4, "textEnd": 4}]
    mark = places.convert(Mark("words", {"sentence": 0, "words": words}))
    assert isinstance(mark, Mark)
    converted = mark.content["words"]
    assert [(w["textStart"], w["textEnd"]) for w in converted] == [(3, 4), (6, 6)]
    end = places.convert(Finished("stop", 1, 2, content={"sentences": [{"textEnd": 4}]}))
    assert isinstance(end, Finished)
    assert end.content == {"sentences": [{"textEnd": 6}]}


def wav(samples: bytes, *, length: int | None = None, rate: int = 24000) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, rate, 0, "NONE", ""))
        writer.writeframes(samples)
    data = bytearray(file.getvalue())
    if length is not None:
        data[40:44] = struct.pack("<I", length)
    return bytes(data)


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=4), st.data())
def test_wav_files_that_arrive_in_pieces(parts: list[bytes], data: st.DataObject) -> None:
    parts = [part[: len(part) & ~1] + b"\0\0" for part in parts]
    stream = b"".join(map(wav, parts))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    reader, read = WavReader(), b""
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        read += reader.feed(stream[start:end])
    reader.finish()
    assert (read, reader.sample_rate) == (b"".join(parts), 24000)


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF, 0x7FFFFFFF])
def test_wav_whose_length_is_unknown(length: int) -> None:
    reader = WavReader()
    assert reader.feed(wav(b"RIFFabcd", length=length)) == b"RIFFabcd"
    reader.finish()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        wav(b"abcd", length=8),
        b"ID3" + bytes(60),
        b"RIFF\0\0\0\0AVI LIST",
        b'{"error": "no"}',
        wav(b"ab") + wav(b"cd", rate=48000),
    ],
)
def test_what_is_no_wav(content: bytes) -> None:
    reader = WavReader()

    def read() -> None:
        reader.feed(content)
        reader.finish()

    with pytest.raises(WavError):
        read()


def test_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "keys.yaml"
    file.write_text("- {name: web, key: s3cret, streams: 1}\n- {name: app, key: other}\n")
    keys = Keys.read(Access(keys_file=str(file)))
    names = [key and key.name for key in map(keys.find, ["s3cret", "other", "s3cre", "", None])]
    assert names == ["web", "app", None, None, None]
    assert [bearer(h) for h in ("Bearer a", "bearer  a ", "Basic a", "Bearer", None)] == [
        "a",
        "a",
        None,
        None,
        None,
    ]
    for content in (
        "[]",
        "{",
        "- {name: a}",
        "- {name: a, key: k}\n- {name: b, key: k}",
        "- s3cret",
    ):
        file.write_text(content)
        with pytest.raises(SettingsError) as caught:
            Keys.read(Access(keys_file=str(file)))
        assert "s3cret" not in str(caught.value)
    monkeypatch.delenv("QWEN_TTS_CLUSTER_KEY")
    with pytest.raises(SettingsError, match="QWEN_TTS_CLUSTER_KEY"):
        Keys.read(Access())


def test_limits_of_a_key() -> None:
    entry = KeyEntry(
        name="web", key="k", streams=1, requests_per_minute=3, characters_per_minute=100
    )

    async def ask(characters: int) -> None:
        key = keys.find("k")
        assert key is not None
        async with key.admit(characters):
            with pytest.raises(SpeechError, match="1 speeches at a time"):
                async with key.admit(1):
                    raise AssertionError("it was let in")

    async def run() -> None:
        await ask(90)
        with pytest.raises(SpeechError, match="100 characters in a minute") as caught:
            await ask(20)
        assert (caught.value.type, 0 < caught.value.retry_after <= 120) == ("rateLimited", True)
        with pytest.raises(SpeechError) as caught:
            await ask(101)
        assert caught.value.type == "textTooLong"
        with pytest.raises(SpeechError, match="3 requests in a minute"):
            await ask(1)

    keys = Keys([entry])
    asyncio.run(run())


def test_the_log_is_json() -> None:
    record = logging.LogRecord("x", logging.INFO, "f", 1, "request %s", ("a",), None)
    record.log_fields = {"requestId": "r", "model": None}
    line = json.loads(logs.JsonFormatter().format(record))
    assert (line["message"], line["level"], line["requestId"]) == ("request a", "info", "r")
    assert "model" not in line
