"""What a file is, by its first bytes: the formats that libsndfile does not read."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec


class Kind(msgspec.Struct, frozen=True):
    """A format.

    Attributes:
        name: for people, with its article.
        suffix: the usual end of a file's name; macOS' decoder looks at it.
        demuxer: FFmpeg's name for it. It is forced, so that nothing inside a file can have it
            taken for a playlist, which would name other files and addresses.
        apple: whether macOS' decoder knows it.
    """

    name: str
    suffix: str
    demuxer: str
    apple: bool = False


# Of a file, to know what it is.
_HEAD = 4096
_TS_PACKET = 188
# What libsndfile itself reads in a CAF file.
_CAF_KNOWN = (b"lpcm", b"alac", b"ulaw", b"alaw")


def _starts(*marks: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(marks)


def _is_mpeg4(head: bytes) -> bool:
    """The first box is one of those that a file may begin with; the oldest have no `ftyp`."""
    return head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")


def _is_adts(head: bytes) -> bool:
    """The syncword, and layer 0, which tells it from MP3; behind a tag, if there is one."""
    at = 0
    if head.startswith(b"ID3") and len(head) > 10:
        a, b, c, d = head[6:10]
        at = 10 + (a << 21 | b << 14 | c << 7 | d)
    return len(head) > at + 1 and head[at] == 0xFF and head[at + 1] & 0xF6 == 0xF0


def _is_transport_stream(head: bytes) -> bool:
    return len(head) > 2 * _TS_PACKET and all(head[at] == 0x47 for at in (0, _TS_PACKET))


_KINDS: tuple[tuple[Kind, Callable[[bytes], bool]], ...] = (
    (Kind("an MPEG-4 or QuickTime file (m4a, mp4, mov, 3gp)", ".m4a", "mov", True), _is_mpeg4),
    (Kind("a Matroska file (webm, mkv)", ".webm", "matroska"), _starts(b"\x1a\x45\xdf\xa3")),
    (Kind("an AAC file", ".aac", "aac", True), _is_adts),
    (
        Kind("a Windows Media file (wma, asf)", ".wma", "asf"),
        _starts(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    ),
    (Kind("an AMR file", ".amr", "amr", True), _starts(b"#!AMR")),
    (
        Kind("a Core Audio file (caf) with compressed sound", ".caf", "caf", True),
        lambda head: head.startswith(b"caff") and head[28:32] not in _CAF_KNOWN,
    ),
    (
        Kind("an AVI file", ".avi", "avi"),
        lambda head: head.startswith(b"RIFF") and head[8:12] == b"AVI ",
    ),
    (Kind("a Flash video (flv)", ".flv", "flv"), _starts(b"FLV\x01")),
    (Kind("an MPEG program stream (mpg, vob)", ".mpg", "mpeg"), _starts(b"\x00\x00\x01\xba")),
    (Kind("an MPEG transport stream (ts)", ".ts", "mpegts"), _is_transport_stream),
    (Kind("an AC-3 file", ".ac3", "ac3", True), _starts(b"\x0b\x77")),
    (Kind("a WavPack file", ".wv", "wv"), _starts(b"wvpk")),
    (Kind("a Monkey's Audio file (ape)", ".ape", "ape"), _starts(b"MAC ")),
    (Kind("a True Audio file (tta)", ".tta", "tta"), _starts(b"TTA1")),
)
# What else is sent by mistake.
_OTHERS = (
    (
        re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:#EXTM3U|\[playlist\]|ffconcat )", re.IGNORECASE),
        "a playlist",
    ),
    (re.compile(rb"\s*<(?:!doctype html|html)", re.IGNORECASE), "a web page"),
    (re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8"), "a picture"),
    (re.compile(rb"%PDF-"), "a PDF document"),
    (re.compile(rb"PK\x03\x04"), "a ZIP archive"),
    (re.compile(rb"MThd"), "a MIDI file, which holds notes and no sound"),
)


def kind_of(whole: bytes) -> Kind | None:
    """Return what a file is; None for what libsndfile may read, and for the unknown."""
    head = whole[:_HEAD]
    return next((kind for kind, fits in _KINDS if fits(head)), None)


def no_sound(whole: bytes) -> str | None:
    """Return in words what a file is that holds no sound; None where it is not recognised."""
    head = whole[:_HEAD]
    return next((what for mark, what in _OTHERS if mark.match(head)), None)
