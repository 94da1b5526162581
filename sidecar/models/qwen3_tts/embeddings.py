"""All codebooks' embeddings in one table, so that one look-up finds the sixteen of a frame."""

from __future__ import annotations

from typing import Any

import mlx.core as mx


class CodeTable:
    """Embeddings of codes, by codebook.

    Args:
        talker: mlx-audio's Qwen3TTSTalkerForConditionalGeneration. Its own embeddings become
            views of the table, so that nothing is in memory twice.
    """

    def __init__(self, talker: Any) -> None:
        books = [talker.model.codec_embedding, *talker.code_predictor.codec_embedding]
        self.table = mx.concatenate([book.weight for book in books])
        sizes = [book.weight.shape[0] for book in books]
        mx.eval(self.table)
        self._starts = [sum(sizes[:index]) for index in range(len(sizes))]
        self._offsets = mx.array(self._starts, dtype=mx.uint32)
        for book, start, size in zip(books, self._starts, sizes, strict=True):
            book.weight = self.table[start : start + size]

    def sum(self, codes: mx.array) -> mx.array:
        """uint32 [rows, frames, codebooks] → float [rows, frames, hidden], over all codebooks."""
        return self.table[codes + self._offsets].sum(axis=-2)

    def first(self, ids: mx.array) -> mx.array:
        """int [..., length] of codebook 0 → float [..., length, hidden]."""
        return self.table[ids]

    def split(self, table: mx.array) -> list[mx.array]:
        """Return one part per codebook of `table`, which has the same rows as this table."""
        ends = [*self._starts[1:], table.shape[0]]
        return [table[start:end] for start, end in zip(self._starts, ends, strict=True)]
