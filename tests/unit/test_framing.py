from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.wire.framing import FrameParser, FramingError, Oversized, encode_frame

bodies = st.lists(st.binary(max_size=200), max_size=6)


@given(bodies, st.data())
def test_frames_survive_any_split(frames: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(encode_frame(body) for body in frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    parser = FrameParser()
    seen: list[bytes | Oversized] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        seen += parser.feed(stream[start:end])
    assert seen == frames
    assert parser.at_boundary


def test_frames_survive_single_bytes() -> None:
    parser = FrameParser()
    seen = [body for byte in encode_frame(b"{}") * 3 for body in parser.feed(bytes([byte]))]
    assert seen == [b"{}"] * 3


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: 2",
        b"content-length:2",
        b"CONTENT-LENGTH:   2  ",
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2",
        b"Content-Length: 2\r\nX-Anything: at all: really",
        b"Content-Length: 0000002",
    ],
)
def test_headers_that_are_accepted(header: bytes) -> None:
    assert list(FrameParser().feed(header + b"\r\n\r\n{}")) == [b"{}"]


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (b"Content-Length: -1\r\n\r\n", "not a number"),
        (b"Content-Length: 2x\r\n\r\n", "not a number"),
        (b"Content-Length: \r\n\r\n", "not a number"),
        (b"Content-Length: 0x10\r\n\r\n", "not a number"),
        ("Content-Length: ٢\r\n\r\n".encode(), "not a number"),
        (b"Content-Length: 99999999999999999999\r\n\r\n", "not a number"),
        (b"Content-Length: 99999999999\r\n\r\n", "over the limit"),
        (b"Content-Type: text/plain\r\n\r\n", "no Content-Length"),
        (b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", "two Content-Length"),
        (b"no colon here\r\n\r\n", "malformed"),
        (b'{"jsonrpc": "2.0"}\n', "expected a 'Content-Length: N' header"),
        (b"\r\n\r\n", "malformed"),
        (b"Content-Length: 2\n\n{}", "CR LF"),
        (b"hello\r\n", "malformed"),
        (b"9: 1\r\n", "expected a"),
        (b"X" * 5000, "header longer than"),
        (b"X: " + b"y" * 5000 + b"\r\n\r\n", "header longer than"),
    ],
)
def test_streams_that_cannot_be_followed(stream: bytes, reason: str) -> None:
    with pytest.raises(FramingError, match=reason):
        list(FrameParser().feed(stream))


def test_a_body_over_the_limit_is_read_past_and_the_next_frame_is_read() -> None:
    parser = FrameParser(max_body=10, max_discard=5000)
    long = encode_frame(b"ab" * 2500)
    assert list(parser.feed(encode_frame(b"0123456789") + long[:3000])) == [b"0123456789"]
    assert not parser.at_boundary
    kept = Oversized(5000, (b"ab" * 2500)[:4096])
    assert list(parser.feed(long[3000:] + encode_frame(b"{}"))) == [kept, b"{}"]
    assert parser.at_boundary


def test_little_of_a_body_over_the_limit_is_kept() -> None:
    parser = FrameParser()
    megabyte = bytes(2**20)
    list(parser.feed(b"Content-Length: %d\r\n\r\n" % (200 * len(megabyte))))
    tracemalloc.start()
    seen = [frame for _ in range(200) for frame in parser.feed(megabyte)]
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seen == [Oversized(200 * len(megabyte), bytes(4096))]
    assert most < 3 * len(megabyte)


def test_a_body_too_long_to_read_past_is_refused_by_its_header() -> None:
    with pytest.raises(FramingError, match=r"over the limit of 10 .* up to 20"):
        list(FrameParser(max_body=10, max_discard=20).feed(b"Content-Length: 21\r\n\r\n"))


def test_frames_before_a_broken_one_are_delivered() -> None:
    parser = FrameParser()
    stream = parser.feed(encode_frame(b"{}") + b"Content-Length: no\r\n\r\n")
    assert next(stream) == b"{}"
    with pytest.raises(FramingError):
        next(stream)


@given(st.binary(max_size=300))
def test_garbage_never_breaks_the_parser_otherwise(garbage: bytes) -> None:
    parser = FrameParser(max_header=64, max_body=64)
    try:
        for body in parser.feed(garbage):
            assert isinstance(body, Oversized) or len(body) <= 64
    except FramingError:
        pass
