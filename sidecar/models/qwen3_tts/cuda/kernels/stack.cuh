// A stack of decoder layers for one position of up to eight rows, without its attention.
//
// Stages of a layer, each of which needs all of the one before, of all blocks:
//   1. q, k, v = qkv · norm(x)          rows of the product: [HEADS + 2·KV_HEADS][HEAD_DIM], float32
//   2. attention                        in the kernel's own file; a block has (head, row) pairs
//   3. x += out · attended
//   4. inner = silu(gate · norm(x)) · up · norm(x)
//   5. x += down · inner
// What a stage gives is published to `scratch`, one record for each layer and row of the batch, and
// the next stage's blocks wait for the values that they need. There is no barrier between stages.
// A record's buffers are set to UNSET one grid barrier before they are written.
constexpr int QKV = (HEADS + 2 * KV_HEADS) * HEAD_DIM, ATTENDED = HEADS * HEAD_DIM;
constexpr int QKV_ROWS = QKV_PADDED / BLOCKS, OUT_ROWS = HIDDEN_PADDED / BLOCKS;
constexpr int INNER_ROWS = INNER_PADDED / BLOCKS, HEAD_ROWS = VOCAB_PADDED / BLOCKS;
constexpr int PER_LANE = HEAD_DIM / 32;  // values of a head that a lane of one warp holds
static_assert(WARPS >= 3 && HEAD_DIM % 32 == 0 && HEAD_DIM <= THREADS, "attention's division of work");
static_assert(OUT_ROWS * MAX_ROWS <= THREADS, "a thread holds one value of the residual");

// …_PADDED: rows of a product, padded. …_INPUTS: the same values as inputs, padded in another way.
// A record: float32 q, k, v; then values: attended, x after stage 3, inner, x after stage 5.
constexpr int AT_ATTENDED = QKV_PADDED * 4, AT_MIDDLE = AT_ATTENDED + ATTENDED * (int)sizeof(Value),
              AT_INNER = AT_MIDDLE + HIDDEN_PADDED * (int)sizeof(Value),
              AT_X = AT_INNER + INNER_PADDED * (int)sizeof(Value),
              RECORD = AT_X + HIDDEN_PADDED * (int)sizeof(Value);

// The gains of a layer: before attention, before the feed-forward part, of a head's q and k.
constexpr int LAYER_GAINS = 2 * HIDDEN_INPUTS + 2 * HEAD_DIM;

DEVICE constexpr int larger(int a, int b) { return a > b ? a : b; }
constexpr int PARTIAL_FLOATS = larger(larger(Partial<QKV_ROWS>::FLOATS, Partial<OUT_ROWS>::FLOATS),
                                      larger(Partial<2 * INNER_ROWS>::FLOATS, Partial<HEAD_ROWS>::FLOATS));
constexpr int SQUARES_FLOATS = WARPS * MAX_ROWS;
constexpr int STACK_FLOATS = 2 * (PARTIAL_FLOATS + SQUARES_FLOATS);  // of shared memory

// All blocks wait for each other. `counter` counts arrivals over all launches.
struct GridBarrier {
  u32* counter;
  u32 goal;
  // The first: it finds out how many arrivals there were before this launch.
  DEVICE void begin(u32* counter_, u32* shared, const Lane& at) {
    counter = counter_;
    sync_block();
    if (at.thread == 0) {
      fence();
      *shared = (arrive(counter) / BLOCKS + 1u) * BLOCKS;
      wait(*shared);
    }
    sync_block();
    goal = *shared + BLOCKS;
  }
  DEVICE void sync(const Lane& at) {
    sync_block();
    if (at.thread == 0) {
      fence();
      arrive_release(counter);
      wait(goal);
    }
    goal += BLOCKS;
    sync_block();
  }

 private:
  DEVICE void wait(u32 until) {
    for (u32 spins = 0; (int)(load_acquire(counter) - until) < 0;) {
      if (++spins > SPIN_LIMIT) give_up();
      pause_spinning();
    }
    fence();
  }
};

// Puts the layers' pointers into shared memory, which takes a variable index as registers do not.
template <class... Pointers>
DEVICE void keep_pointers(const unsigned char** shared, const Lane& at, Pointers... layers) {
  if (at.thread > 0) return;
  int layer = 0;
  ((shared[layer++] = layers), ...);
}

struct Stack {
  typedef Product<QKV_ROWS, HIDDEN_INPUTS> Qkv;
  typedef Product<OUT_ROWS, ATTENDED_INPUTS> Out;
  typedef Product<2 * INNER_ROWS, HIDDEN_INPUTS, 2> GateUp;
  typedef Product<OUT_ROWS, INNER_INPUTS> Down;
  typedef Product<HEAD_ROWS, HIDDEN_INPUTS> Head;
  // Where a layer's matrices begin, in bytes, and their scales, which all layers have in one array.
  static constexpr u32 AT_OUT = Qkv::BYTES, AT_GATE_UP = AT_OUT + Out::BYTES, AT_DOWN = AT_GATE_UP + GateUp::BYTES;
  static constexpr u32 OUT_SCALES = Qkv::SCALES, GATE_UP_SCALES = OUT_SCALES + Out::SCALES,
                       DOWN_SCALES = GATE_UP_SCALES + GateUp::SCALES, LAYER_SCALES = DOWN_SCALES + Down::SCALES;

  const Lane at;
  const unsigned char* const* layers;  // weights of each layer
  const Scale* scales;
  const Value* gains;
  float* shared;        // STACK_FLOATS
  int parity = 0;       // which half of `shared` is in use; the other may still be read
  float residual = 0.f;  // x, unrounded: of row thread % OUT_ROWS of the block, column thread / OUT_ROWS

  Qkv qkv;
  Out out;
  GateUp gate_up;
  Down down;
  Head head;

  // `layers_` is shared memory, and is read after the caller's next barrier.
  DEVICE Stack(const Lane& lane, const unsigned char* first_layer, const unsigned char* const* layers_,
               const Scale* scales_, const Value* gains_, float* shared_)
      : at(lane), layers(layers_), scales(scales_), gains(gains_), shared(shared_) {
    qkv.load_ahead(Matrix{first_layer, scales}, at);
  }
  DEVICE Matrix matrix(int layer, u32 bytes, u32 scales_before) const {
    return Matrix{layers[layer] + bytes, scales + (u64)layer * LAYER_SCALES + scales_before};
  }

  // Marks the records of layers [first, first + count) of a set as not written; all blocks together.
  DEVICE void reset(unsigned char* set, int first, int count) const {
    const u32 chunks = (u32)count * at.rows * (RECORD / 16);
    unsigned char* from = set + (u64)first * at.rows * RECORD;
    const uint4 unset = make_uint4(UNSET, UNSET, UNSET, UNSET);
    // The last blocks first: those have no heads to attend to when the batch is small.
    for (u32 i = (BLOCKS - 1 - at.block) * THREADS + at.thread; i < chunks; i += BLOCKS * THREADS) store_shared16(from + (u64)i * 16, unset);
  }
  DEVICE unsigned char* record(unsigned char* set, int layer, int row) const {
    return set + ((u64)layer * at.rows + row) * RECORD;
  }
  DEVICE const Value* values(unsigned char* set, int layer, int where) const {
    return at.g < at.rows ? reinterpret_cast<const Value*>(record(set, layer, at.g) + where) : nullptr;
  }
  DEVICE float* partial() const { return shared + parity * PARTIAL_FLOATS; }
  DEVICE float* squares() const { return shared + 2 * PARTIAL_FLOATS + parity * SQUARES_FLOATS; }
  DEVICE void note_squares(float sum) const {
    if (at.t == 0) squares()[at.warp * MAX_ROWS + at.g] = sum;
  }
  DEVICE float inverse_rms(int column) const {
    float sum = 0.f;
#pragma unroll
    for (int warp = 0; warp < WARPS; ++warp) sum += squares()[warp * MAX_ROWS + column];
    return inverse_root(sum * (1.f / HIDDEN) + EPSILON);
  }
  DEVICE void begin_residual(const Value* column) {
    const int row = at.block * OUT_ROWS + at.thread % OUT_ROWS;
    if (at.thread < OUT_ROWS * at.rows) residual = row < HIDDEN ? to_float(column[row]) : 0.f;
  }

  // Stage 1. `input` is x of the layer before, or the position's input.
  template <class Input>
  DEVICE void project(const Input& input, unsigned char* set, int layer) {
    Sums<Qkv::EIGHTS> sums;
    const float square = qkv.run_gained(sums, input, gains + layer * LAYER_GAINS, at);
    out.load_ahead(matrix(layer, AT_OUT, OUT_SCALES), at);
    Partial<QKV_ROWS>::put(partial(), sums, at);
    note_squares(square);
    sync_block();  // the partial sums of all warps
    share_out<QKV_ROWS>(at, [&](int i) {
      const int column = i / QKV_ROWS, row = i % QKV_ROWS;
      const float y = Partial<QKV_ROWS>::total(partial(), column, row) * inverse_rms(column);
      publish(reinterpret_cast<float*>(record(set, layer, column)) + at.block * QKV_ROWS + row, y);
    });
    parity ^= 1;
  }
  // Stage 3.
  DEVICE void add_attended(unsigned char* set, int layer) {
    Sums<Out::EIGHTS> sums;
    // Not before attention, which needs the registers.
    gate_up.load_ahead(matrix(layer, AT_GATE_UP, GATE_UP_SCALES), at);
    out.run(sums, Awaited<ATTENDED>{values(set, layer, AT_ATTENDED)}, at);
    add(sums, set, layer, AT_MIDDLE);
  }
  // Stage 4. `next`: the layer whose stage 1 follows, or −1.
  DEVICE void feed_forward(unsigned char* set, int layer, int next) {
    Sums<GateUp::EIGHTS> sums;
    const Value* gain = gains + layer * LAYER_GAINS + HIDDEN_INPUTS;
    const float square = gate_up.run_gained(sums, Awaited<HIDDEN_PADDED>{values(set, layer, AT_MIDDLE)}, gain, at);
    down.load_ahead(matrix(layer, AT_DOWN, DOWN_SCALES), at);
    if (next >= 0) qkv.load_ahead(matrix(next, 0, 0), at);
    typedef Partial<2 * INNER_ROWS> Both;
    Both::put(partial(), sums, at);
    note_squares(square);
    sync_block();  // the partial sums of all warps
    share_out<INNER_ROWS>(at, [&](int i) {
      const int column = i / INNER_ROWS, row = i % INNER_ROWS;
      const float scale = inverse_rms(column), gate = Both::total(partial(), column, row) * scale;
      const float up = Both::total(partial(), column, row + INNER_ROWS) * scale;
      Value* inner = reinterpret_cast<Value*>(record(set, layer, column) + AT_INNER);
      publish(inner + at.block * INNER_ROWS + row, gate / (1.f + exponential(-gate)) * up);
    });
    parity ^= 1;
  }
  // Stage 5. `next`: the head, if it follows; otherwise its rows are null.
  DEVICE void add_inner(unsigned char* set, int layer, const Matrix& next) {
    Sums<Down::EIGHTS> sums;
    down.run(sums, Awaited<INNER_PADDED>{values(set, layer, AT_INNER)}, at);
    if (next.rows != nullptr) head.load_ahead(next, at);
    add(sums, set, layer, AT_X);
  }
  // The head, after the last layer: calls use(column, row of the block, logit).
  template <class Use>
  DEVICE void logits(unsigned char* set, const Use& use) {
    Sums<Head::EIGHTS> sums;
    const Value* gain = gains + LAYERS * LAYER_GAINS;
    const float square = head.run_gained(sums, Awaited<HIDDEN_PADDED>{values(set, LAYERS - 1, AT_X)}, gain, at);
    Partial<HEAD_ROWS>::put(partial(), sums, at);
    note_squares(square);
    sync_block();  // the partial sums of all warps
    share_out<HEAD_ROWS>(at, [&](int i) {
      const int column = i / HEAD_ROWS, row = i % HEAD_ROWS;
      use(column, row, rounded(Partial<HEAD_ROWS>::total(partial(), column, row) * inverse_rms(column)));
    });
  }

 private:
  DEVICE void add(Sums<Out::EIGHTS>& sums, unsigned char* set, int layer, int where) {
    Partial<OUT_ROWS>::put(partial(), sums, at);
    sync_block();  // the partial sums of all warps
    if (at.thread < OUT_ROWS * at.rows) {
      const int column = at.thread / OUT_ROWS, row = at.thread % OUT_ROWS;
      residual += Partial<OUT_ROWS>::total(partial(), column, row);
      publish(reinterpret_cast<Value*>(record(set, layer, column) + where) + at.block * OUT_ROWS + row, residual);
    }
    parity ^= 1;
  }
};

// Attention's units of work, (head, row) pairs: calls use(unit, which of the block's it is).
constexpr int UNITS = (HEADS * MAX_ROWS + BLOCKS - 1) / BLOCKS;
template <class Use>
DEVICE void each_unit(const Lane& at, const Use& use) {
  if constexpr (UNITS == 1) {
    if (at.block < HEADS * at.rows) use(at.block, 0);
  } else {
#pragma unroll 1
    for (int i = 0; i < UNITS && at.block + i * BLOCKS < HEADS * at.rows; ++i) {
      if (i > 0) sync_block();  // the shared memory of the unit before has been read
      use(at.block + i * BLOCKS, i);
    }
  }
}

// A head's values, PER_LANE for each lane of a warp, after its norm and rotation, rounded.
// `gain` null: no norm and no rotation, as for v. `table` float32 [2][HEAD_DIM / 2]: cos, sin.
DEVICE void load_head(float (&v)[PER_LANE], const float* published, const Value* gain, const float* table, const Lane& at) {
  const u32* from = reinterpret_cast<const u32*>(published) + at.lane * PER_LANE;
  for (u32 spins = 0;;) {
    u32 bits[PER_LANE];
    if constexpr (PER_LANE == 4) {
      const uint4 four = load_shared16(from);
      bits[0] = four.x; bits[1] = four.y; bits[2] = four.z; bits[3] = four.w;
    } else {
#pragma unroll
      for (int i = 0; i < PER_LANE; ++i) bits[i] = load_shared(from + i);
    }
    bool missing = false;
#pragma unroll
    for (int i = 0; i < PER_LANE; ++i) {
      v[i] = float_of(bits[i]);
      missing |= bits[i] == UNSET;
    }
    if (!missing) break;
    if (++spins > SPIN_LIMIT) give_up();
    pause_spinning();
  }
  sync_warp();
  if (gain != nullptr) {
    float sum = 0.f;
#pragma unroll
    for (int i = 0; i < PER_LANE; ++i) sum += v[i] * v[i];
#pragma unroll
    for (int lanes = 16; lanes; lanes >>= 1) sum += shuffle_xor(sum, lanes);
    const float scale = inverse_root(sum * (1.f / HEAD_DIM) + EPSILON);
    const int pair = (at.lane & 15) * PER_LANE;  // lanes l and l + 16 hold the two halves of a pair
#pragma unroll
    for (int i = 0; i < PER_LANE; ++i) v[i] *= scale * to_float(gain[at.lane * PER_LANE + i]);
#pragma unroll
    for (int i = 0; i < PER_LANE; ++i) {
      const float other = shuffle_xor(v[i], 16);
      v[i] = v[i] * table[pair + i] + (at.lane < 16 ? -other : other) * table[HEAD_DIM / 2 + pair + i];
    }
  }
#pragma unroll
  for (int i = 0; i < PER_LANE; ++i) v[i] = rounded(v[i]);
}
