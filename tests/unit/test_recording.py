from __future__ import annotations

import contextlib
import hashlib
import io
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import numpy as np
import pytest
import soundfile

from sidecar.audio import decode, reference, sources
from sidecar.errors import BadReferenceAudio, ReferenceTooLong
from tests.support.sounds import RATE, encoded, tone


def read(samples: np.ndarray, text: str | None = None, rate: int = RATE) -> reference.Recording:
    return reference.read(None, encoded(samples, rate), text)


def types(found: reference.Recording) -> list[str]:
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
    found = reference.read(str(path), None).samples
    expected = tone(4, RATE, 0.2)
    assert found.dtype == np.float32
    assert abs(len(found) - len(expected)) <= 1
    assert np.abs(found[200:-200] - expected[200 : len(found) - 200]).max() < 1e-3


@pytest.mark.parametrize(
    ("data", "type", "reason"),
    [
        (b"", "badReferenceAudio", "is empty"),
        (b"not audio at all", "badReferenceAudio", "cannot be read"),
        (encoded(np.zeros(0, np.float32)), "referenceTooShort", "only 0.00 s"),
        (encoded(tone(0.99)), "referenceTooShort", "only 0.99 s"),
        (encoded(tone(61, 8000), 8000), "referenceTooLong", r"61\.0 s"),
        (encoded(np.full(RATE, np.nan, np.float32)), "badReferenceAudio", "NaN"),
        (encoded(np.zeros(2 * RATE, np.float32)), "referenceSilent", "is silent"),
        (encoded(tone(2, level=0.0003)), "referenceSilent", "is silent"),
        (encoded(np.stack([tone(2), -tone(2)], 1)), "referenceSilent", "is silent"),
        (encoded(0.1 + tone(2, level=0.0003)), "referenceSilent", "is silent"),
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
        reference.read(None, data)
    assert caught.value.type == type
    assert caught.value.code == 1005
    assert caught.value.field == "reference.audio"


def test_a_missing_file_is_a_bad_reference(tmp_path: Path) -> None:
    with pytest.raises(BadReferenceAudio, match="cannot be read") as caught:
        reference.read(str(tmp_path / "nowhere.wav"), None)
    assert caught.value.field == "reference.path"


def test_the_hash_is_of_the_file_whichever_way_it_comes(tmp_path: Path) -> None:
    data = encoded(tone(2))
    (tmp_path / "a").write_bytes(data)
    found = reference.read(str(tmp_path / "a"), None, " Said. ", False)
    assert found.source == hashlib.sha256(data).hexdigest()
    assert reference.read(None, data).source == found.source
    assert reference.read(None, data + b"\0").source != found.source
    assert (found.text, found.append_silence, found.field) == ("Said.", False, "reference.path")


def test_what_is_hashed_is_what_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that another program changes meanwhile is opened once, and read once."""
    path = tmp_path / "a.wav"
    path.write_bytes(data := encoded(tone(2)))
    opened: list[str] = []
    true_open = sources.open_regular

    def changing(name: str, most: int) -> BinaryIO:
        opened.append(name)
        return true_open(name, most)

    def mixed(file: soundfile.SoundFile, most: int) -> Any:
        path.write_bytes(encoded(tone(3)))  # in the same place, between hash and decoder
        return true_mixed(file, most)

    true_mixed = decode._mix
    monkeypatch.setattr(sources, "open_regular", changing)
    monkeypatch.setattr(decode, "_mix", mixed)
    found = reference.read(str(path), None)
    assert opened == [str(path)]
    assert found.source == hashlib.sha256(data).hexdigest()
    assert len(found.samples) == 2 * RATE


@pytest.mark.parametrize("good", [True, False])
def test_a_file_has_its_turn_until_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good: bool
) -> None:
    """The limit on recordings in memory is on their bytes; opening a file may take for ever."""
    path = tmp_path / "a.wav"
    path.write_bytes(encoded(tone(2)))
    turn = threading.BoundedSemaphore(1)
    busy: list[tuple[str, bool]] = []

    def spied(module: ModuleType, name: str) -> None:
        true = getattr(module, name)

        def spy(*given: Any) -> Any:
            free = turn.acquire(blocking=False)
            if free:
                turn.release()
            busy.append((name, not free))
            if name == "_mix" and not good:
                raise OSError("broken")
            return true(*given)

        monkeypatch.setattr(module, name, spy)

    monkeypatch.setattr(sources, "_OPEN_FILES", turn)
    spied(sources, "open_regular")
    spied(decode, "_mix")
    with contextlib.nullcontext() if good else pytest.raises(BadReferenceAudio):
        reference.read(str(path), None)
    assert busy == [("open_regular", False), ("_mix", True)]
    assert turn.acquire(blocking=False)


@pytest.mark.parametrize("most", [2.0, 60.0, 300.0])
def test_the_longest_is_what_the_option_says(most: float) -> None:
    reference.read(None, encoded(tone(most, 8000), 8000), max_seconds=most)
    with pytest.raises(ReferenceTooLong, match=f"at most {most:g} s") as caught:
        reference.read(None, encoded(tone(most + 0.1, 8000), 8000), max_seconds=most)
    assert caught.value.hint
    assert "--max-reference-seconds" in caught.value.hint


def clipped(format: str, subtype: str) -> Callable[[], reference.Recording]:
    """Return a loud voice, clipped at full scale and stored in some format."""
    sound = np.clip(tone(4, level=2.0), -1, 1)
    return lambda: reference.read(None, encoded(sound, RATE, format, subtype))


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: read(tone(4)), []),
        (lambda: read(tone(2)), ["referenceShort"]),
        (lambda: read(tone(31, 8000), rate=8000), ["referenceLong"]),
        (lambda: read(tone(4, level=0.005)), ["referenceQuiet"]),
        (lambda: read(0.1 + tone(4, level=0.005)), ["referenceQuiet"]),
        (lambda: read(0.1 + tone(4)), []),
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
def test_what_is_noticed(make: Callable[[], reference.Recording], expected: list[str]) -> None:
    assert types(make()) == expected


@pytest.mark.parametrize("kind", ["WAV", "FLAC"])
def test_a_file_that_grows_is_read_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Another program records into it: it grows after it was opened, and while it is decoded."""
    whole = io.BytesIO()
    soundfile.write(whole, tone(4), RATE, format=kind, subtype="PCM_16")
    path = tmp_path / "a"
    path.write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    stop = threading.Event()

    def record() -> None:
        with path.open("ab") as file:
            while not stop.is_set():
                file.write(b"\0" * 4096)
                file.flush()

    true_open = sources.open_regular

    def opening(name: str, most: int) -> BinaryIO:
        file = true_open(name, most)
        recorder.start()
        return file

    recorder = threading.Thread(target=record)
    monkeypatch.setattr(sources, "open_regular", opening)
    monkeypatch.setattr(sources, "MAX_FILE_BYTES", 2**20)
    try:
        found = reference.read(str(path), None)
    except BadReferenceAudio:  # what comes after the first half is no FLAC
        assert kind == "FLAC"
    else:
        assert RATE < len(found.samples) <= 4 * RATE
    finally:
        stop.set()
        recorder.join()
