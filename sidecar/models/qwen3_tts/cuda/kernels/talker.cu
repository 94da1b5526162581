// The talker's step: one position of up to eight rows through LAYERS layers and the head of
// codebook 0, in one launch. All BLOCKS blocks must be resident; launch.py sees to that.
//
// x        Value [rows][HIDDEN]
// layer0 …, head                    weights of each layer, of the head (weights.cuh, packing.py)
// scales, head_scales               of quantised weights, otherwise unused
// gains    Value                    of all norms (packing.py)
// rotation float [positions][2][HEAD_DIM / 2]: cos, sin
// past     Value [LAYERS][2][rows][KV_HEADS][room][HEAD_DIM]: keys and values; row r's are at
//          positions start_r … end − 1, and this position's are written at `end`. MLX takes it for
//          an input: talker.py waits for the launch before it reads it.
// counter  u32                      of the grid barrier, kept from launch to launch
// after                             the scratch of the launch before: unused, it orders the launches
// hidden   Value [rows][HIDDEN]     after the last norm
// logits   float [rows][VOCAB]      rounded to Value
constexpr int LANES_PER_KEY = HEAD_DIM / PER_CHUNK, KEYS_PER_WARP = 32 / LANES_PER_KEY, KEYS_AT_ONCE = 4;

struct TalkerMemory {
  float stack[STACK_FLOATS];
  float head[3][HEAD_DIM];            // this position's q, k and v
  float attended[WARPS][HEAD_DIM];    // each warp's part, not yet divided by its sum
  float most[WARPS], sum[WARPS];      // its largest score, and its sum of exponentials
  const unsigned char* layers[LAYERS];
  u32 goal;
};

// Softmax that goes over the keys once (Milakov, Gimelshein 2018): scores so far are relative to `most`.
struct Attention {
  float most = -1e30f, sum = 0.f, y[PER_CHUNK] = {};
  DEVICE void rescale(float larger) {
    const float scale = exponential(most - larger);
    most = larger;
    sum *= scale;
#pragma unroll
    for (int i = 0; i < PER_CHUNK; ++i) y[i] *= scale;
  }
  DEVICE void add(float score, const float (&value)[PER_CHUNK]) {
    const float weight = exponential(score - most);
    sum += weight;
#pragma unroll
    for (int i = 0; i < PER_CHUNK; ++i) y[i] += weight * value[i];
  }
};
DEVICE float dot_of_key(const float (&q)[PER_CHUNK], const float (&k)[PER_CHUNK]) {
  float dot = 0.f;
#pragma unroll
  for (int i = 0; i < PER_CHUNK; ++i) dot += q[i] * k[i];
#pragma unroll
  for (int lanes = LANES_PER_KEY / 2; lanes; lanes >>= 1) dot += shuffle_xor(dot, lanes);
  return dot;
}

// Stage 2: one head of one row over its past and this position.
DEVICE void attend(TalkerMemory& memory, const Stack& stack, unsigned char* scratch, int layer, int unit, const float* rotation,
                   Value* past, int start, int end, int room) {
  const Lane& at = stack.at;
  const int head = unit % HEADS, row = unit / HEADS, shared_head = head / (HEADS / KV_HEADS);
  unsigned char* record = stack.record(scratch, layer, row);
  const u64 keys_of = ((u64)(layer * 2) * at.rows + row) * KV_HEADS + shared_head;  // which of the caches
  const u64 values_of = keys_of + (u64)at.rows * KV_HEADS;
  if (at.warp < 3) {  // q, k, v: a warp each
    const int which = at.warp == 0 ? head : HEADS + (at.warp == 2 ? KV_HEADS : 0) + shared_head;
    const Value* gain = stack.gains + layer * LAYER_GAINS + 2 * HIDDEN_INPUTS + at.warp * HEAD_DIM;
    float v[PER_LANE];
    load_head(v, reinterpret_cast<const float*>(record) + which * HEAD_DIM, at.warp < 2 ? gain : nullptr,
              rotation + (u64)(end - start) * HEAD_DIM, at);
    const bool keeps = at.warp > 0 && head % (HEADS / KV_HEADS) == 0;  // one of the heads that share it
    Value* kept = past + ((at.warp == 1 ? keys_of : values_of) * room + end) * HEAD_DIM;
#pragma unroll
    for (int i = 0; i < PER_LANE; ++i) {
      const int d = at.lane * PER_LANE + i;
      memory.head[at.warp][d] = v[i];
      if (keeps) kept[d] = from_float(v[i]);
    }
  }
  sync_block();  // q, k, v
  const int part = at.lane / LANES_PER_KEY, c = at.lane % LANES_PER_KEY;
  const uint4* keys = reinterpret_cast<const uint4*>(past + keys_of * room * HEAD_DIM) + c;
  const uint4* values = reinterpret_cast<const uint4*>(past + values_of * room * HEAD_DIM) + c;
  float q[PER_CHUNK];
#pragma unroll
  for (int i = 0; i < PER_CHUNK; ++i) q[i] = memory.head[0][c * PER_CHUNK + i] * SCALE;
  Attention sum;
  constexpr int SPAN = KEYS_AT_ONCE * KEYS_PER_WARP;
#pragma unroll 1
  for (int from = start + at.warp * SPAN; from < end; from += WARPS * SPAN) {
    uint4 some_keys[KEYS_AT_ONCE], some_values[KEYS_AT_ONCE];
    float scores[KEYS_AT_ONCE], larger = sum.most;
#pragma unroll
    for (int i = 0; i < KEYS_AT_ONCE; ++i) {
      const int p = from + i * KEYS_PER_WARP + part;
      some_keys[i] = p < end ? load_weights(keys + (u64)p * LANES_PER_KEY) : no_chunk();
      some_values[i] = p < end ? load_weights(values + (u64)p * LANES_PER_KEY) : no_chunk();
    }
#pragma unroll
    for (int i = 0; i < KEYS_AT_ONCE; ++i) {
      float key[PER_CHUNK];
      unpack(key, some_keys[i]);
      const float dot = dot_of_key(q, key);
      scores[i] = from + i * KEYS_PER_WARP + part < end ? dot : -1e30f;
      larger = fmaxf(larger, scores[i]);
    }
    sum.rescale(larger);
#pragma unroll
    for (int i = 0; i < KEYS_AT_ONCE; ++i) {
      float value[PER_CHUNK];
      unpack(value, some_values[i]);
      if (scores[i] > -1e30f) sum.add(scores[i], value);
    }
  }
  if (at.warp == 0) {  // this position
    float k[PER_CHUNK], v[PER_CHUNK];
#pragma unroll
    for (int i = 0; i < PER_CHUNK; ++i) {
      k[i] = memory.head[1][c * PER_CHUNK + i];
      v[i] = memory.head[2][c * PER_CHUNK + i];
    }
    const float dot = dot_of_key(q, k);
    if (part == 0) {
      sum.rescale(fmaxf(sum.most, dot));
      sum.add(dot, v);
    }
    sync_warp();
  }
#pragma unroll
  for (int lanes = LANES_PER_KEY; lanes < 32; lanes <<= 1) {  // the parts of a warp
    const float other = shuffle_xor(sum.most, lanes);
    sum.rescale(fmaxf(sum.most, other));
    sum.sum += shuffle_xor(sum.sum, lanes);
#pragma unroll
    for (int i = 0; i < PER_CHUNK; ++i) sum.y[i] += shuffle_xor(sum.y[i], lanes);
  }
  if (part == 0)
#pragma unroll
    for (int i = 0; i < PER_CHUNK; ++i) memory.attended[at.warp][c * PER_CHUNK + i] = sum.y[i];
  if (at.lane == 0) {
    memory.most[at.warp] = sum.most;
    memory.sum[at.warp] = sum.sum;
  }
  sync_block();  // the parts of all warps
  if (at.thread < HEAD_DIM) {
    float most = -1e30f, total = 0.f, y = 0.f;
#pragma unroll
    for (int warp = 0; warp < WARPS; ++warp) most = fmaxf(most, memory.most[warp]);
#pragma unroll
    for (int warp = 0; warp < WARPS; ++warp) {
      const float weight = exponential(memory.most[warp] - most);
      total += weight * memory.sum[warp];
      y += weight * memory.attended[warp][at.thread];
    }
    publish(reinterpret_cast<Value*>(record + AT_ATTENDED) + head * HEAD_DIM + at.thread, y / total);
  }
}

KERNEL(THREADS) talker(const Value* x, LAYER_POINTERS, const Scale* scales, const unsigned char* head,
                       const Scale* head_scales, const Value* gains, const float* rotation, Value* past,
                       u32* counter, const unsigned char*, Value* hidden, float* logits, unsigned char* scratch,
                       int rows, int end, int room, int start0, int start1, int start2, int start3,
                       int start4, int start5, int start6, int start7) {
  static_assert(sizeof(TalkerMemory) <= SHARED_BYTES, "shape.py counts it");
  DYNAMIC_SHARED_MEMORY(raw);
  TalkerMemory& memory = *reinterpret_cast<TalkerMemory*>(raw);
  const Lane at(rows);
  Stack stack(at, layer0, memory.layers, scales, gains, memory.stack);
  keep_pointers(memory.layers, at, LAYER_NAMES);
  stack.reset(scratch, 0, LAYERS);
  GridBarrier barrier;
  barrier.begin(counter, &memory.goal, at);  // the records are UNSET, the pointers are there

  if (at.thread < OUT_ROWS * rows) stack.begin_residual(x + (u64)(at.thread / OUT_ROWS) * HIDDEN);
#pragma unroll 1
  for (int layer = 0; layer < LAYERS; ++layer) {
    if (layer == 0) stack.project(Given{at.g < rows ? x + (u64)at.g * HIDDEN : nullptr}, scratch, 0);
    else stack.project(Awaited<HIDDEN_PADDED>{stack.values(scratch, layer - 1, AT_X)}, scratch, layer);
    each_unit(at, [&](int unit, int) {
      const int row = unit / HEADS;
      const int start = row == 0 ? start0 : row == 1 ? start1 : row == 2 ? start2 : row == 3 ? start3
                        : row == 4 ? start4 : row == 5 ? start5 : row == 6 ? start6 : start7;
      attend(memory, stack, scratch, layer, unit, rotation, past, start, end, room);
    });
    stack.add_attended(scratch, layer);
    const bool last = layer + 1 == LAYERS;
    stack.feed_forward(scratch, layer, last ? -1 : layer + 1);
    stack.add_inner(scratch, layer, Matrix{last ? head : nullptr, head_scales});
  }
  stack.logits(scratch, [&](int column, int row, float y) {
    const int code = at.block * HEAD_ROWS + row;
    if (code < VOCAB) logits[(u64)column * VOCAB + code] = y;
  });
  const int row = at.block * OUT_ROWS + at.thread % OUT_ROWS, column = at.thread / OUT_ROWS;
  if (at.thread < OUT_ROWS * rows && row < HIDDEN) {
    const float gain = to_float(gains[LAYERS * LAYER_GAINS + row]);
    hidden[(u64)column * HIDDEN + row] = from_float(rounded(stack.residual) * stack.inverse_rms(column) * gain);
  }
}
