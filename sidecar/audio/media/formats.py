"""Recognise a file's format by its first bytes, among those that libsndfile does not read."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec


class MediaFormat(msgspec.Struct, frozen=True):
    """A file format that another program decodes.

    Attributes:
        name: its name in messages, with the article.
        suffix: the usual suffix of the file name; macOS' decoder depends on it.
        demuxer: FFmpeg's name for it. FFmpeg gets it as an option, so that it never treats a file
            as a playlist, which could name other files and addresses.
        apple: whether macOS' decoder reads it.
    """

    name: str
    suffix: str
    demuxer: str
    apple: bool = False


# The bytes at the beginning of a file that are looked at.
_HEAD = 4096
_TS_PACKET = 188
# The encodings of a CAF file that libsndfile reads.
_CAF_KNOWN = (b"lpcm", b"alac", b"ulaw", b"alaw")


def _starts(*marks: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(marks)


def _is_mpeg4(head: bytes) -> bool:
    """Return whether the first box is one that such a file may begin with.

    The oldest files have no `ftyp`.
    """
    return head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")


def _is_adts(head: bytes) -> bool:
    """Return whether there is a syncword with layer 0, unlike MP3's; an ID3 tag may come first."""
    at = 0
    if head.startswith(b"ID3") and len(head) > 10:
        a, b, c, d = head[6:10]
        at = 10 + (a << 21 | b << 14 | c << 7 | d)
    return len(head) > at + 1 and head[at] == 0xFF and head[at + 1] & 0xF6 == 0xF0


def _is_transport_stream(head: bytes) -> bool:
    return len(head) > 2 * _TS_PACKET and all(head[at] == 0x47 for at in (0, _TS_PACKET))


_FORMATS: tuple[tuple[MediaFormat, Callable[[bytes], bool]], ...] = (
    (
        MediaFormat("an MPEG-4 or QuickTime file (m4a, mp4, mov, 3gp)", ".m4a", "mov", True),
        _is_mpeg4,
    ),
    (MediaFormat("a Matroska file (webm, mkv)", ".webm", "matroska"), _starts(b"\x1a\x45\xdf\xa3")),
    (MediaFormat("an AAC file", ".aac", "aac", True), _is_adts),
    (
        MediaFormat("a Windows Media file (wma, asf)", ".wma", "asf"),
        _starts(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    ),
    (MediaFormat("an AMR file", ".amr", "amr", True), _starts(b"#!AMR")),
    (
        MediaFormat("a Core Audio file (caf) with compressed sound", ".caf", "caf", True),
        lambda head: head.startswith(b"caff") and head[28:32] not in _CAF_KNOWN,
    ),
    (
        MediaFormat("an AVI file", ".avi", "avi"),
        lambda head: head.startswith(b"RIFF") and head[8:12] == b"AVI ",
    ),
    (MediaFormat("a Flash video (flv)", ".flv", "flv"), _starts(b"FLV\x01")),
    (
        MediaFormat("an MPEG program stream (mpg, vob)", ".mpg", "mpeg"),
        _starts(b"\x00\x00\x01\xba"),
    ),
    (MediaFormat("an MPEG transport stream (ts)", ".ts", "mpegts"), _is_transport_stream),
    (MediaFormat("an AC-3 file", ".ac3", "ac3", True), _starts(b"\x0b\x77")),
    (MediaFormat("a WavPack file", ".wv", "wv"), _starts(b"wvpk")),
    (MediaFormat("a Monkey's Audio file (ape)", ".ape", "ape"), _starts(b"MAC ")),
    (MediaFormat("a True Audio file (tta)", ".tta", "tta"), _starts(b"TTA1")),
)
# Other files that are sent by mistake.
_OTHERS = (
    (
        re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:#EXTM3U|\[playlist\]|ffconcat )", re.IGNORECASE),
        "a playlist",
    ),
    (re.compile(rb"\s*<(?:!doctype html|html)", re.IGNORECASE), "a web page"),
    (re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8"), "a picture"),
    (re.compile(rb"%PDF-"), "a PDF document"),
    (re.compile(rb"PK\x03\x04"), "a ZIP archive"),
    (re.compile(rb"MThd"), "a MIDI file, which has notes but no sound"),
)


def detect_format(whole: bytes) -> MediaFormat | None:
    """Return a file's format; None if libsndfile may read it, or if it is unknown."""
    head = whole[:_HEAD]
    return next((form for form, fits in _FORMATS if fits(head)), None)


def describe_other(whole: bytes) -> str | None:
    """Return in words what a file is instead of a sound file; None if that is not recognised."""
    head = whole[:_HEAD]
    return next((what for mark, what in _OTHERS if mark.match(head)), None)
