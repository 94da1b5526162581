// The product of one stage: a block's ROWS rows of a weight matrix times up to eight columns.
//
// The columns are the rows of the batch. Each warp takes a part of the inputs, and the parts are
// added through shared memory. weights.cuh says what a lane holds.
constexpr int PIECES_AHEAD = 12;  // what a stage may hold in registers while it waits

DEVICE constexpr int steps_at_once(int steps, int eights) {
  int most = PIECES_AHEAD / eights < 1 ? 1 : PIECES_AHEAD / eights;
  if (most > steps) most = steps;
  while (steps % most) --most;
  return most;
}

// Shared memory of the partial sums: [warp][column][row]. The stride is free of bank conflicts.
template <int ROWS>
struct Partial {
  static constexpr int STRIDE = ROWS + 4, FLOATS = WARPS * MAX_ROWS * STRIDE;
  static constexpr int EIGHTS = ROWS / 8;
  DEVICE static void put(float* shared, Sums<EIGHTS>& sums, const Lane& at) {
    float* own = shared + at.warp * (MAX_ROWS * STRIDE) + at.g;
#pragma unroll
    for (int eight = 0; eight < EIGHTS; ++eight)
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int n = at.t * 2 + half;
        const float sum = sums.value(eight, half, at.t);
        if (n < at.rows) own[n * STRIDE + eight * 8] = sum;
      }
  }
  DEVICE static float total(const float* shared, int column, int row) {
    float sum = 0.f;
#pragma unroll
    for (int warp = 0; warp < WARPS; ++warp) sum += shared[warp * (MAX_ROWS * STRIDE) + column * STRIDE + row];
    return sum;
  }
};

// Which chunk of a column is the i-th that a lane takes, counted from its first.
DEVICE constexpr int chunk_of(int i) { return i / INPUT_CHUNKS * (4 * INPUT_CHUNKS) + i % INPUT_CHUNKS; }

// The inputs of a product that are there: `row` is this lane's column, or null.
struct Given {
  const Value* row;
  template <int CHUNKS>
  DEVICE void load(uint4 (&x)[CHUNKS], int first) const {
#pragma unroll
    for (int i = 0; i < CHUNKS; ++i) {
      const int at = first + chunk_of(i);
      x[i] = row != nullptr && at * PER_CHUNK < HIDDEN ? reinterpret_cast<const uint4*>(row)[at] : no_chunk();
    }
  }
};
// The same, written by other blocks in this launch: waits until the last of the chunks is set.
// Inputs from REAL on are padding, which is never written.
template <int REAL>
struct Awaited {
  const Value* row;
  template <int CHUNKS>
  DEVICE void load(uint4 (&x)[CHUNKS], int first) const {
    for (u32 spins = 0;;) {
      u32 missing = 0;
#pragma unroll
      for (int i = 0; i < CHUNKS; ++i) {
        const int at = first + chunk_of(i);
        x[i] = row != nullptr && at * PER_CHUNK < REAL ? load_shared16(reinterpret_cast<const uint4*>(row) + at) : no_chunk();
      }
#pragma unroll
      for (int i = 0; i < CHUNKS; ++i) missing |= is_unset(x[i]);
      if (!missing) break;
      if (++spins > SPIN_LIMIT) give_up();
      pause_spinning();
    }
    sync_warp();
  }
};

// PARTS: a block has its rows in two equal runs, one in each half of the matrix.
template <int ROWS, int INPUTS, int PARTS = 1>
struct Product {
  static constexpr int EIGHTS = ROWS / 8, STEPS = INPUTS / (WARPS * STEP_INPUTS);
  static constexpr int AT_ONCE = steps_at_once(STEPS, EIGHTS);
  static constexpr int ROW_BYTES = INPUTS * WEIGHT_BITS / 8, PART_ROWS = ROWS / PARTS;
  static constexpr u32 BYTES = (u32)BLOCKS * ROWS * ROW_BYTES;  // of all blocks
  static constexpr u32 SCALES = (u32)BLOCKS * WARPS * STEPS * ROWS;
  static_assert(PART_ROWS % 8 == 0 && INPUTS % (WARPS * STEP_INPUTS) == 0, "padded by shape.py");

  Piece ahead[AT_ONCE * EIGHTS];
  const unsigned char* from;
  const Scale* scales;

  // Issues the loads of the first steps' weights, and asks L2 for the rest. They are awaited where
  // they are used, so this runs before the wait for the inputs.
  DEVICE void load_ahead(const Matrix& matrix, const Lane& at) {
    from = matrix.rows + (u64)(at.block * PART_ROWS + at.g) * ROW_BYTES + (at.warp * STEPS * 4 + at.t) * sizeof(Packed);
    scales = matrix.scales + (u32)(at.block * WARPS + at.warp) * (STEPS * ROWS) + at.g;
    load(ahead, 0);
    if (STEPS > AT_ONCE) {
      constexpr int SHARE = PART_ROWS * ROW_BYTES / WARPS;  // of a warp
      const unsigned char* own = matrix.rows + (u64)at.block * PART_ROWS * ROW_BYTES + at.warp * SHARE;
#pragma unroll
      for (int part = 0; part < PARTS; ++part) prefetch(own + part * (BYTES / PARTS), SHARE);
    }
  }
  template <class Input>
  DEVICE void run(Sums<EIGHTS>& sums, const Input& input, const Lane& at) {
    each(input, at, [&](const Piece* w, uint4 (&x)[CHUNKS], int) { sums.add(w, x, at); });
  }
  // With the inputs multiplied by a norm's gain. The root mean square follows after the product.
  // Returns the sum of squares of this warp's inputs, of column g.
  template <class Input>
  DEVICE float run_gained(Sums<EIGHTS>& sums, const Input& input, const Value* gain, const Lane& at) {
    float squares = 0.f;
    each(input, at, [&](const Piece* w, uint4 (&x)[CHUNKS], int first) {
#pragma unroll
      for (int i = 0; i < CHUNKS; ++i) {
        float a[PER_CHUNK], b[PER_CHUNK];
        unpack(a, x[i]);
        unpack(b, reinterpret_cast<const uint4*>(gain)[first + chunk_of(i)]);
#pragma unroll
        for (int j = 0; j < PER_CHUNK; ++j) {
          squares += a[j] * a[j];
          a[j] *= b[j];
        }
        x[i] = pack(a);
      }
      sums.add(w, x, at);
    });
    squares += shuffle_xor(squares, 1);
    return squares + shuffle_xor(squares, 2);
  }

 private:
  static constexpr int CHUNKS = AT_ONCE * INPUT_CHUNKS;  // of the inputs, that a lane takes at once

  // Loads the pieces of AT_ONCE steps from `step` on.
  DEVICE void load(Piece (&w)[AT_ONCE * EIGHTS], int step) const {
    const unsigned char* own = from + step * (4 * (int)sizeof(Packed));
#pragma unroll
    for (int i = 0; i < AT_ONCE * EIGHTS; ++i) {
      const int eight = i % EIGHTS, part = eight / (EIGHTS / PARTS), row = eight % (EIGHTS / PARTS) * 8;
      const u32 before = part * (BYTES / PARTS) + row * ROW_BYTES + i / EIGHTS * (4 * (int)sizeof(Packed));
      w[i].weights = load_weights(reinterpret_cast<const Packed*>(own + before));
#if BITS
      w[i].scale = load_weights(scales + (step * EIGHTS + i) * 8);
#endif
    }
  }
  template <class Input, class Use>
  DEVICE void each(const Input& input, const Lane& at, const Use& use) {
    const int first = (at.warp * STEPS * 4 + at.t) * INPUT_CHUNKS;
    uint4 x[CHUNKS];
    input.load(x, first);
    use(ahead, x, first);
    if (STEPS > AT_ONCE) {
#pragma unroll 1
      for (int step = AT_ONCE; step < STEPS; step += AT_ONCE) {
        Piece w[AT_ONCE * EIGHTS];
        load(w, step);
        input.load(x, first + step * (4 * INPUT_CHUNKS));
        use(w, x, first + step * (4 * INPUT_CHUNKS));
      }
    }
  }
};
