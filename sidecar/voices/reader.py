"""Reads the audio that voices are cloned from."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from sidecar.audio import sources
from sidecar.limits import CODEC_FRAMES_PER_SECOND, MAX_REFERENCE_SECONDS
from sidecar.models.base import ReferenceAudio

if TYPE_CHECKING:
    from sidecar.audio.reference import Recording


class ReferenceReader(msgspec.Struct, frozen=True):
    """Reads reference audio up to a limit, which also holds for recordings in saved voices.

    Attributes:
        max_seconds: the longest recording that is accepted.
    """

    max_seconds: float = MAX_REFERENCE_SECONDS

    @property
    def max_frames(self) -> int:
        """How many codec frames a recording may have, with the silence after it."""
        return int(CODEC_FRAMES_PER_SECOND * (self.max_seconds + 1)) + 1

    def read(self, audio: ReferenceAudio, check: Callable[[], None] = lambda: None) -> Recording:
        """Decode a recording; on any thread but the engine's, since that waits for a disk.

        Args:
            check: see `audio.reference.read`, which also lists the errors.

        Raises:
            InvalidParams: what came in base64 is none.
        """
        from sidecar.audio import reference  # numpy and libsndfile: the handshake does without

        data = audio.data
        if audio.encoded is not None:
            with sources.take_turn(sources.COMPUTING, check):
                data = sources.decode_base64(audio.encoded)
        return reference.read(
            audio.path,
            data,
            audio.text,
            audio.append_silence,
            max_seconds=self.max_seconds,
            check=check,
        )
