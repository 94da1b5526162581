// Draws a code from a row's logits: top-k, top-p, then the arg-max of logits plus noise.
//
// The noise is Gumbel noise times the temperature, which makes the arg-max a draw from the softmax;
// it is zero for a greedy row. As engine/sampling.py, step by step. One block does one row.
struct Settings {  // of a row, as engine/sampling.py makes them
  float top_k;     // 1 … VOCAB; VOCAB keeps all
  float top_p;     // 1 keeps all
  float temperature;
};
constexpr int PER_THREAD = (VOCAB + THREADS - 1) / THREADS;  // logits that a thread holds
// Shared memory: two counts of each warp, twice; sums, twice; candidates; the result.
struct SamplingMemory {
  u32 counts[2][WARPS][2];
  float sums[2][WARPS];
  u64 tops[WARPS];
};

// The sum over the block, in a fixed order, so that it is the same in every run.
DEVICE float block_sum(float v, float (&sums)[WARPS], const Lane& at) {
#pragma unroll
  for (int lanes = 16; lanes; lanes >>= 1) v += shuffle_xor(v, lanes);
  if (at.lane == 0) sums[at.warp] = v;
  sync_block();  // the sums of all warps
  float all = 0.f;
#pragma unroll
  for (int warp = 0; warp < WARPS; ++warp) all += sums[warp];
  return all;
}

// The key of the k-th largest logit, found two bits at a time from the top.
DEVICE u32 kth_largest(const u32 (&key)[PER_THREAD], u32 k, SamplingMemory& memory, const Lane& at) {
  u32 found = 0;
  int turn = 0;
#pragma unroll 1
  for (int bit = 30; bit >= 0; bit -= 2, turn ^= 1) {
    u32 one_and_two = 0, three = 0;  // how many keys have at least found plus that; two counts in a word
#pragma unroll
    for (int i = 0; i < PER_THREAD; ++i) {
      one_and_two += (key[i] >= (found | 1u << bit) ? 1u : 0u) + (key[i] >= (found | 2u << bit) ? 65536u : 0u);
      three += key[i] >= (found | 3u << bit) ? 1u : 0u;
    }
    one_and_two = warp_sum(one_and_two);
    three = warp_sum(three);
    if (at.lane == 0) {
      memory.counts[turn][at.warp][0] = one_and_two;
      memory.counts[turn][at.warp][1] = three;
    }
    sync_block();  // the counts of all warps
    const bool one_each = at.lane < WARPS;
    one_and_two = warp_sum(one_each ? memory.counts[turn][at.lane][0] : 0u);
    three = warp_sum(one_each ? memory.counts[turn][at.lane][1] : 0u);
    found |= three >= k                        ? 3u << bit
             : (one_and_two >> 16) >= k        ? 2u << bit
             : (one_and_two & 0xFFFFu) >= k    ? 1u << bit
                                               : 0u;
  }
  return found;
}

// The place in the ascending order from which on top-p keeps: the largest (key, index) before which
// the codes have a mass of at most 1 − top_p. Codes with key < least count nothing.
DEVICE u64 nucleus(const u32 (&key)[PER_THREAD], const float (&logit)[PER_THREAD], u32 least, const Settings& row,
                   SamplingMemory& memory, const Lane& at) {
  u64 top = 0;
#pragma unroll
  for (int i = 0; i < PER_THREAD; ++i) {
    const u64 place = (u64)key[i] << 32 | (u32)(i * THREADS + at.thread);
    top = key[i] && place > top ? place : top;
  }
#pragma unroll
  for (int lanes = 16; lanes; lanes >>= 1) {
    const u64 other = shuffle_xor(top, lanes);
    top = other > top ? other : top;
  }
  if (at.lane == 0) memory.tops[at.warp] = top;
  sync_block();  // the tops of all warps
  for (int warp = 0; warp < WARPS; ++warp) top = memory.tops[warp] > top ? memory.tops[warp] : top;
  const u32 top_key = (u32)(top >> 32);
  const float largest = float_of(top_key >> 31 ? top_key & 0x7FFFFFFFu : ~top_key);
  float mass[PER_THREAD], own = 0.f;
#pragma unroll
  for (int i = 0; i < PER_THREAD; ++i) {
    mass[i] = key[i] && key[i] >= least ? precise_exp((logit[i] - largest) / row.temperature) : 0.f;
    own += mass[i];
  }
  const float limit = (1.f - row.top_p) * block_sum(own, memory.sums[0], at);
  u64 found = 0;
  int turn = 1;
#pragma unroll 1
  for (int bit = 63; bit >= 0; --bit) {
    if (bit == 31) bit = INDEX_BITS - 1;  // an index has no more bits
    const u64 tried = found | 1ull << bit;
    float before = 0.f;
#pragma unroll
    for (int i = 0; i < PER_THREAD; ++i) {
      const u64 place = (u64)key[i] << 32 | (u32)(i * THREADS + at.thread);
      before += place < tried ? mass[i] : 0.f;
    }
    if (block_sum(before, memory.sums[turn], at) <= limit) found = tried;
    turn ^= 1;
  }
  return found < top ? found : top;  // the most likely code always stays
}

// The row's code; every thread of the block gets it. `finite`: whether all logits are numbers.
DEVICE u32 draw(const float* logits, const float* noise, const Settings& row, SamplingMemory& memory, const Lane& at,
                bool& finite) {
  float logit[PER_THREAD];
  u32 key[PER_THREAD];  // 0 where there is no code
  float bad = 0.f;
#pragma unroll
  for (int i = 0; i < PER_THREAD; ++i) {
    const int code = i * THREADS + at.thread;
    logit[i] = code < VOCAB ? float_of(load_shared(reinterpret_cast<const u32*>(logits + code))) : 0.f;
    key[i] = code < VOCAB ? max(sort_key(logit[i]), 1u) : 0u;
    if ((bits_of(logit[i]) & 0x7F800000u) == 0x7F800000u) bad = 1.f;
  }
  u32 least = 0;
  if (row.top_k < VOCAB) least = kth_largest(key, (u32)row.top_k, memory, at);
  u64 from = 0;
  if (row.top_p < 1.f && row.temperature > 0.f) from = nucleus(key, logit, least, row, memory, at);
  u64 best = 0;  // the largest sum, and of equal ones the smallest code
#pragma unroll
  for (int i = 0; i < PER_THREAD; ++i) {
    const u32 code = i * THREADS + at.thread;
    if (!key[i] || key[i] < least || ((u64)key[i] << 32 | code) < from) continue;
    const float sum = noise == nullptr ? logit[i] : logit[i] + noise[code];
    const u64 candidate = (u64)sort_key(sum) << 32 | ~code;
    best = candidate > best ? candidate : best;
  }
#pragma unroll
  for (int lanes = 16; lanes; lanes >>= 1) {
    const u64 other = shuffle_xor(best, lanes);
    best = other > best ? other : best;
  }
  finite = block_sum(bad, memory.sums[0], at) == 0.f;
  if (at.lane == 0) memory.tops[at.warp] = best;
  sync_block();  // the best of all warps
  for (int warp = 0; warp < WARPS; ++warp) best = memory.tops[warp] > best ? memory.tops[warp] : best;
  return ~(u32)best;
}
