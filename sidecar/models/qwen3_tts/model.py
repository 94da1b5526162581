"""Qwen3-TTS as the engine's `TTSModel`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import mlx.core as mx
import numpy as np
from msgspec.structs import replace

from sidecar.audio.reference import Recording
from sidecar.errors import InvalidParams, ModelLoadFailed, Unsupported
from sidecar.models.base import Utterance, VoicePrompt
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.protocols import FrameSampler
from sidecar.models.qwen3_tts import config, loader
from sidecar.models.qwen3_tts.backend import Backend, of_this_machine
from sidecar.models.qwen3_tts.codec import Codec
from sidecar.models.qwen3_tts.codec_chunk import Codes
from sidecar.models.qwen3_tts.codec_state import CodecState
from sidecar.models.qwen3_tts.embeddings import CodeTable
from sidecar.models.qwen3_tts.prompt import Prompt, PromptBuilder
from sidecar.models.qwen3_tts.prompt_cache import PromptCache
from sidecar.models.qwen3_tts.reference import ReferenceArrays, ReferenceEncoder, to_arrays
from sidecar.models.qwen3_tts.talker import Talker, TalkerState
from sidecar.wording import describe, is_out_of_memory

# A chunk takes the host about as long to build as the GPU takes for two frames of the kernels.
_FRAMES_AHEAD = 2
# Sizes of chunks, and of batches, for which kernels are compiled at load.
_WARM_CHUNKS, _WARM_ROWS = (1, 2, 3, 4, 6, 8, 12), (1, 2, 8)


@dataclass(eq=False)
class SequenceState:
    """The state of one utterance.

    Attributes:
        reference: uint32 [frames, codebooks], which the codec decodes before its first frame.
        undecoded: the part of it that is still to be decoded; None when there is none.
    """

    talker: TalkerState
    codec: CodecState
    reference: mx.array | None
    undecoded: mx.array | None


class Qwen3TTS:
    """One loaded checkpoint; see `TTSModel` for the calls."""

    def __init__(
        self, settings: config.Qwen3TTSConfig, parts: loader.Parts, backend: Backend
    ) -> None:
        self.info = settings.info
        self.dtype = parts.dtype
        self.defaults = settings.defaults
        self.codes = settings.codes
        self.rows_share_cost = backend.rows_share_cost
        self._frames = backend.reference_piece
        codes = CodeTable(parts.talker)
        self._prompts = PromptBuilder(settings, parts.talker, codes, parts.tokenizer, backend)
        self._kept = PromptCache()
        self._talker = Talker(parts.talker, codes, backend, self._kept)
        self.frames_ahead = _FRAMES_AHEAD if self._talker.has_kernels else 0
        self._codec = Codec(parts.decoder, parts.tables, parts.samples_per_frame, backend)
        self._references = ReferenceEncoder(
            parts.encoder, parts.speaker_encoder, self._codec.codebooks
        )

    @classmethod
    def load(
        cls,
        checkpoint: Checkpoint,
        dtype: str,
        bits: int | None = None,
        backend: Backend | None = None,
    ) -> Qwen3TTS:
        """Load a checkpoint and decode one frame of it, so that a bad codec shows now.

        Args:
            backend: None is that of this machine.

        Raises:
            NotACheckpoint, ModelLoadFailed
        """
        backend = backend or of_this_machine()
        settings = config.read(checkpoint)
        parts = loader.load(checkpoint, backend.dtype if dtype == "auto" else dtype, bits)
        try:
            model = cls(settings, parts, backend)
            codec = model._codec
            mx.eval(codec.decode([codec.open()], [mx.zeros((1, codec.codebooks), mx.uint32)]))
        except (ValueError, RuntimeError) as error:
            if is_out_of_memory(error):
                raise
            raise ModelLoadFailed(
                f"{checkpoint.path}: the weights do not fit together: {describe(error)}.",
                hint="The weights and config.json belong to different models, or one is damaged.",
                field="model",
            ) from error
        return model

    def prepare(self, utterance: Utterance) -> Prompt:
        return self._prompts.build(utterance, self._reference(utterance))

    @property
    def prompt_cache_bytes(self) -> int:
        return self._kept.nbytes

    def forget_prompts(self) -> None:
        self._kept.clear()

    def encode(self, recording: Recording) -> VoicePrompt:
        self._check_clones()
        if not recording.text:
            return self._references.encode(recording, None)
        ids = self._prompts.texts.reference_ids(recording.text)
        features = self._references.encode(recording, ids)
        noticed = self._prompts.texts.reference_notices(recording.text, ids)
        return replace(features, notices=(*features.notices, *noticed))

    def _check_clones(self) -> None:
        if self.info.variant != "base":
            raise Unsupported(
                f"A {self.info.variant} model cannot clone a voice.",
                hint="Use a Base model, or omit `reference`.",
                field="reference",
            )

    def _reference(self, utterance: Utterance) -> ReferenceArrays | None:
        features = utterance.reference
        if features is not None:
            self._check_clones()
            assert isinstance(features, VoicePrompt)
            return self._voice(features).continue_from(utterance.follows)
        if self.info.variant == "base":
            self._prompts.check_voice(utterance)
            raise InvalidParams(
                "A Base model speaks with a cloned voice, so it needs `reference` or `voice`.",
                hint="Give a recording or a saved voice, or use a CustomVoice model.",
                field="reference",
            )
        if self.info.variant == "voice_design" and utterance.follows is not None:
            self._prompts.check_voice(utterance)
            return ReferenceArrays(None, None, None).continue_from(utterance.follows)
        return None

    def _voice(self, features: VoicePrompt) -> ReferenceArrays:
        ids = self._prompts.texts.reference_ids(features.text) if features.text else None
        size = self._codec.book_size
        return to_arrays(features, self.info.speaker_size, self._codec.codebooks, size, ids)

    def open(self, prompt: Prompt) -> SequenceState:
        talker, codes = self._talker.open(prompt), prompt.reference_codes
        known = None if codes is None else self._kept.find_state(codes)
        if known is not None:
            return SequenceState(talker, known, codes, None)
        return SequenceState(talker, self._codec.open(), codes, codes)

    def pieces_left(self, row: SequenceState) -> int:
        undecoded = 0 if row.undecoded is None else len(row.undecoded)
        return -(-undecoded // self._frames) + self._talker.pieces_left(row.talker)

    def prefill(self, rows: Sequence[SequenceState]) -> list[SequenceState]:
        """Run one piece of the first row, and of the others that cost little beside it.

        The reference comes first, since the codec's first frame follows it.
        """
        if rows[0].undecoded is not None:
            self._hear(rows[0])
            return []
        among = [row for row in rows if row.undecoded is None]
        ready = self._talker.prefill([row.talker for row in among])
        return [row for row in among if row.talker in ready]

    def _hear(self, row: SequenceState) -> None:
        assert row.reference is not None
        assert row.undecoded is not None
        piece, rest = row.undecoded[: self._frames], row.undecoded[self._frames :]
        heard = row.codec.copy()
        self._codec.hear(heard, piece, following=len(rest))
        row.codec, row.undecoded = heard, rest if len(rest) else None
        if row.undecoded is None:
            self._kept.keep_state(row.reference, row.codec)

    def is_waiting_for_text(self, row: SequenceState) -> bool:
        return row.talker.text.is_waiting

    def find_unspoken(self, row: SequenceState) -> list[str]:
        return list(row.talker.text.unspoken)

    def append_text(self, row: SequenceState, text: str, last: bool) -> None:
        self._prompts.extend(row.talker.text, text, last)

    def frame(self, rows: Sequence[SequenceState], sampler: FrameSampler) -> mx.array:
        return self._talker.frame([row.talker for row in rows], sampler)

    def decode(self, rows: Sequence[SequenceState], codes: Sequence[Codes]) -> list[mx.array]:
        return self._codec.decode([row.codec for row in rows], codes)

    def close(self, row: SequenceState) -> None:
        self._talker.close(row.talker)
        row.codec.memories = []
        row.reference = row.undecoded = None

    def warm_up(self, sampler: Callable[[int], FrameSampler]) -> None:
        prompt = self._prompts.blank()
        # A CPU compiles no kernels; there each operation is slow only the first time.
        rows_of, chunks_of = (_WARM_ROWS, _WARM_CHUNKS) if self.rows_share_cost else ((1,), (1,))
        for count in rows_of:
            rows = [self.open(prompt) for _ in range(count)]
            while waiting := [row for row in rows if self.pieces_left(row)]:
                self.prefill(waiting)
            mx.eval(self.frame(rows[:1], sampler(1)))  # so that not all have the same length
            draw = sampler(count)
            mx.eval([self.frame(rows, draw) for _ in range(3)])
            for size in chunks_of:
                codes = np.zeros((size, self.codes.codebooks), np.uint32)
                mx.eval(self.decode(rows, [codes] * count))
            for row in rows:
                self.close(row)
        self.forget_prompts()
