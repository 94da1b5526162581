"""Places in a text, as JavaScript counts them."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, cast

import msgspec

from qwen_tts_cluster.backends import Audio, SpeechEvent

_PLACES = ("textStart", "textEnd")


class Utf16Places:
    """Counts in UTF-16 code units, as this door's twin in TypeScript does.

    Args:
        text: the text that the places are in.
    """

    def __init__(self, text: str) -> None:
        self._pairs = [at for at, character in enumerate(text) if character > "\uffff"]

    def convert(self, event: SpeechEvent) -> SpeechEvent:
        """Return an event whose places, in code points, are in UTF-16 code units."""
        if isinstance(event, Audio):
            return event
        return msgspec.structs.replace(event, content=self._converted(event.content))

    def _converted(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._converted(part) for part in cast(list[Any], value)]
        if not isinstance(value, dict):
            return value
        return {
            name: self._units(part) if name in _PLACES else self._converted(part)
            for name, part in cast(dict[str, Any], value).items()
        }

    def _units(self, at: int) -> int:
        return at + bisect_left(self._pairs, at)
