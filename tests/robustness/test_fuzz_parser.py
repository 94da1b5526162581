"""The parser, in this process, against every possible error in a stream.

`tests.robustness.fuzz` does the same to a real process, with a million frames.
"""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.wire.framing import HEAD_BYTES, FrameParser, FramingError, Oversized, encode_frame
from tests.robustness import headers, mutations
from tests.robustness.parsing import cut, parsed

seeds = st.integers(0, 2**32 - 1)
VECTORS = mutations.vector_bodies()


@given(seeds, st.lists(st.integers(0, 10_000), max_size=12))
@settings(max_examples=200)
def test_a_bent_stream_is_read_as_the_protocol_says(seed: int, places: list[int]) -> None:
    stream = headers.bent_stream(Random(seed))
    followed = headers.follow(stream)
    bodies, failed = parsed(cut(stream, places))
    assert bodies == followed.bodies
    assert (FramingError.EXIT_CODE if failed else 0) in followed.codes


def as_frames(bodies: list[bytes], max_body: int) -> list[bytes | Oversized]:
    return [
        body if len(body) <= max_body else Oversized(len(body), body[:HEAD_BYTES])
        for body in bodies
    ]


sizes = st.sampled_from([0, 1, 63, 64, 65, 4095, 4096, 4097, 9000]) | st.integers(0, 10_000)


@given(st.lists(sizes, max_size=6), st.lists(st.integers(0, 60_000), max_size=12), st.booleans())
@settings(max_examples=200)
def test_a_body_over_the_limit_is_one_item_however_it_is_cut(
    lengths: list[int], places: list[int], cut_short: bool
) -> None:
    bodies = [bytes(65 + place % 26 for place in range(length)) for length in lengths]
    stream = b"".join(encode_frame(body) for body in bodies)
    if cut_short:
        stream = stream[: len(stream) * 2 // 3]
    followed = headers.follow(stream, max_discard=9500)
    outcome = parsed(cut(stream, places), max_body=64, most=9500)
    assert outcome == (as_frames(followed.bodies, 64), followed.codes == (76,))
    assert parsed([bytes([byte]) for byte in stream], max_body=64, most=9500) == outcome


header_bits = st.sampled_from([
    b"Content-Length", b"content-length", b":", b" ", b"\t", b"\r\n", b"\n", b"\r", b"\r\n\r\n",
    b"0", b"3", b"12", b"30", b"-", b"{}", b"X-A", b"\xff", b"Content-Length: 2\r\n\r\n{}",
])  # fmt: skip


@given(st.lists(header_bits, max_size=14).map(b"".join), st.lists(st.integers(0, 99), max_size=9))
@settings(max_examples=200)
def test_portions_change_nothing(stream: bytes, places: list[int]) -> None:
    whole = parsed([stream], 48, 8, 40)
    assert parsed(cut(stream, places), 48, 8, 40) == whole
    assert parsed([bytes([byte]) for byte in stream], 48, 8, 40) == whole


def test_every_cut_and_every_end() -> None:
    bodies = [b"{}", b"", "ä".encode(), b"Content-Length: 2\r\n\r\n{}"]
    random = Random(1)
    frames = [mutations.framed(random, body) for body in bodies]
    stream = b"".join(frames)
    edges = {sum(map(len, frames[:count])) for count in range(len(frames) + 1)}
    for place in range(len(stream) + 1):
        assert parsed([stream[:place], stream[place:]]) == (bodies, False)
        parser = FrameParser()
        done = list(parser.feed(stream[:place]))
        assert done == bodies[: len(done)]
        assert parser.at_boundary == (place in edges)
