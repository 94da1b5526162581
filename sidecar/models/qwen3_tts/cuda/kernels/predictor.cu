// The code predictor's frame: codebooks 1 … CODEBOOKS − 1 of up to eight rows, in one launch.
//
// CODEBOOKS positions run one after another through LAYERS layers. Position 0 is the talker's output,
// position p > 0 the embedding of codebook p − 1's code, and gives the logits of codebook p.
// All BLOCKS blocks must be resident, since they wait for each other; launch.py sees to that.
//
// hidden   Value [rows][HIDDEN]      the talker's output, in the predictor's width
// first    u32 [rows]                codebook 0
// table    Value [codes of all codebooks][HIDDEN], codebook 0's FIRST_VOCAB first
// layer0 …, heads                    weights of each layer, of all heads (weights.cuh, packing.py)
// scales, head_scales                of quantised weights, otherwise unused
// gains    Value                     of all norms (packing.py)
// rotation float [CODEBOOKS][2][HEAD_DIM / 2]: cos, sin
// noise    float [rows][(CODEBOOKS − 1) · VOCAB], times the temperature; unused if `draws` is 0
// settings float [rows][3]           top-k, top-p, temperature
// counter  u32                       of the grid barrier, kept from launch to launch
// after                              the scratch of the launch before: unused, it orders the launches
// codes    u32 [rows][CODEBOOKS]
// logits   float [rows][CODEBOOKS − 1][VOCAB], rounded to Value
// finite   u32 [rows]                whether the last codebook's logits are all numbers
constexpr int PAST = LAYERS * CODEBOOKS * HEAD_DIM;              // keys, or values, of a unit

struct PredictorMemory {
  float stack[STACK_FLOATS];
  float query[HEAD_DIM];
  float scores[CODEBOOKS];
  SamplingMemory sampling;
  const unsigned char* layers[LAYERS];
  u32 picked[MAX_ROWS];
  u32 goal;
  Value keys[UNITS][PAST], values[UNITS][PAST];
};

// Stage 2: one head of one row. Its keys and values never leave the block.
DEVICE void attend(PredictorMemory& memory, const Stack& stack, unsigned char* set, int layer, int position, int unit,
                   int pair, const float* rotation) {
  const Lane& at = stack.at;
  const int head = unit % HEADS, row = unit / HEADS;
  unsigned char* record = stack.record(set, layer, row);
  Value* keys = memory.keys[pair] + layer * CODEBOOKS * HEAD_DIM;
  Value* values = memory.values[pair] + layer * CODEBOOKS * HEAD_DIM;
  if (at.warp < 3) {  // q, k, v: a warp each
    const int shared_head = head / (HEADS / KV_HEADS);
    const int which = at.warp == 0 ? head : HEADS + (at.warp == 2 ? KV_HEADS : 0) + shared_head;
    const Value* gain = stack.gains + layer * LAYER_GAINS + 2 * HIDDEN_INPUTS + at.warp * HEAD_DIM;
    float v[PER_LANE];
    load_head(v, reinterpret_cast<const float*>(record) + which * HEAD_DIM, at.warp < 2 ? gain : nullptr,
              rotation + position * HEAD_DIM, at);
#pragma unroll
    for (int i = 0; i < PER_LANE; ++i) {
      const int d = at.lane * PER_LANE + i;
      if (at.warp == 0) memory.query[d] = v[i];
      else (at.warp == 1 ? keys : values)[position * HEAD_DIM + d] = from_float(v[i]);
    }
  }
  sync_block();  // the query, and this position's key and value
  for (int past = at.warp; past <= position; past += WARPS) {
    float dot = 0.f;
#pragma unroll
    for (int i = 0; i < PER_LANE; ++i) {
      const int d = at.lane * PER_LANE + i;
      dot += memory.query[d] * to_float(keys[past * HEAD_DIM + d]);
    }
#pragma unroll
    for (int lanes = 16; lanes; lanes >>= 1) dot += shuffle_xor(dot, lanes);
    if (at.lane == 0) memory.scores[past] = dot * SCALE;
  }
  sync_block();  // the scores
  if (at.thread < HEAD_DIM) {
    float most = -1e30f, sum = 0.f, y = 0.f;
    for (int past = 0; past <= position; ++past) most = fmaxf(most, memory.scores[past]);
    for (int past = 0; past <= position; ++past) {
      const float weight = exponential(memory.scores[past] - most);
      sum += weight;
      y += weight * to_float(values[past * HEAD_DIM + at.thread]);
    }
    publish(reinterpret_cast<Value*>(record + AT_ATTENDED) + head * HEAD_DIM + at.thread, y / sum);
  }
}

// The head that gives the logits of codebook `position`.
DEVICE Matrix head_of(const unsigned char* heads, const Scale* scales, int position) {
  return Matrix{heads + (u64)(position - 1) * Stack::Head::BYTES, scales + (u64)(position - 1) * Stack::Head::SCALES};
}

KERNEL(THREADS) predictor(const Value* hidden, const u32* first, const Value* table, LAYER_POINTERS, const Scale* scales,
                          const unsigned char* heads, const Scale* head_scales, const Value* gains,
                          const float* rotation, const float* noise, const float* settings,
                          u32* counter, const unsigned char*, u32* codes, float* logits, u32* finite,
                          unsigned char* scratch, int rows, int draws) {
  static_assert(sizeof(PredictorMemory) <= SHARED_BYTES, "shape.py counts it");
  DYNAMIC_SHARED_MEMORY(raw);
  PredictorMemory& memory = *reinterpret_cast<PredictorMemory*>(raw);
  const Lane at(rows);
  Stack stack(at, layer0, memory.layers, scales, gains, memory.stack);
  keep_pointers(memory.layers, at, LAYER_NAMES);
  // Positions take turns with two sets of records: one is reset while the other is written.
  unsigned char* sets[2] = {scratch, scratch + (u64)LAYERS * rows * RECORD};
  u32* drawn = reinterpret_cast<u32*>(scratch + 2ull * LAYERS * rows * RECORD);  // [CODEBOOKS][MAX_ROWS]
  stack.reset(scratch, 0, 2 * LAYERS);
  if (at.block == 0)
    for (int i = at.thread; i < CODEBOOKS * MAX_ROWS; i += THREADS) store_shared(drawn + i, UNSET);
  GridBarrier barrier;
  barrier.begin(counter, &memory.goal, at);  // both sets are UNSET, the pointers are there

  if (at.thread < rows) memory.picked[at.thread] = first[at.thread];
  sync_block();  // the first codes
  if (at.block == 0 && at.thread < rows) codes[at.thread * CODEBOOKS] = memory.picked[at.thread];
#pragma unroll 1
  for (int position = 0; position < CODEBOOKS; ++position) {
    unsigned char* set = sets[position & 1];
    const u64 start = position < 2 ? 0 : FIRST_VOCAB + (u64)(position - 2) * VOCAB;
    auto input = [&](int row) {
      return position == 0 ? hidden + row * HIDDEN : table + (start + memory.picked[row]) * HIDDEN;
    };
    if (at.thread < OUT_ROWS * rows) stack.begin_residual(input(at.thread / OUT_ROWS));
#pragma unroll 1
    for (int layer = 0; layer < LAYERS; ++layer) {
      if (layer == 0) stack.project(Given{at.g < rows ? input(at.g) : nullptr}, set, 0);
      else stack.project(Awaited<HIDDEN_PADDED>{stack.values(set, layer - 1, AT_X)}, set, layer);
      // The other set was read to its end before the barrier that began this position.
      if (position > 0) stack.reset(sets[(position & 1) ^ 1], layer, 1);
      each_unit(at, [&](int unit, int pair) { attend(memory, stack, set, layer, position, unit, pair, rotation); });
      stack.add_attended(set, layer);
      const bool last = layer + 1 == LAYERS;
      stack.feed_forward(set, layer, !last ? layer + 1 : position + 1 < CODEBOOKS ? 0 : -1);
      stack.add_inner(set, layer, last && position > 0 ? head_of(heads, head_scales, position) : Matrix{nullptr, nullptr});
    }
    if (position > 0)
      stack.logits(set, [&](int column, int row, float y) {
        const int code = at.block * HEAD_ROWS + row;
        if (code < VOCAB)
          store_shared(reinterpret_cast<u32*>(logits + ((u64)column * (CODEBOOKS - 1) + position - 1) * VOCAB + code), bits_of(y));
      });
    barrier.sync(at);  // all logits are there; no block reads this position's records any more
    if (position == 0) continue;
    if (at.block < rows) {
      const u64 from = ((u64)at.block * (CODEBOOKS - 1) + position - 1) * VOCAB;
      const Settings row = {settings[at.block * 3], settings[at.block * 3 + 1], settings[at.block * 3 + 2]};
      bool numbers;
      const u32 code = draw(logits + from, draws ? noise + from : nullptr, row, memory.sampling, at, numbers);
      if (at.thread == 0) {
        codes[at.block * CODEBOOKS + position] = code;
        if (position + 1 == CODEBOOKS) finite[at.block] = numbers;
        store_shared(drawn + position * MAX_ROWS + at.block, code);
      }
    }
    if (at.thread < rows) {
      u32 code;
      for (u32 spins = 0; (code = load_shared(drawn + position * MAX_ROWS + at.thread)) == UNSET;) {
        if (++spins > SPIN_LIMIT) give_up();
        pause_spinning();
      }
      memory.picked[at.thread] = code;
    }
    sync_block();  // the codes of all rows
  }
}
