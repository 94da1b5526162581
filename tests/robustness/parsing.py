"""The sidecar's parser of frames, fed with a stream that is cut into pieces."""

from __future__ import annotations

from sidecar.wire.framing import HEAD_BYTES, FrameParser, FramingError, Oversized

Outcome = tuple[list[bytes | Oversized], bool]


def parsed(
    portions: list[bytes], max_header: int = 4096, max_body: int = 1 << 20, most: int = 1 << 30
) -> Outcome:
    """Return the bodies, and whether the stream could not be followed; no other error may occur."""
    parser, bodies = FrameParser(max_header, max_body, most), []
    try:
        for portion in portions:
            for body in parser.feed(portion):
                bodies.append(body)
                assert isinstance(body, Oversized) or len(body) <= max_body
            assert len(parser._buffer) <= max_header + max(max_body, HEAD_BYTES)
    except FramingError:
        return bodies, True
    return bodies, False


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    places = sorted(place % (len(stream) + 1) for place in places)
    return [stream[a:b] for a, b in zip([0, *places], [*places, len(stream)], strict=True)]
