"""The parts alone: framing, lines, captions, gate, channel, heartbeat, back-off, feed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any

import msgspec
import pytest

from client_tests.support import REPOSITORY, eventually
from qwen_tts_client import SidecarProtocolError, to_srt, to_vtt
from qwen_tts_client.backoff import Backoff
from qwen_tts_client.flow import Channel, FlowGate
from qwen_tts_client.framing import FrameReader, frame
from qwen_tts_client.heartbeat import Heartbeat
from qwen_tts_client.lines import MAX_LINE_CHARS, LineReader
from qwen_tts_client.protocol import SentenceProgress, WordsProgress
from qwen_tts_client.text_feed import Sentence, SpokenText, TextFeed

BODIES = [json.dumps(one).encode() for one in ({"a": "ä – 你好 🎧"}, {}, {"b": "x" * 5000})]
WIRE = b"".join(map(frame, BODIES))
# A source archive of this package has no file of cases: pytest skips the test then.
CASES = REPOSITORY / "clients" / "cases" / "captions.json"
CAPTIONS = json.loads(CASES.read_text("utf-8")) if CASES.exists() else []


@pytest.mark.parametrize("size", [1, 2, 3, 7, len(WIRE)])
def test_frames_may_be_cut_at_every_byte(size: int) -> None:
    reader = FrameReader()
    pieces = (WIRE[at : at + size] for at in range(0, len(WIRE), size))
    assert [body for piece in pieces for body in reader.push(piece)] == BODIES


def test_other_headers_are_accepted_in_any_case_and_order() -> None:
    data = b"content-type: x\r\nCONTENT-LENGTH :\t2 \r\nfoo: 1\r\n\r\n{}"
    assert FrameReader().push(data) == [b"{}"]


@pytest.mark.parametrize(
    "data",
    [
        b"Hello.\n",
        b"\n",
        b"Content-Length: 2\n\n{}",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        b"Content-Length: 99999999999\r\n\r\n",
        b"x" * 4096,
    ],
)
def test_anything_that_is_not_a_frame_is_refused_at_once(data: bytes) -> None:
    with pytest.raises(SidecarProtocolError):
        FrameReader().push(data)


def test_a_big_frame_in_small_pieces() -> None:
    body = b"A" * 40_000_000
    data, reader, bodies = frame(body), FrameReader(), list[bytes]()
    for at in range(0, len(data), 65_536):
        bodies += reader.push(data[at : at + 65_536])
    assert bodies == [body]


def lines_of(*pieces: bytes) -> list[str]:
    reader = LineReader()
    return [line for piece in pieces for line in reader.push(piece)] + reader.end()


def test_lines_end_with_a_line_feed_a_carriage_return_or_both() -> None:
    text = "one\n\ntwo\r\nthree\r 5 %\r\r 6 %\r\r\nlast – ä".encode()
    expected = ["one", "", "two", "three", " 5 %", " 6 %", "last – ä"]
    assert lines_of(text) == expected
    assert lines_of(*(text[i : i + 1] for i in range(len(text)))) == expected
    assert lines_of(b"\r 5 %", b"\r 6 %", b"\r") == [" 5 %", " 6 %"]
    assert lines_of(b"a\n") == ["a"]


def test_lines_without_an_end_are_cut() -> None:
    text = "x" + "😀" * MAX_LINE_CHARS
    reader = LineReader()
    first = reader.push(text.encode())
    assert first, "a line without an end is reported before its end"
    *pieces, end = first + reader.push(b"\nend\n")
    assert end == "end"
    assert "".join(pieces) == text
    assert max(map(len, pieces)) <= MAX_LINE_CHARS


@pytest.mark.parametrize("case", CAPTIONS, ids=[case["name"] for case in CAPTIONS])
def test_captions_are_those_of_the_typescript_client(case: dict[str, Any]) -> None:
    starts = accumulate((len(one["text"]) for one in case["sentences"]), initial=0)
    sentences = [
        Sentence(
            index,
            one["text"],
            start,
            start + len(one["text"]),
            one["startMs"],
            one.get("speaker"),
            case.get("isSsml", False),
        )
        for index, (one, start) in enumerate(zip(case["sentences"], starts, strict=False))
    ]
    words = msgspec.convert(case.get("words", []), list[WordsProgress])
    speech = (sentences, case["durationMs"])
    made = (to_srt(*speech, word_times=words), to_vtt(*speech, word_times=words))
    assert made == (case["srt"], case["vtt"])


def test_back_off_doubles_the_delay_and_ends_at_the_fifth_crash() -> None:
    backoff = Backoff()
    assert [backoff.crashed(t) for t in range(5)] == [0.2, 0.4, 0.8, 1.6, None]
    assert Backoff(False).crashed() is None
    patient = Backoff()
    assert None not in [patient.crashed(60.0 * minute) for minute in range(20)]


def test_the_gate_closes_over_its_limit_and_opens_for_any_waiting_call() -> None:
    states: list[bool] = []
    gate = FlowGate(10)
    gate.attach(states.append)
    gate.buffer(10)
    assert states == [False]
    gate.buffer(1)
    assert states == [False, True]
    with gate.waiting():
        assert states == [False, True, False]
    gate.buffer(-1)
    assert states == [False, True, False, True, False]


async def test_the_channel_returns_what_was_pushed_then_the_end_or_the_error() -> None:
    channel: Channel[int] = Channel()
    early = asyncio.ensure_future(channel.next())
    await asyncio.sleep(0)
    channel.push(1)
    channel.push(2)
    channel.end()
    channel.end(ValueError("too late"))
    assert [await early, await channel.next(), await channel.next()] == [1, 2, None]
    channel = Channel()
    channel.push(1)
    channel.end(ValueError("broken"))
    assert await channel.next() == 1
    for _ in range(2):
        with pytest.raises(ValueError, match="broken"):
            await channel.next()


class Watch:
    """A process that answers, one that does not, or one whose output is not read."""

    def __init__(self, answers: bool = False, listens: bool = True) -> None:
        self.pings = self.silent = self.looks = 0
        self._answers, self._listens = answers, listens
        self.heartbeat = Heartbeat(0.004, self)

    @property
    def is_listening(self) -> bool:
        self.looks += 1
        return self._listens

    def ping(self) -> None:
        self.pings += 1
        if self._answers:
            self.heartbeat.on_data()

    def on_silent(self) -> None:
        self.silent += 1
        self.heartbeat.stop()


async def test_the_heartbeat() -> None:
    async def until(watch: Watch, check: Callable[[], bool]) -> tuple[int, int]:
        await eventually(check, "it was looked at")
        watch.heartbeat.stop()
        return watch.pings, watch.silent

    well, deaf, unread = Watch(answers=True), Watch(), Watch(listens=False)
    assert (await until(well, lambda: well.pings > 20))[1] == 0
    assert await until(deaf, lambda: deaf.silent > 0) == (1, 1)
    assert deaf.looks == 5  # Four checks after the ping.
    assert await until(unread, lambda: unread.looks > 20) == (0, 0)


SCRIPTS = "Hi 😀 there. 你好。 \ud800 e\u0301 👩‍👧\udc00"


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
async def test_a_text_is_the_same_for_any_pieces_and_no_character_is_cut(size: int) -> None:
    units = SCRIPTS.encode("utf-16-le", "surrogatepass")
    pieces = [
        units[at : at + 2 * size].decode("utf-16-le", "surrogatepass")
        for at in range(0, len(units), 2 * size)
    ]
    sent: list[str] = []
    await TextFeed(pieces, SpokenText()).run(sent.append)
    assert "".join(sent) == "Hi 😀 there. 你好。 \ufffd e\u0301 👩‍👧\ufffd"
    assert all(sent)


async def test_the_feed_waits_while_the_voice_is_far_behind_and_continues_with_it() -> None:
    asked: list[str] = []
    released: list[bool] = []

    def pieces() -> Iterator[str]:
        try:
            while True:
                asked.append(f"{len(asked):100}")
                yield asked[-1]
        finally:
            released.append(True)

    text = SpokenText()
    feed = TextFeed(pieces(), text)
    running = asyncio.ensure_future(feed.run(lambda _: None))
    await eventually(lambda: text.waiting > 4000, "the window is full")
    assert len(asked) == 41
    text.take(SentenceProgress(index=0, text_start=0, text_end=1000, start_ms=0))
    feed.update()
    await eventually(lambda: text.waiting > 4000, "it is full again")
    assert len(asked) == 51
    running.cancel()
    await asyncio.wait([running])
    assert released


def test_the_text_is_divided_into_sentences() -> None:
    text = SpokenText()
    text.add("A 😀. ")
    mark = SentenceProgress(index=0, text_start=0, text_end=5, start_ms=0)
    assert text.take(mark) == Sentence(0, "A 😀. ", 0, 5, 0)
    text.add("👩‍👧")
    text.add("!")
    mark = SentenceProgress(index=1, text_start=5, text_end=9, start_ms=1)
    assert text.take(mark) == Sentence(1, "👩‍👧!", 5, 9, 1)
    assert text.waiting == 0
