"""OpenAI's names of audio formats, and the sidecar's encodings."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from qwen_tts_cluster.doors.openai.errors import bad_request


class Format(NamedTuple):
    """An encoding of the sidecar, and the Content-Type of its files."""

    encoding: str
    content_type: str


_FORMATS = {
    "mp3": Format("mp3", "audio/mpeg"),
    "opus": Format("ogg_opus", "audio/ogg"),
    "flac": Format("flac", "audio/flac"),
    "wav": Format("wav", "audio/wav"),
    "pcm": Format("pcm_s16le", "audio/pcm"),  # 16 bits, one channel
}


def choose_format(wanted: Any) -> Format:
    """Return the format with a name of OpenAI's, by default mp3.

    Raises:
        HttpError: 400 `unsupported_format`.
    """
    name = "mp3" if wanted is None else wanted
    if isinstance(name, str) and name in _FORMATS:
        return _FORMATS[name]
    raise bad_request(
        f"response_format {json.dumps(wanted)} cannot be produced here; there are: "
        f"{', '.join(_FORMATS)}.",
        "response_format",
        "unsupported_format",
    )
