"""The sizes of a kernel: those of the checkpoint, how its work is divided, and the C++ constants
that say so.

A stage's product is divided by output rows among the blocks, and by inputs among a block's warps,
so both are padded: rows to eight for each block, inputs to what a warp multiplies in one step.
The sizes of the published models need no padding.
"""

from __future__ import annotations

from dataclasses import dataclass

# The batch rows of one launch: the columns of the GPU's matrix instruction.
MAX_ROWS = 8
_WARP_ROWS, _CHUNK_BYTES = 8, 16
# The inputs of a row that have one scale and one bias, where weights are quantised.
GROUP_SIZE = 64


@dataclass(frozen=True)
class StackShape:
    """Sizes of a stack of decoder layers with a head, as in config.json.

    Attributes:
        vocab: rows of a head.
        first_vocab: the predictor's: codes of codebook 0; 0 for the talker.
        codebooks: the predictor's positions; 0 for the talker.
        is_float32: activations are float32, otherwise bfloat16; so are weights if `bits` is 0.
        bits: of a quantised weight, 4 or 8; 0 if they are not quantised.
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
    bits: int = 0
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

    @property
    def step_inputs(self) -> int:
        """Inputs that a warp multiplies in one step."""
        return GROUP_SIZE if self.bits else 4 * self.per_chunk

    def rows(self, width: int) -> int:
        """Return the rows of a product that gives so many values: eight for each block."""
        return _padded(width, self.blocks * _WARP_ROWS)

    def inputs(self, width: int) -> int:
        """Return the inputs of a product that takes so many values: a step for each warp."""
        return _padded(width, self.warps * self.step_inputs)

    @property
    def qkv(self) -> int:
        return (self.heads + 2 * self.kv_heads) * self.head_dim

    @property
    def attended(self) -> int:
        return self.heads * self.head_dim

    @property
    def record_bytes(self) -> int:
        """Bytes that a layer publishes for one row; see kernels/stack.cuh."""
        values = self.attended + 2 * self.rows(self.hidden) + self.rows(self.inner)
        return 4 * self.rows(self.qkv) + self.value_bytes * values

    def scratch_bytes(self, rows: int) -> int:
        if self.codebooks:
            return 2 * self.layers * rows * self.record_bytes + 4 * self.codebooks * MAX_ROWS
        return self.layers * rows * self.record_bytes

    @property
    def shared_bytes(self) -> int:
        """Return at least the bytes of PredictorMemory or TalkerMemory, in the kernels' sources."""
        widest = max(
            self.rows(self.qkv),
            2 * self.rows(self.inner),
            self.rows(self.hidden),
            self.rows(self.vocab),
        )
        partial = self.warps * MAX_ROWS * (widest // self.blocks + 4)
        bytes_ = 4 * 2 * (partial + self.warps * MAX_ROWS) + 8 * self.layers
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
            "HIDDEN_PADDED": self.rows(self.hidden),
            "QKV_PADDED": self.rows(self.qkv),
            "INNER_PADDED": self.rows(self.inner),
            "VOCAB_PADDED": self.rows(self.vocab),
            "HIDDEN_INPUTS": self.inputs(self.hidden),
            "ATTENDED_INPUTS": self.inputs(self.attended),
            "INNER_INPUTS": self.inputs(self.inner),
            "SHARED_BYTES": self.shared_bytes,
        }
        names = [f"layer{layer}" for layer in range(self.layers)]
        lines = [
            f"#define FLOAT32 {int(self.is_float32)}",
            f"#define BITS {self.bits}",
            f"#define LAYER_NAMES {', '.join(names)}",
            f"#define LAYER_POINTERS {', '.join(f'const unsigned char* {n}' for n in names)}",
        ]
        lines += [f"constexpr int {name} = {value};" for name, value in values.items()]
        lines.append(
            f"constexpr float EPSILON = {self.epsilon!r}f, SCALE = {self.head_dim**-0.5!r}f;"
        )
        return "\n".join(lines) + "\n"


def _padded(width: int, unit: int) -> int:
    return -(-width // unit) * unit
