"""Qwen3-TTS behind the engine's `TTSModel` protocol."""

from __future__ import annotations

from collections.abc import Sequence

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from sidecar.errors import InvalidParams, ModelLoadFailed, Unsupported
from sidecar.models.backend import on_cpu
from sidecar.models.base import FrameSampler, Utterance
from sidecar.models.catalog import Checkpoint
from sidecar.models.qwen3_tts import config, loader
from sidecar.models.qwen3_tts.codec import Codec, CodecState
from sidecar.models.qwen3_tts.prompt import Prompt, PromptBuilder, Reference
from sidecar.models.qwen3_tts.reference import ReferenceEncoder
from sidecar.models.qwen3_tts.talker import Talker, TalkerState


class Qwen3TTS:
    """One loaded checkpoint; see `TTSModel` for the calls."""

    def __init__(self, settings: config.Qwen3TTSConfig, parts: loader.Parts) -> None:
        self.info = settings.info
        self.dtype = parts.dtype
        self.defaults = settings.defaults
        self.codes = settings.codes
        self._prompts = PromptBuilder(settings, parts.talker, parts.tokenizer)
        self._talker = Talker(parts.talker, self._prompts)
        self._codec = Codec(
            parts.decoder, parts.tables, parts.samples_per_frame, frames_per_step=int(on_cpu())
        )
        self._references = ReferenceEncoder(
            parts.encoder, parts.speaker_encoder, self._codec.codebooks, self.info.sample_rate
        )

    @classmethod
    def load(cls, checkpoint: Checkpoint, dtype: str) -> Qwen3TTS:
        """Loads a checkpoint and decodes one frame of it, so that a bad codec shows now.

        Raises:
            NotACheckpoint, ModelLoadFailed
        """
        model = cls(config.read(checkpoint), loader.load(checkpoint, dtype))
        try:
            model.decode(CodecState(), np.zeros((1, model._codec.codebooks), np.int32))
        except (ValueError, AssertionError, RuntimeError) as error:
            raise ModelLoadFailed(
                f"{checkpoint.path}/speech_tokenizer: its weights do not fit together: {error}",
                field="model",
            ) from error
        return model

    def prepare(self, utterance: Utterance) -> Prompt:
        prompt = self._prompts.build(utterance, self._reference(utterance))
        mx.eval(prompt.embeddings, prompt.trailing, prompt.pad)
        return prompt

    def _reference(self, utterance: Utterance) -> Reference | None:
        if self.info.variant != "base":
            if utterance.reference is not None:
                raise Unsupported(
                    f"A {self.info.variant} model cannot clone a voice.",
                    hint="Use a Base model, or leave `reference` out.",
                    field="reference",
                )
            return None
        if utterance.reference is None:
            raise InvalidParams(
                "A Base model speaks with a cloned voice and needs `reference`.",
                hint="Give reference.path or reference.audio, or use a CustomVoice model.",
                field="reference",
            )
        return self._references.features(utterance.reference)

    def prefill(self, prompt: Prompt) -> TalkerState:
        return self._talker.prefill(prompt)

    def frame(self, rows: Sequence[TalkerState], sampler: FrameSampler) -> mx.array:
        return self._talker.frame(rows, sampler)

    def open_codec(self, prompt: Prompt) -> CodecState:
        state = CodecState()
        if prompt.reference_codes is not None:
            self._codec.decode(state, np.array(prompt.reference_codes))
        return state

    def decode(self, codec: CodecState, codes: NDArray[np.int32]) -> NDArray[np.float32]:
        return self._codec.decode(codec, codes)
