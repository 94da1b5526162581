"""Encodes reference audio with mlx-audio's encoders, and checks the result for a prompt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mlx.core as mx
import numpy as np
from mlx_audio.tts.models.qwen3_tts.qwen3_tts import mel_spectrogram
from numpy.typing import NDArray

from sidecar.audio.reference import RATE, Recording
from sidecar.errors import BadReferenceAudio, IncompatibleVoice, Unsupported
from sidecar.models.base import Spoken, VoicePrompt

_SILENCE_SECONDS = 0.5


@dataclass(frozen=True)
class ReferenceArrays:
    """A VoicePrompt as the arrays of a prompt.

    Attributes:
        speaker: float [1, 1, hidden], the x-vector; None for a voice that is only described.
        codes: uint32 [frames, codebooks], or None for the x-vector alone.
        text: the transcript that belongs to `codes`.
        lasts: other utterances will have the same codes; those of earlier speech come once.
    """

    speaker: mx.array | None
    codes: mx.array | None
    text: str | None
    lasts: bool = True

    def continue_from(self, spoken: Spoken | None) -> ReferenceArrays:
        """Return this voice after earlier speech, unless its own recording determines the sound.

        The talker speaks a second sentence as if the voice were cloned from the first.
        """
        if spoken is None or self.codes is not None:
            return self
        codes = mx.array(spoken.codes.astype(np.uint32))
        return ReferenceArrays(self.speaker, codes, spoken.text, lasts=False)


class ReferenceEncoder:
    """Makes a VoicePrompt from audio, for one loaded Base model.

    Args:
        encoder: the speech tokenizer's encoder, or None if the checkpoint has none.
        speaker_encoder: the ECAPA-TDNN speaker encoder.
        codebooks: how many of the encoder's codebooks the talker uses.
    """

    def __init__(self, encoder: Any, speaker_encoder: Any, codebooks: int) -> None:
        self._encoder = encoder
        self._speaker_encoder = speaker_encoder
        self._codebooks = codebooks

    def encode(self, recording: Recording, text_ids: list[int] | None) -> VoicePrompt:
        """Encode a recording; the result has codes only if there is a transcript.

        Args:
            text_ids: the transcript in tokens, if there is one.

        Raises:
            BadReferenceAudio: its samples overflow.
            Unsupported: there is a transcript, but the checkpoint has no encoder.
        """
        if text_ids is not None and self._encoder is None:
            raise Unsupported(
                "This checkpoint has no speech encoder: it can clone only the timbre of a voice.",
                hint="Omit `reference.text`.",
                field="reference.text",
            )
        speaker = np.array(self._speaker(recording.samples).astype(mx.float32)).reshape(-1)
        if not np.isfinite(speaker).all():
            raise BadReferenceAudio(
                "The samples of the reference audio are too large.",
                field=recording.field,
            )
        if text_ids is None:
            return VoicePrompt(speaker, notices=recording.notices, source=recording.source)
        samples = recording.samples
        if recording.append_silence:
            silence = np.zeros(int(_SILENCE_SECONDS * RATE), np.float32)
            samples = np.concatenate([samples, silence])
        codes = np.array(self._codes(samples)).astype(np.uint16)
        ids = np.array(text_ids, np.int32)
        about = recording.text, ids, recording.notices, recording.source
        return VoicePrompt(speaker, codes, *about)

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


def to_arrays(
    features: VoicePrompt, hidden: int, codebooks: int, codes: int, ids: list[int] | None
) -> ReferenceArrays:
    """Return a VoicePrompt, perhaps from a file, as arrays with valid codes.

    Args:
        hidden: length of the model's embeddings.
        codebooks: codes in a frame.
        codes: the number of codes in each codebook.
        ids: the transcript in the model's own tokens.

    Raises:
        IncompatibleVoice: the voice was made with another model.
    """
    speaker = features.speaker
    if speaker.shape != (hidden,) or not np.isfinite(speaker).all():
        raise _misfit(f"its embedding has {speaker.size} numbers, but the model's has {hidden}")
    if features.codes is None:
        return ReferenceArrays(mx.array(speaker)[None, None], None, None)
    if features.codes.shape[1:] != (codebooks,) or len(features.codes) == 0:
        raise _misfit(f"its codes have the shape {features.codes.shape}, not (…, {codebooks})")
    if features.codes.max() >= codes:
        raise _misfit(f"it has the code {features.codes.max()}, but the model only {codes} codes")
    if features.text_ids is None or ids is None or features.text_ids.tolist() != ids:
        raise _misfit("its transcript has other tokens")
    array = mx.array(features.codes.astype(np.uint32))
    return ReferenceArrays(mx.array(speaker)[None, None], array, features.text)


def _misfit(reason: str) -> IncompatibleVoice:
    return IncompatibleVoice(
        f"The voice was not made with this model: {reason}.",
        hint="Use the model that it was made with, or create it again from its recording.",
        field="voice",
    )
