// The product of one stage: a block's ROWS rows of a weight matrix times up to eight columns.
//
// The columns are the rows of the batch. Each warp takes a part of the inputs, and the parts are
// added through shared memory. The weights are packed (packing.py) so that what a warp reads is
// contiguous: [block][warp][step][eight rows][lane] chunks, where lane (g, t) has row g of the eight
// and chunk t of the step's four.
constexpr int CHUNKS_AHEAD = 12;  // what a stage may hold in registers while it waits

DEVICE constexpr int steps_at_once(int steps, int eights) {
  int most = CHUNKS_AHEAD / eights < 1 ? 1 : CHUNKS_AHEAD / eights;
  if (most > steps) most = steps;
  while (steps % most) --most;
  return most;
}

struct Lane {
  int thread, lane, warp, block;
  int g, t;   // column of the batch, and chunk of a step's four, that this lane loads
  int rows;   // rows of the batch
  DEVICE Lane(int rows_) : rows(rows_) {
    thread = threadIdx.x; lane = thread & 31; warp = thread >> 5; block = blockIdx.x;
    g = lane >> 2; t = lane & 3;
  }
};

// Calls use(i) for i = thread, thread + THREADS … below per_row · rows.
template <int PER_ROW, class Use>
DEVICE void share_out(const Lane& at, const Use& use) {
  if constexpr (PER_ROW * MAX_ROWS <= THREADS) {
    if (at.thread < PER_ROW * at.rows) use(at.thread);
  } else {
#pragma unroll 1
    for (int i = at.thread; i < PER_ROW * at.rows; i += THREADS) use(i);
  }
}

// Partial sums of a warp: float32, for ROWS rows and eight columns.
template <int EIGHTS>
struct Sums {
#if FLOAT32
  float c[EIGHTS][MAX_ROWS] = {};  // of row g, and of this lane's inputs only
  template <int STEPS>
  DEVICE void add(const uint4* w, const uint4 (&x)[STEPS], const Lane& at) {
#pragma unroll
    for (int step = 0; step < STEPS; ++step)
      for (int n = 0; n < at.rows; ++n) {
        const int from = n * 4 + at.t;  // the lane that holds column n's chunk
        const float x0 = shuffle(float_of(x[step].x), from), x1 = shuffle(float_of(x[step].y), from);
        const float x2 = shuffle(float_of(x[step].z), from), x3 = shuffle(float_of(x[step].w), from);
#pragma unroll
        for (int m = 0; m < MAX_ROWS; ++m)  // a register array takes constant indices only
          if (m == n)
#pragma unroll
            for (int eight = 0; eight < EIGHTS; ++eight) {
              const uint4 v = w[step * EIGHTS + eight];
              c[eight][m] += float_of(v.x) * x0 + float_of(v.y) * x1 + float_of(v.z) * x2 + float_of(v.w) * x3;
            }
      }
  }
#else
  float c[(EIGHTS + 1) / 2][4] = {};  // fragments of the matrix instruction
  template <int STEPS>
  DEVICE void add(const uint4* w, const uint4 (&x)[STEPS], const Lane&) {
#pragma unroll
    for (int step = 0; step < STEPS; ++step)
#pragma unroll
      for (int eight = 0; eight < EIGHTS; eight += 2) {
        const uint4 a = w[step * EIGHTS + eight];
        const uint4 b = eight + 1 < EIGHTS ? w[step * EIGHTS + eight + 1] : no_chunk();
        multiply_tile(c[eight / 2], a.x, b.x, a.y, b.y, x[step].x, x[step].y);
        multiply_tile(c[eight / 2], a.z, b.z, a.w, b.w, x[step].z, x[step].w);
      }
  }
#endif
};

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
#if FLOAT32
        float sum = 0.f;
#pragma unroll
        for (int m = 0; m < MAX_ROWS; ++m) {
          float all = sums.c[eight][m];
          all += shuffle_xor(all, 1);
          all += shuffle_xor(all, 2);
          if (m == n) sum = all;
        }
#else
        const float sum = sums.c[eight / 2][(eight & 1) * 2 + half];
#endif
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

// The inputs of a product that are there: `row` is this lane's column, or null.
struct Given {
  const Value* row;
  template <int STEPS>
  DEVICE void load(uint4 (&x)[STEPS], int chunk) const {
#pragma unroll
    for (int i = 0; i < STEPS; ++i) {
      const int at = chunk + i * 4;
      x[i] = row != nullptr && at * PER_CHUNK < HIDDEN ? reinterpret_cast<const uint4*>(row)[at] : no_chunk();
    }
  }
};
// The same, written by other blocks in this launch: waits until the last of the chunks is set.
// Inputs from REAL on are padding, which is never written.
template <int REAL>
struct Awaited {
  const Value* row;
  template <int STEPS>
  DEVICE void load(uint4 (&x)[STEPS], int chunk) const {
    for (u32 spins = 0;;) {
      u32 missing = 0;
#pragma unroll
      for (int i = 0; i < STEPS; ++i) {
        const int at = chunk + i * 4;
        x[i] = row != nullptr && at * PER_CHUNK < REAL ? load_shared16(reinterpret_cast<const uint4*>(row) + at) : no_chunk();
      }
#pragma unroll
      for (int i = 0; i < STEPS; ++i) missing |= is_unset(x[i]);
      if (!missing) break;
      if (++spins > SPIN_LIMIT) give_up();
      pause_spinning();
    }
    sync_warp();
  }
};

template <int ROWS, int INPUTS>
struct Product {
  static constexpr int EIGHTS = ROWS / 8, STEPS = INPUTS / (WARPS * PER_QUAD);
  static constexpr int AT_ONCE = steps_at_once(STEPS, EIGHTS);
  static constexpr u32 CHUNKS = (u32)BLOCKS * ROWS * (INPUTS / PER_CHUNK);  // of all blocks
  static_assert(ROWS % 8 == 0 && INPUTS % (WARPS * PER_QUAD) == 0, "padded by shape.py");

  uint4 ahead[AT_ONCE * EIGHTS];
  const uint4* from;

  // Issues the loads of the first steps' weights, and asks L2 for the rest. They are awaited where
  // they are used, so this runs before the wait for the inputs.
  DEVICE void load_ahead(const uint4* stage, const Lane& at) {
    const uint4* own = stage + (u32)(at.block * WARPS + at.warp) * (STEPS * EIGHTS * 32);
    from = own + at.lane;
#pragma unroll
    for (int i = 0; i < AT_ONCE * EIGHTS; ++i) ahead[i] = load_weights(from + i * 32);
    if (STEPS > AT_ONCE) prefetch(own + AT_ONCE * EIGHTS * 32, (STEPS - AT_ONCE) * EIGHTS * 32 * 16);
  }
  template <class Input>
  DEVICE void run(Sums<EIGHTS>& sums, const Input& input, const Lane& at) {
    each(input, at, [&](const uint4* w, uint4 (&x)[AT_ONCE], int) { sums.add(w, x, at); });
  }
  // With the inputs multiplied by a norm's gain. The root mean square follows after the product.
  // Returns the sum of squares of this warp's inputs, of column g.
  template <class Input>
  DEVICE float run_gained(Sums<EIGHTS>& sums, const Input& input, const Value* gain, const Lane& at) {
    float squares = 0.f;
    each(input, at, [&](const uint4* w, uint4 (&x)[AT_ONCE], int chunk) {
#pragma unroll
      for (int i = 0; i < AT_ONCE; ++i) {
        float a[PER_CHUNK], b[PER_CHUNK];
        unpack(a, x[i]);
        unpack(b, reinterpret_cast<const uint4*>(gain)[chunk + i * 4]);
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
  template <class Input, class Use>
  DEVICE void each(const Input& input, const Lane& at, const Use& use) {
    const int chunk = at.warp * (STEPS * 4) + at.t;
    uint4 x[AT_ONCE];
    input.load(x, chunk);
    use(ahead, x, chunk);
    if (STEPS > AT_ONCE) {
#pragma unroll 1
      for (int step = AT_ONCE; step < STEPS; step += AT_ONCE) {
        uint4 w[AT_ONCE * EIGHTS];
#pragma unroll
        for (int i = 0; i < AT_ONCE * EIGHTS; ++i) w[i] = load_weights(from + (step * EIGHTS + i) * 32);
        input.load(x, chunk + step * 4);
        use(w, x, chunk + step * 4);
      }
    }
  }
};
