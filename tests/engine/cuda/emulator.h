// A GPU for the kernels of sidecar/models/qwen3_tts/cuda, on a CPU: the functions of device.cuh.
//
// Each of the GPU's threads is a fiber. One runs until it waits for others (a shuffle, a barrier, a
// value that is not there), then the next one does. The order of the blocks' threads comes from a
// seed, so that a missing wait shows as a wrong result under some seed. What this cannot show are
// errors in the order of memory accesses: here every store is seen at once.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <tuple>
#include <type_traits>
#include <vector>

typedef unsigned int u32;
typedef unsigned long long u64;
typedef unsigned short u16;
struct uint4 { u32 x, y, z, w; };
struct uint2 { u32 x, y; };
static inline uint2 make_uint2(u32 x, u32 y) { return {x, y}; }
static inline uint4 make_uint4(u32 x, u32 y, u32 z, u32 w) { return {x, y, z, w}; }
using std::max;

#define DEVICE inline
#define KERNEL(threads) static void
#define DYNAMIC_SHARED_MEMORY(name) unsigned char* name = emulator::now->block->shared
#define SPIN_LIMIT 2000u

// switch_stack(&from, to): saves what a call must preserve, and goes on where `to` was left.
asm(R"(
.text
.globl switch_stack
switch_stack:
  pushq %rbp; pushq %rbx; pushq %r12; pushq %r13; pushq %r14; pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15; popq %r14; popq %r13; popq %r12; popq %rbx; popq %rbp
  ret
)");
extern "C" void switch_stack(void** from, void* to);

namespace emulator {
constexpr int THREADS_OF_BLOCK = 32 * WARPS;
constexpr size_t STACK_BYTES = 1 << 16;
struct Rendezvous {
  int arrived = 0;
  u32 turn = 0;
};
struct Warp {
  Rendezvous meeting;
  u64 values[2][32][6];  // two turns, so that a fast lane does not overwrite what a slow one reads
};
struct Block {
  Rendezvous meeting;
  Warp warps[WARPS];
  unsigned char* shared;
};
struct Fiber {
  void* stack;
  unsigned char* memory;
  Block* block;
  int thread, number;
  bool done;
};
static Fiber* now;
static void* host_stack;
static bool gave_up;
static void (*body)();

inline void yield() { switch_stack(&now->stack, host_stack); }
inline void meet(Rendezvous& meeting, int count) {
  const u32 turn = meeting.turn;
  if (++meeting.arrived == count) {
    meeting.arrived = 0;
    ++meeting.turn;
    return;
  }
  while (meeting.turn == turn) yield();
}
inline Warp& warp() { return now->block->warps[now->thread / 32]; }
// Every lane gives its values, and gets those of all.
inline u64 (*exchange(const u64* values, int count))[6] {
  Warp& all = warp();
  u64 (*table)[6] = all.values[all.meeting.turn & 1];
  for (int i = 0; i < count; ++i) table[now->thread % 32][i] = values[i];
  meet(all.meeting, 32);
  return table;
}
inline u64 of_lane(u64 value, int lane) { return exchange(&value, 1)[lane][0]; }
inline int lane() { return now->thread % 32; }
static void enter() {
  body();
  now->done = true;
  for (;;) yield();
}
}  // namespace emulator

struct Index { int x; };
#define threadIdx (Index{emulator::now->thread})
#define blockIdx (Index{emulator::now->number})

DEVICE void give_up() { emulator::gave_up = true; for (;;) emulator::yield(); }
DEVICE void sync_block() { emulator::meet(emulator::now->block->meeting, emulator::THREADS_OF_BLOCK); }
DEVICE void sync_warp() { emulator::meet(emulator::warp().meeting, 32); }
DEVICE void fence() {}
DEVICE void pause_spinning() { emulator::yield(); }
template <class T>
DEVICE T load_weights(const T* p) { return *p; }
DEVICE uint4 load_shared16(const void* p) { uint4 v; memcpy(&v, p, 16); return v; }
DEVICE u32 load_shared(const u32* p) { return *p; }
DEVICE u32 load_acquire(const u32* p) { return *p; }
DEVICE void store_shared(u32* p, u32 v) { *p = v; }
DEVICE void store_shared(u16* p, u16 v) { *p = v; }
DEVICE void store_shared16(void* p, const uint4& v) { memcpy(p, &v, 16); }
DEVICE u32 arrive(u32* counter) { return (*counter)++; }
DEVICE void arrive_release(u32* counter) { ++*counter; }
DEVICE void prefetch(const void*, u32) {}

DEVICE u32 bits_of(float f) { u32 v; memcpy(&v, &f, 4); return v; }
DEVICE float float_of(u32 v) { float f; memcpy(&f, &v, 4); return f; }
DEVICE u32 shuffle(u32 v, int lane) { return (u32)emulator::of_lane(v, lane); }
DEVICE u32 shuffle_xor(u32 v, int mask) { return shuffle(v, emulator::lane() ^ mask); }
DEVICE float shuffle(float v, int lane) { return float_of(shuffle(bits_of(v), lane)); }
DEVICE float shuffle_xor(float v, int mask) { return shuffle(v, emulator::lane() ^ mask); }
DEVICE u64 shuffle_xor(u64 v, int mask) { return emulator::of_lane(v, emulator::lane() ^ mask); }
DEVICE u32 warp_sum(u32 v) {
  const u64 one = v;
  u64 (*all)[6] = emulator::exchange(&one, 1);
  u32 sum = 0;
  for (int lane = 0; lane < 32; ++lane) sum += (u32)all[lane][0];
  return sum;
}
DEVICE u32 pick_bytes(u32 a, u32 b, u32 selector) {
  const u64 both = (u64)b << 32 | a;
  u32 picked = 0;
  for (int i = 0; i < 4; ++i) picked |= (u32)(both >> 8 * (selector >> 4 * i & 7) & 0xFF) << 8 * i;
  return picked;
}
DEVICE u32 rounded_bits(float f) {  // to nearest even; NaN as the GPU's
  const u32 bits = bits_of(f);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return 0x7FFFu;
  return (bits + 0x7FFFu + (bits >> 16 & 1)) >> 16;
}
DEVICE u32 bfloat16s(float low, float high) { return rounded_bits(low) | rounded_bits(high) << 16; }
DEVICE float fast_exp(float x) { return expf(x); }
DEVICE float precise_exp(float x) { return expf(x); }
DEVICE float inverse_root(float x) { return 1.f / sqrtf(x); }

DEVICE void multiply_tile(float (&c)[4], u32 a0, u32 a1, u32 a2, u32 a3, u32 b0, u32 b1) {
  const u64 own[6] = {a0, a1, a2, a3, b0, b1};
  u64 (*all)[6] = emulator::exchange(own, 6);
  const int g = emulator::lane() / 4, t = emulator::lane() % 4;
  for (int i = 0; i < 4; ++i) {
    const int below = i / 2, column = t * 2 + i % 2;
    for (int k = 0; k < 16; ++k) {
      const int lane = k / 2 % 4, far = k / 8, shift = k % 2 * 16;
      const u32 a = (u32)all[g * 4 + lane][below + 2 * far] >> shift << 16;
      const u32 b = (u32)all[column * 4 + lane][4 + far] >> shift << 16;
      c[i] += float_of(a) * float_of(b);
    }
  }
}

namespace emulator {
// Runs body() in `blocks` blocks of THREADS_OF_BLOCK threads; false: a thread gave up.
static bool run(int blocks, u32 seed) {
  std::vector<Block> all(blocks);
  std::vector<Fiber> fibers(blocks * THREADS_OF_BLOCK);
  for (int i = 0; i < (int)fibers.size(); ++i) {
    Fiber& fiber = fibers[i];
    const int number = i / THREADS_OF_BLOCK;
    fiber = {nullptr, (unsigned char*)malloc(STACK_BYTES), &all[number], i % THREADS_OF_BLOCK, number, false};
    if (fiber.thread == 0) all[number].shared = (unsigned char*)aligned_alloc(64, (SHARED_BYTES + 63) / 64 * 64);
    void** top = (void**)((uintptr_t)(fiber.memory + STACK_BYTES) & ~(uintptr_t)63);
    *--top = nullptr;  // where enter() would return to; it makes the stack's alignment a call's
    *--top = (void*)enter;
    top -= 6;
    fiber.stack = top;
  }
  for (Block& block : all) memset(block.shared, 0xA5, SHARED_BYTES);
  std::mt19937 random(seed);
  std::vector<Fiber*> order;
  for (Fiber& fiber : fibers) order.push_back(&fiber);
  gave_up = false;
  while (!order.empty() && !gave_up) {
    // Shuffled by warps: a warp's lanes stay together, which saves most of the switches.
    std::vector<int> starts;
    for (int i = 0; i < (int)order.size(); i += 32) starts.push_back(i);
    std::shuffle(starts.begin(), starts.end(), random);
    for (int turns = 0; turns < 64 && !gave_up; ++turns)
      for (int start : starts)
        for (int i = start; i < std::min(start + 32, (int)order.size()); ++i)
          if (!order[i]->done) {
            now = order[i];
            switch_stack(&host_stack, now->stack);
          }
    order.erase(std::remove_if(order.begin(), order.end(), [](Fiber* fiber) { return fiber->done; }), order.end());
  }
  for (Fiber& fiber : fibers) free(fiber.memory);
  for (Block& block : all) free(block.shared);
  return !gave_up;
}

// Calls a kernel: pointers are taken from `arrays`, ints from `scalars`.
template <class T>
T argument(void** arrays, const int* scalars, int& array, int& scalar) {
  if constexpr (std::is_pointer_v<T>) return (T)arrays[array++];
  else return (T)scalars[scalar++];
}
template <class... Arguments>
bool launch(void (*kernel)(Arguments...), void** arrays, const int* scalars, int blocks, u32 seed) {
  static std::tuple<Arguments...> values;
  static void (*function)(Arguments...);
  int array = 0, scalar = 0;
  values = {argument<Arguments>(arrays, scalars, array, scalar)...};
  function = kernel;
  body = [] { std::apply(function, values); };
  return run(blocks, seed);
}
}  // namespace emulator
#define EMULATE(kernel) \
  extern "C" int launch(void** arrays, const int* scalars, int blocks, u32 seed) { \
    return emulator::launch(kernel, arrays, scalars, blocks, seed); \
  }
