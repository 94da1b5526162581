"""Reference audio → codes and x-vector, by mlx-audio's encoders."""

from __future__ import annotations

from typing import Any

import mlx.core as mx
import numpy as np
from mlx_audio.tts.models.qwen3_tts.qwen3_tts import mel_spectrogram
from numpy.typing import NDArray

from sidecar import audio
from sidecar.errors import Unsupported
from sidecar.models.base import ReferenceAudio
from sidecar.models.qwen3_tts.prompt import Reference

_SILENCE_SECONDS = 0.5


class ReferenceEncoder:
    """Makes prompt features out of audio, for one loaded Base model.

    Args:
        encoder: the speech tokenizer's encoder, or None if the checkpoint has none.
        speaker_encoder: the ECAPA-TDNN speaker encoder.
        codebooks: how many of the encoder's codebooks the talker speaks.
    """

    def __init__(self, encoder: Any, speaker_encoder: Any, codebooks: int, rate: int) -> None:
        self._encoder = encoder
        self._speaker_encoder = speaker_encoder
        self._codebooks = codebooks
        self._rate = rate

    def features(self, reference: ReferenceAudio) -> Reference:
        """Reads the audio and encodes it; codes only where there is a transcript.

        Raises:
            BadReferenceAudio: unreadable, empty or too long.
            Unsupported: a transcript, but the checkpoint has no encoder.
        """
        samples = audio.read_reference(reference.path, reference.data, self._rate)
        speaker = self._speaker(samples)
        text = (reference.text or "").strip()
        if not text:
            return Reference(speaker, None, None)
        if self._encoder is None:
            raise Unsupported(
                "This checkpoint has no speech encoder: it can take a voice's timbre only.",
                hint="Leave `reference.text` out.",
                field="reference.text",
            )
        if reference.append_silence:
            silence = np.zeros(int(_SILENCE_SECONDS * self._rate), np.float32)
            samples = np.concatenate([samples, silence])
        codes = self._codes(samples)
        mx.eval(speaker, codes)
        return Reference(speaker, codes, text)

    def _speaker(self, samples: NDArray[np.float32]) -> mx.array:
        """float32 [samples] → float32 [1, 1, hidden]."""
        return self._speaker_encoder(mel_spectrogram(mx.array(samples))).reshape(1, 1, -1)

    def _codes(self, samples: NDArray[np.float32]) -> mx.array:
        """float32 [samples] → uint32 [frames, codebooks].

        Attention is causal over the whole reference, as in the official code with PyTorch's own
        attention; the encoder's configured window of ten seconds applies in flash attention only.
        """
        codes = self._encoder.encode(mx.array(samples)[None, None])
        return codes[0, : self._codebooks].T.astype(mx.uint32)
