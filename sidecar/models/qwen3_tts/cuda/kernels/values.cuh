// The numbers of a model: bfloat16, or float32 where `FLOAT32` is 1. A chunk is 16 bytes of them.
//
// The constants in capitals that are not defined here come from sidecar/models/qwen3_tts/cuda/
// shape.py, which writes them in front of this file for each checkpoint.
constexpr int THREADS = 32 * WARPS;
constexpr int MAX_ROWS = 8;  // the columns of the matrix instruction

#if FLOAT32
typedef float Value;
DEVICE float to_float(Value v) { return v; }
DEVICE Value from_float(float f) { return f; }
DEVICE float exponential(float x) { return precise_exp(x); }
#else
typedef u16 Value;
DEVICE float to_float(Value v) { return float_of((u32)v << 16); }
DEVICE Value from_float(float f) { return (Value)(bfloat16s(f, 0.f) & 0xFFFFu); }
DEVICE float exponential(float x) { return fast_exp(x); }
#endif
constexpr int PER_CHUNK = 16 / (int)sizeof(Value);

DEVICE float rounded(float f) { return to_float(from_float(f)); }

// "Not written yet": all bits set, which no arithmetic gives (a NaN that it makes is 0x7FFF…).
// The value is then its own flag, and a reader needs no barrier.
constexpr u32 UNSET = 0xFFFFFFFFu;
DEVICE void publish(u16* p, float f) { store_shared(p, (u16)(bfloat16s(f, 0.f) & 0xFFFFu)); }
DEVICE void publish(float* p, float f) {
  const u32 bits = bits_of(f);
  store_shared(reinterpret_cast<u32*>(p), bits == UNSET ? 0x7FFFFFFFu : bits);
}
// Non-zero if a value of the word, or the chunk, is unset.
DEVICE u32 is_unset(u32 v) {
#if FLOAT32
  return v == UNSET;
#else
  return (~v - 0x00010001u) & v & 0x80008000u;
#endif
}
DEVICE u32 is_unset(const uint4& v) { return is_unset(v.x) | is_unset(v.y) | is_unset(v.z) | is_unset(v.w); }

DEVICE uint4 no_chunk() { return make_uint4(0u, 0u, 0u, 0u); }
DEVICE void unpack(float (&f)[PER_CHUNK], const uint4& v) {
  const u32 words[4] = {v.x, v.y, v.z, v.w};
#pragma unroll
  for (int i = 0; i < PER_CHUNK; ++i) {
#if FLOAT32
    f[i] = float_of(words[i]);
#else
    f[i] = float_of(i & 1 ? words[i / 2] & 0xFFFF0000u : words[i / 2] << 16);
#endif
  }
}
DEVICE uint4 pack(const float (&f)[PER_CHUNK]) {
#if FLOAT32
  return make_uint4(bits_of(f[0]), bits_of(f[1]), bits_of(f[2]), bits_of(f[3]));
#else
  return make_uint4(bfloat16s(f[0], f[1]), bfloat16s(f[2], f[3]), bfloat16s(f[4], f[5]), bfloat16s(f[6], f[7]));
#endif
}
// Sorts like the float: a larger float has a larger key.
DEVICE u32 sort_key(float f) {
  const u32 bits = bits_of(f);
  return bits >> 31 ? ~bits : bits | 0x80000000u;
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
