"""Decodes codes into samples, as streams: the 12 Hz codec decoder with its states outside it.

Every part is causal, so a frame's audio depends only on it and the frames before it. What a part
must remember is in `CodecState`, whose size does not grow with the audio. The transformer sees
at most `window` frames, as in the official code (mlx-audio's own decoder sees them all).

Rows decode together, whatever their pasts and numbers of frames: the shorter ones are padded at
their end, which is harmless since every part is causal, and each remembers only its own frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import reduce
from typing import Any

import mlx.core as mx
import numpy as np

from sidecar.models.qwen3_tts.backend import Backend
from sidecar.models.qwen3_tts.codec_chunk import Chunk, Codes, stacked
from sidecar.models.qwen3_tts.codec_layers import (
    CausalConv,
    CausalTransposeConv,
    ConvNeXt,
    Limit,
    ReachingStep,
    Residual,
    Snake,
    Step,
    WindowedTransformer,
)
from sidecar.models.qwen3_tts.codec_state import CodecState, arrays, pasts, remember
from sidecar.models.qwen3_tts.fused import selection
from sidecar.models.qwen3_tts.fused.trace import Traced

# Frames are padded to one of these numbers, so that few shapes of kernels are needed.
_SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48)


class Codec:
    """The decoder half of mlx-audio's Qwen3TTSSpeechTokenizer, restated as pure steps.

    Args:
        decoder: the loaded module; only its weights and sizes are used.
        tables: float32 [codebooks, size, dim], the codebooks' vectors.
        samples_per_frame: how many samples a frame must give.
    """

    def __init__(
        self, decoder: Any, tables: mx.array, samples_per_frame: int, backend: Backend
    ) -> None:
        quantizer = decoder.quantizer
        self._semantic = quantizer.n_q_semantic
        self._tables = tables
        self._out: mx.array | None = None
        self._books = mx.arange(tables.shape[0])
        self._semantic_out = quantizer.rvq_first.output_proj.weight[:, 0].T[None]
        self._acoustic_out = quantizer.rvq_rest.output_proj.weight[:, 0].T[None]
        far, near = _far_sighted(decoder, backend), _near_sighted(decoder, backend)
        # The last frames that determine what the near-sighted parts remember.
        self._reach = reduce(lambda last, step: step.reach(last), reversed(near), 0)
        self._first_near = len(far)
        self._at_once = backend.codec_frames
        self._stream = mx.new_stream(mx.default_device()) if backend.codec_beside else None
        self.samples_per_frame = samples_per_frame
        self._window = decoder.pre_transformer.config.sliding_window - 1
        self._use(layered := [*far, *near], kernels=False)
        on_kernels = selection.choose(decoder, layered, backend.codec_kernels, self._try)
        # With the kernels on, few operations count: the books' products are one.
        if on_kernels is not None:
            self._out = self._joined_out()
        self._use(on_kernels or layered, kernels=on_kernels is not None)

    def _use(self, steps: Sequence[Step], kernels: bool) -> None:
        self._steps = steps
        # Building the separate operations anew is a small part of their time.
        self._traced = Traced(self._dequantize, steps, self._window) if kernels else None

    @property
    def codebooks(self) -> int:
        return self._tables.shape[0]

    @property
    def book_size(self) -> int:
        return self._tables.shape[1]

    def open(self) -> CodecState:
        return CodecState([step.start for step in self._steps])

    @property
    def has_kernels(self) -> bool:
        """Whether chunks take few kernels."""
        return self._traced is not None

    def decode(self, states: Sequence[CodecState], codes: Sequence[Codes]) -> list[mx.array]:
        """Start decoding, for each state, the next uint32 [frames, codebooks].

        Returns:
            per state float32 [frames × samples_per_frame] in [-1, 1], being computed
        """
        with self._beside():
            return self._decode_all(states, codes)

    def _beside(self) -> AbstractContextManager[object]:
        return nullcontext() if self._stream is None else mx.stream(self._stream)

    def _decode_all(self, states: Sequence[CodecState], codes: Sequence[Codes]) -> list[mx.array]:
        audio: list[list[mx.array]] = [[] for _ in states]
        step = self._at_once
        for start in range(0, max(len(c) for c in codes), step):
            rows = [row for row, c in enumerate(codes) if len(c) > start]
            parts = [codes[row][start : start + step] for row in rows]
            # Activations are large: frames of all rows count.
            size = _padded_size(max(len(part) for part in parts))
            group = len(rows) if step == 1 else max(1, step // size)
            for at in range(0, len(rows), group):
                among = slice(at, at + group)
                decoded = self._decode([states[row] for row in rows[among]], parts[among])
                for row, samples in zip(rows[among], decoded, strict=True):
                    audio[row].append(samples)
        return [mx.concatenate(parts) if len(parts) > 1 else parts[0] for parts in audio]

    def hear(self, state: CodecState, codes: mx.array, following: int) -> None:
        """Advance a state by uint32 [frames, codebooks] whose audio nobody needs.

        The parts after the transformer take nearly all of the time, and remember a few frames
        only. They skip the others; what they remember is the same, bit for bit.

        Args:
            following: how many more frames will be heard before any are decoded.
        """
        frames, near = len(codes), self._first_near
        x = self._dequantize(stacked([codes], _padded_size(frames)))
        x = self._run(range(near), x, [state], [frames])
        for start in range(max(0, frames - self._reach + following), frames, self._at_once):
            count = min(frames - start, self._at_once)
            missing = _padded_size(count) - count
            part = mx.pad(x[:, start : start + count], [(0, 0), (0, missing), (0, 0)])
            self._run(range(near, len(self._steps)), part, [state], [count])
        state.seen += frames
        mx.eval(arrays([state]))

    def _decode(self, states: Sequence[CodecState], codes: Sequence[Codes]) -> list[mx.array]:
        counts = [len(c) for c in codes]
        size = _padded_size(max(counts))
        numbers, parts = stacked(codes, size), range(len(self._steps))
        if self._traced is None:
            x = self._run(parts, self._dequantize(numbers), states, counts)
        else:
            chunk = Chunk([state.seen for state in states], counts, size)
            held = [pasts(states, part) for part in parts]
            x, memories = self._traced(numbers, held, chunk)
            for part in parts:
                remember(states, part, memories[part], counts, size)
        audio = x.reshape(len(states), -1)
        if audio.shape[1] != size * self.samples_per_frame:
            raise ValueError(f"{size} frames came out as {audio.shape[1]} samples")
        for state, count in zip(states, counts, strict=True):
            state.seen += count
        mx.async_eval(audio, arrays(states))  # pyright: ignore[reportUnknownMemberType]  # MLX does not type its arguments
        return [audio[row, : n * self.samples_per_frame] for row, n in enumerate(counts)]

    def _run(
        self, parts: range, x: mx.array, states: Sequence[CodecState], counts: Sequence[int]
    ) -> mx.array:
        """Run some of the parts on float32 [rows, frames, dim], of which each row has `counts`."""
        size = x.shape[1]
        chunk = Chunk([state.seen for state in states], counts, size)
        for part in parts:
            x, memories = self._steps[part](x, pasts(states, part), chunk)
            remember(states, part, memories, counts, size)
        return x

    def _try(self, steps: Sequence[Step], kernels: bool) -> mx.array:
        """Decode two chunks of two rows of different lengths with these parts, for a comparison."""
        self._use(steps, kernels)
        numbers, states = np.random.default_rng(1), [self.open(), self.open()]
        audio: list[mx.array] = []
        for counts in ((2, 1), (1, 2)):
            shapes = [(count, self.codebooks) for count in counts]
            codes = [numbers.integers(0, self.book_size, shape, np.uint32) for shape in shapes]
            audio += self.decode(states, codes)
        return mx.concatenate(audio)

    def _dequantize(self, codes: mx.array) -> mx.array:
        """uint32 [rows, frames, codebooks] → float32 [rows, frames, dim], semantic + acoustic."""
        vectors = self._tables[self._books, codes]
        if self._out is not None:
            return vectors.reshape(*codes.shape[:2], -1) @ self._out
        semantic = vectors[:, :, : self._semantic].sum(axis=2) @ self._semantic_out
        acoustic = vectors[:, :, self._semantic :].sum(axis=2) @ self._acoustic_out
        return semantic + acoustic

    def _joined_out(self) -> mx.array:
        """Return the projections of all books, one under another: float32 [books × dim, out]."""
        acoustic = self.codebooks - self._semantic
        matrices = [self._semantic_out[0]] * self._semantic + [self._acoustic_out[0]] * acoustic
        joined = mx.concatenate(matrices)
        mx.eval(joined)
        return joined


def _padded_size(frames: int) -> int:
    return next((size for size in _SIZES if size >= frames), frames)


def _far_sighted(decoder: Any, backend: Backend) -> list[Step]:
    """Return the decoder's first parts: each layer of the transformer looks back by its window."""
    transformer = WindowedTransformer(decoder.pre_transformer, backend)
    return [CausalConv(decoder.pre_conv.conv, backend), transformer]


def _near_sighted(decoder: Any, backend: Backend) -> list[ReachingStep]:
    """Return the decoder's other parts, in the order of the data."""
    steps: list[ReachingStep] = []
    for upsample, block in decoder.upsample:
        steps += [CausalTransposeConv(upsample.conv, backend), ConvNeXt(block, backend)]
    first, *blocks, snake, last = decoder.decoder
    steps.append(CausalConv(first.conv, backend))
    for block in blocks:
        act, upsample, *units = block.block
        steps += [Snake(act, backend), CausalTransposeConv(upsample.conv, backend)]
        steps += [Residual(unit, backend) for unit in units]
    steps += [Snake(snake, backend), CausalConv(last.conv, backend), Limit()]
    return steps


def codebook_tables(weights: dict[str, mx.array]) -> mx.array:
    """Return the codebook vectors from a checkpoint's sums: float32 [codebooks, size, dim].

    The division is done in float32: in bfloat16 it costs 1e-2 of audio error.

    Args:
        weights: speech_tokenizer/model.safetensors as it is on disk.

    Raises:
        KeyError: a codebook is missing.
    """
    tables: list[mx.array] = []
    for part in ("rvq_first", "rvq_rest"):
        prefix = f"decoder.quantizer.{part}.vq.layers."
        count = len({k[len(prefix) :].split(".")[0] for k in weights if k.startswith(prefix)})
        for index in range(count):
            book = f"{prefix}{index}._codebook."
            total = weights[book + "embedding_sum"].astype(mx.float32)
            usage = weights[book + "cluster_usage"].astype(mx.float32)
            tables.append(total / mx.maximum(usage, 1e-5)[:, None])
    return mx.stack(tables)


def in_float32(decoder: Any) -> Any:
    """Cast mlx-audio's decoder in place; only the talker has the requested dtype."""
    decoder.set_dtype(mx.float32)
    return decoder
