"""mlx-audio's own `generate` for Qwen3-TTS, to compare with. Whoever calls this has imported MLX by
`backend.prepare`, or has not, to have mlx-audio as it comes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

# mlx-audio has one interval for all chunks; this is the shortest that its users set.
INTERVAL_SECONDS = 0.32


class Bare:
    """mlx-audio's model: it streams one text at a time."""

    def __init__(self, folder: Path) -> None:
        import mlx.core as mx
        from mlx_audio.tts.utils import load_model

        self._mx = mx
        self._model: Any = load_model(folder)
        mx.random.seed(1)

    def speak(self, text: str, voice: str | None, language: str, frames: int) -> Iterator[int]:
        """Yield the number of samples of each chunk, computed."""
        for result in self._model.generate(
            text=text,
            voice=voice,
            lang_code=language,
            stream=True,
            streaming_interval=INTERVAL_SECONDS,
            max_tokens=frames,
        ):
            self._mx.eval(result.audio)
            yield result.audio.size

    def peak_bytes(self) -> int:
        return self._mx.get_peak_memory()
