"""The sizes of a kernel: those of the checkpoint, how its work is divided, and the C++ constants
that say so.

A stage's product is divided by output rows among the blocks, and by inputs among a block's warps,
so both are padded: rows to eight for each block, inputs to what a warp multiplies in one step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

# The batch rows of one launch: the columns of the GPU's matrix instruction.
MAX_ROWS = 8
_WARP_ROWS, _CHUNK_BYTES = 8, 16


@dataclass(frozen=True)
class StackShape:
    """Sizes of a stack of decoder layers with a head, as in config.json.

    Attributes:
        vocab: rows of a head.
        first_vocab: the predictor's: codes of codebook 0; 0 for the talker.
        codebooks: the predictor's positions; 0 for the talker.
        is_float32: weights and activations are float32, otherwise bfloat16.
        blocks, warps: of a launch; each block has `warps` times 32 threads.
    """

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    inner: int
    vocab: int
    epsilon: float
    is_float32: bool
    first_vocab: int = 0
    codebooks: int = 0
    blocks: int = 128
    warps: int = 16

    @property
    def threads(self) -> int:
        return 32 * self.warps

    @property
    def value_bytes(self) -> int:
        return 4 if self.is_float32 else 2

    @property
    def per_chunk(self) -> int:
        """Values in the 16 bytes that a thread loads at once."""
        return _CHUNK_BYTES // self.value_bytes

    @cached_property
    def _unit(self) -> int:
        """Widths are multiples of this: eight rows for each block, one step for each warp."""
        return math.lcm(self.blocks * _WARP_ROWS, self.warps * 4 * self.per_chunk)

    def padded(self, width: int) -> int:
        return -(-width // self._unit) * self._unit

    @property
    def qkv(self) -> int:
        return (self.heads + 2 * self.kv_heads) * self.head_dim

    @property
    def attended(self) -> int:
        return self.heads * self.head_dim

    @property
    def layer_gains(self) -> int:
        return 2 * self.padded(self.hidden) + 2 * self.head_dim

    @property
    def record_bytes(self) -> int:
        """Bytes that a layer publishes for one row; see kernels/stack.cuh."""
        values = self.padded(self.attended) + 2 * self.padded(self.hidden) + self.padded(self.inner)
        return 4 * self.padded(self.qkv) + self.value_bytes * values

    def scratch_bytes(self, rows: int) -> int:
        if self.codebooks:
            return 2 * self.layers * rows * self.record_bytes + 4 * self.codebooks * MAX_ROWS
        return self.layers * rows * self.record_bytes

    @property
    def shared_bytes(self) -> int:
        """Return at least the bytes of PredictorMemory or TalkerMemory, in the kernels' sources."""
        widest = max(
            self.padded(self.qkv),
            2 * self.padded(self.inner),
            self.padded(self.hidden),
            self.padded(self.vocab),
        )
        partial = self.warps * MAX_ROWS * (widest // self.blocks + 4)
        bytes_ = 4 * 2 * (partial + self.warps * MAX_ROWS)
        if self.codebooks:
            pairs = -(-self.heads * MAX_ROWS // self.blocks)
            past = self.layers * self.codebooks * self.head_dim
            sampling = 4 * 6 * self.warps + 8 * self.warps
            bytes_ += 4 * (self.head_dim + self.codebooks) + sampling + 4 * (MAX_ROWS + 1)
            bytes_ += 2 * pairs * past * self.value_bytes
        else:
            bytes_ += 4 * (3 * self.head_dim + self.warps * (self.head_dim + 2) + 1)
        return bytes_ + 64  # alignment

    def constants(self) -> str:
        """Return the sizes as C++, to stand before the kernel's source."""
        values = {
            "BLOCKS": self.blocks,
            "WARPS": self.warps,
            "LAYERS": self.layers,
            "HIDDEN": self.hidden,
            "HEADS": self.heads,
            "KV_HEADS": self.kv_heads,
            "HEAD_DIM": self.head_dim,
            "VOCAB": self.vocab,
            "FIRST_VOCAB": self.first_vocab,
            "CODEBOOKS": self.codebooks,
            "INDEX_BITS": max(1, (self.vocab - 1).bit_length()),
            "HIDDEN_PADDED": self.padded(self.hidden),
            "QKV_PADDED": self.padded(self.qkv),
            "ATTENDED_PADDED": self.padded(self.attended),
            "INNER_PADDED": self.padded(self.inner),
            "VOCAB_PADDED": self.padded(self.vocab),
            "SHARED_BYTES": self.shared_bytes,
        }
        lines = [f"#define FLOAT32 {int(self.is_float32)}"]
        lines += [f"constexpr int {name} = {value};" for name, value in values.items()]
        lines.append(
            f"constexpr float EPSILON = {self.epsilon!r}f, SCALE = {self.head_dim**-0.5!r}f;"
        )
        return "\n".join(lines) + "\n"
