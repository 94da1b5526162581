// A product's weights, as the lanes of a warp hold them, and their multiplication with the inputs.
//
// Matrices are stored as in the checkpoint, row after row. In one step a warp takes eight rows, and
// STEP_INPUTS inputs: lane (g, t) = (lane / 4, lane % 4) has LANE_INPUTS weights of row g, which
// belong to the t-th part of the inputs, and the same part of the inputs of column g.
//
// BITS is 0 where the weights are Values. Otherwise they are BITS wide, the first of a word in its
// lowest bits, and each GROUP of a row has a scale and a bias: weight = scale · number + bias (MLX's
// affine mode). A step is one group then. The numbers are multiplied as they are, and scale and bias
// follow: Σ weight · x = scale · Σ number · x + bias · Σ x.
#if BITS
constexpr int GROUP = 64, LANE_INPUTS = GROUP / 4, WEIGHT_BITS = BITS;
#if BITS == 8
typedef uint4 Packed;
#else
typedef uint2 Packed;
#endif
#if FLOAT32
typedef uint2 Scale;  // scale, bias
DEVICE float scale_of(const Scale& s) { return float_of(s.x); }
DEVICE float bias_of(const Scale& s) { return float_of(s.y); }
DEVICE Scale no_scale() { return make_uint2(0u, 0u); }
#else
typedef u32 Scale;  // the scale is in the lower half
DEVICE float scale_of(const Scale& s) { return float_of(s << 16); }
DEVICE float bias_of(const Scale& s) { return float_of(s & 0xFFFF0000u); }
DEVICE Scale no_scale() { return 0u; }
#endif
#else
constexpr int LANE_INPUTS = PER_CHUNK, WEIGHT_BITS = 8 * (int)sizeof(Value);
typedef uint4 Packed;
typedef u32 Scale;  // there is none
#endif
constexpr int STEP_INPUTS = 4 * LANE_INPUTS, INPUT_CHUNKS = LANE_INPUTS / PER_CHUNK;

// A whole matrix. The scales are in the order in which they are used:
// [block][warp][step][eight rows][row].
struct Matrix {
  const unsigned char* rows;
  const Scale* scales;
};
// What a lane holds of one row in one step.
struct Piece {
  Packed weights;
#if BITS
  Scale scale;
#endif
};

#if BITS == 8
DEVICE u32 word_of(const Packed& w, int i) { return i == 0 ? w.x : i == 1 ? w.y : i == 2 ? w.z : w.w; }
DEVICE u32 number_of(const Packed& w, int i) { return word_of(w, i / 4) >> 8 * (i % 4) & 0xFFu; }
#elif BITS == 4
DEVICE u32 number_of(const Packed& w, int i) { return (i < 8 ? w.x : w.y) >> 4 * (i % 8) & 0xFu; }
#endif

#if BITS && !FLOAT32
// Pairs of numbers as bfloat16, of two rows, times the pairs of inputs in `x`: c[16×8] += (number +
// 128) · x. A bfloat16 from 128 to 255 has the number's seven bits as its last ones, so it is made by
// putting the bits of 128 before them. Which inputs are a pair is up to `pairs_of`.
constexpr u32 OF_128 = 0x43004300u, ONES = 0x3F803F80u;
#if BITS == 8
// The inputs of word i are pairs (0, 2) and (1, 3): so are the numbers in a word after a mask.
DEVICE void pairs_of(u32 (&pair)[8], const uint4 (&x)[2]) {
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    pair[i * 4] = pick_bytes(x[i].x, x[i].y, 0x5410u);
    pair[i * 4 + 1] = pick_bytes(x[i].x, x[i].y, 0x7632u);
    pair[i * 4 + 2] = pick_bytes(x[i].z, x[i].w, 0x5410u);
    pair[i * 4 + 3] = pick_bytes(x[i].z, x[i].w, 0x7632u);
  }
}
DEVICE u32 low_bits(u32 word) { return (word & 0x007F007Fu) | OF_128; }
DEVICE u32 high_bit(u32 word) { return (word & 0x00800080u) * 0x86u; }  // 128 where it is set
DEVICE void multiply_numbers(float (&c)[4], const Packed& a, const Packed& b, const u32 (&x)[8]) {
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const u32 v = word_of(a, i), w = word_of(b, i), odd_v = v >> 8, odd_w = w >> 8;
    multiply_tile(c, low_bits(v), low_bits(w), low_bits(odd_v), low_bits(odd_w), x[i * 2], x[i * 2 + 1]);
    multiply_tile(c, high_bit(v), high_bit(w), high_bit(odd_v), high_bit(odd_w), x[i * 2], x[i * 2 + 1]);
  }
}
#else
// The inputs of a word are pairs (0, 4), (1, 5), (2, 6) and (3, 7).
DEVICE void pairs_of(u32 (&pair)[8], const uint4 (&x)[2]) {
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    pair[i * 4] = pick_bytes(x[i].x, x[i].z, 0x5410u);
    pair[i * 4 + 1] = pick_bytes(x[i].x, x[i].z, 0x7632u);
    pair[i * 4 + 2] = pick_bytes(x[i].y, x[i].w, 0x5410u);
    pair[i * 4 + 3] = pick_bytes(x[i].y, x[i].w, 0x7632u);
  }
}
DEVICE u32 numbers(u32 word, int i) { return (word >> 4 * i & 0x000F000Fu) | OF_128; }
DEVICE void multiply_numbers(float (&c)[4], const Packed& a, const Packed& b, const u32 (&x)[8]) {
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const u32 v = i < 2 ? a.x : a.y, w = i < 2 ? b.x : b.y;
    const int first = i % 2 * 2;
    multiply_tile(c, numbers(v, first), numbers(w, first), numbers(v, first + 1), numbers(w, first + 1), x[i * 2], x[i * 2 + 1]);
  }
}
#endif
#endif

// Partial sums of a warp: float32, for EIGHTS · 8 rows and eight columns.
template <int EIGHTS>
struct Sums {
#if FLOAT32
  float c[EIGHTS][MAX_ROWS] = {};  // of row g, and of this lane's inputs only
  DEVICE float value(int eight, int half, int t) {
    float sum = 0.f;
#pragma unroll
    for (int m = 0; m < MAX_ROWS; ++m) {  // a register array takes constant indices only
      float all = c[eight][m];
      all += shuffle_xor(all, 1);
      all += shuffle_xor(all, 2);
      if (m == t * 2 + half) sum = all;
    }
    return sum;
  }
  template <int CHUNKS>
  DEVICE void add(const Piece* w, const uint4 (&x)[CHUNKS], const Lane& at) {
#pragma unroll
    for (int step = 0; step < CHUNKS / INPUT_CHUNKS; ++step)
      for (int n = 0; n < at.rows; ++n) {
        float v[LANE_INPUTS];
#pragma unroll
        for (int i = 0; i < INPUT_CHUNKS; ++i) {
          const uint4 own = x[step * INPUT_CHUNKS + i];
          const int from = n * 4 + at.t;  // the lane that holds column n's part
          v[i * 4] = shuffle(float_of(own.x), from);
          v[i * 4 + 1] = shuffle(float_of(own.y), from);
          v[i * 4 + 2] = shuffle(float_of(own.z), from);
          v[i * 4 + 3] = shuffle(float_of(own.w), from);
        }
#pragma unroll
        for (int m = 0; m < MAX_ROWS; ++m)
          if (m == n)
#pragma unroll
            for (int eight = 0; eight < EIGHTS; ++eight) c[eight][m] += dot(w[step * EIGHTS + eight], v);
      }
  }

 private:
  DEVICE static float dot(const Piece& w, const float (&x)[LANE_INPUTS]) {
#if BITS
    float sum = 0.f, inputs = 0.f;
#pragma unroll
    for (int i = 0; i < LANE_INPUTS; ++i) {
      sum += (float)number_of(w.weights, i) * x[i];
      inputs += x[i];
    }
    return scale_of(w.scale) * sum + bias_of(w.scale) * inputs;
#else
    return float_of(w.weights.x) * x[0] + float_of(w.weights.y) * x[1] + float_of(w.weights.z) * x[2] + float_of(w.weights.w) * x[3];
#endif
  }
#else
  float c[(EIGHTS + 1) / 2][4] = {};  // fragments of the matrix instruction
  DEVICE float value(int eight, int half, int) const { return c[eight / 2][(eight & 1) * 2 + half]; }
#if BITS
  template <int CHUNKS>
  DEVICE void add(const Piece* w, const uint4 (&x)[CHUNKS], const Lane&) {
#pragma unroll
    for (int step = 0; step < CHUNKS / INPUT_CHUNKS; ++step) {
      const uint4 own[2] = {x[step * 2], x[step * 2 + 1]};
      u32 pair[8];
      pairs_of(pair, own);
      float inputs[4] = {};  // Σ x of columns 2t and 2t + 1, twice
#pragma unroll
      for (int i = 0; i < 8; i += 2) multiply_tile(inputs, ONES, ONES, ONES, ONES, pair[i], pair[i + 1]);
#pragma unroll
      for (int eight = 0; eight < EIGHTS; eight += 2) {
        const Piece a = w[step * EIGHTS + eight];
        const Piece b = eight + 1 < EIGHTS ? w[step * EIGHTS + eight + 1] : Piece{Packed{}, no_scale()};
        float part[4] = {};
        multiply_numbers(part, a.weights, b.weights, pair);
        const float scales[2] = {scale_of(a.scale), scale_of(b.scale)}, biases[2] = {bias_of(a.scale), bias_of(b.scale)};
#pragma unroll
        for (int i = 0; i < 4; ++i)
          c[eight / 2][i] += scales[i / 2] * part[i] + (biases[i / 2] - 128.f * scales[i / 2]) * inputs[i];
      }
    }
  }
#else
  template <int STEPS>
  DEVICE void add(const Piece* w, const uint4 (&x)[STEPS], const Lane&) {
#pragma unroll
    for (int step = 0; step < STEPS; ++step)
#pragma unroll
      for (int eight = 0; eight < EIGHTS; eight += 2) {
        const uint4 a = w[step * EIGHTS + eight].weights;
        const uint4 b = eight + 1 < EIGHTS ? w[step * EIGHTS + eight + 1].weights : no_chunk();
        multiply_tile(c[eight / 2], a.x, b.x, a.y, b.y, x[step].x, x[step].y);
        multiply_tile(c[eight / 2], a.z, b.z, a.w, b.w, x[step].z, x[step].w);
      }
  }
#endif
#endif
};
