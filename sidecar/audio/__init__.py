"""float32 samples → encodings. `formats` is light; everything else waits for its first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sidecar.audio.pcm import ENCODERS as ENCODERS
    from sidecar.audio.pcm import pcm_f32le as pcm_f32le
    from sidecar.audio.pcm import pcm_s16le as pcm_s16le


def __getattr__(name: str) -> Any:
    if name not in ("ENCODERS", "pcm_f32le", "pcm_s16le"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sidecar.audio import pcm  # numpy, which the handshake must not wait for

    return getattr(pcm, name)
