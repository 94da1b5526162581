// What the kernels need of the GPU: loads, stores, shuffles, the matrix instruction and the barriers.
//
// There are no includes, since NVRTC compiles this without CUDA's headers.
// tests/engine/cuda/emulator.h has the same functions for a CPU.
typedef unsigned int u32;
typedef unsigned long long u64;
typedef unsigned short u16;

#define DEVICE __device__ __forceinline__
#define KERNEL(threads) extern "C" __global__ void __launch_bounds__(threads, 1)
#define DYNAMIC_SHARED_MEMORY(name) extern __shared__ __align__(16) unsigned char name[]

// How often a thread looks for a value before it gives up: some seconds. A launch whose blocks are
// not all resident would wait for ever; the trap ends it with an error that the host sees.
#define SPIN_LIMIT 3000000u

DEVICE void give_up() { __trap(); }
DEVICE void sync_block() { __syncthreads(); }
DEVICE void sync_warp() { __syncwarp(); }
DEVICE void fence() { __threadfence(); }
DEVICE void pause_spinning() {}

// Weights: each is read once in a launch, so they pass by L1. Volatile: a load stays where it was
// issued, ahead of the wait for the activations.
DEVICE uint4 load_weights(const uint4* p) {
  uint4 v;
  asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0,%1,%2,%3}, [%4];"
               : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(p));
  return v;
}
DEVICE uint2 load_weights(const uint2* p) {
  uint2 v;
  asm volatile("ld.global.nc.L1::no_allocate.v2.u32 {%0,%1}, [%2];" : "=r"(v.x), "=r"(v.y) : "l"(p));
  return v;
}
DEVICE u32 load_weights(const u32* p) {
  u32 v;
  asm volatile("ld.global.nc.L1::no_allocate.u32 %0, [%1];" : "=r"(v) : "l"(p));
  return v;
}
// What other blocks have written in this launch: from L2, never from a stale line of L1.
DEVICE uint4 load_shared16(const void* p) {
  uint4 v;
  asm volatile("ld.relaxed.gpu.global.v4.u32 {%0,%1,%2,%3}, [%4];"
               : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(p) : "memory");
  return v;
}
DEVICE u32 load_shared(const u32* p) {
  u32 v;
  asm volatile("ld.relaxed.gpu.global.u32 %0, [%1];" : "=r"(v) : "l"(p) : "memory");
  return v;
}
DEVICE u32 load_acquire(const u32* p) {
  u32 v;
  asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(v) : "l"(p) : "memory");
  return v;
}
DEVICE void store_shared(u32* p, u32 v) {
  asm volatile("st.relaxed.gpu.global.u32 [%0], %1;" ::"l"(p), "r"(v) : "memory");
}
DEVICE void store_shared(u16* p, u16 v) {
  asm volatile("st.relaxed.gpu.global.u16 [%0], %1;" ::"l"(p), "h"(v) : "memory");
}
DEVICE void store_shared16(void* p, const uint4& v) {
  asm volatile("st.relaxed.gpu.global.v4.u32 [%0], {%1,%2,%3,%4};"
               ::"l"(p), "r"(v.x), "r"(v.y), "r"(v.z), "r"(v.w) : "memory");
}
DEVICE u32 arrive(u32* counter) { return atomicAdd(counter, 1u); }
DEVICE void arrive_release(u32* counter) {
  asm volatile("red.release.gpu.global.add.u32 [%0], 1;" ::"l"(counter) : "memory");
}
// Asks for `bytes` of weights, a multiple of 16, to be brought to L2; called by a whole warp.
DEVICE void prefetch(const void* p, u32 bytes) {
  const u32 lane = threadIdx.x & 31;
#if __CUDA_ARCH__ >= 900
  if (lane == 0) asm volatile("cp.async.bulk.prefetch.L2.global [%0], %1;" ::"l"(p), "r"(bytes) : "memory");
#else
  for (u32 at = lane * 128; at < bytes; at += 32 * 128)
    asm volatile("prefetch.global.L2 [%0];" ::"l"((const char*)p + at) : "memory");
#endif
}

DEVICE u32 shuffle(u32 v, int lane) { return __shfl_sync(~0u, v, lane); }
DEVICE u32 shuffle_xor(u32 v, int mask) { return __shfl_xor_sync(~0u, v, mask); }
DEVICE float shuffle(float v, int lane) { return __shfl_sync(~0u, v, lane); }
DEVICE float shuffle_xor(float v, int mask) { return __shfl_xor_sync(~0u, v, mask); }
DEVICE u64 shuffle_xor(u64 v, int mask) { return __shfl_xor_sync(~0u, v, mask); }
DEVICE u32 warp_sum(u32 v) { return __reduce_add_sync(~0u, v); }

DEVICE float float_of(u32 bits) { return __uint_as_float(bits); }
DEVICE u32 bits_of(float f) { return __float_as_uint(f); }
// Byte i of the result is the one of (a, b) that digit i of `selector` names: 0 to 3 of a, 4 to 7 of b.
DEVICE u32 pick_bytes(u32 a, u32 b, u32 selector) { return __byte_perm(a, b, selector); }
// Two floats as bfloat16, rounded to nearest even; `low` is in the lower half.
DEVICE u32 bfloat16s(float low, float high) {
  u32 r;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low));
  return r;
}
DEVICE float fast_exp(float x) { return __expf(x); }
DEVICE float precise_exp(float x) { return expf(x); }
DEVICE float inverse_root(float x) { return rsqrtf(x); }

// c[16×8] += a[16×16] · b[16×8], bfloat16 in and float32 out; a lane (g, t) = (lane / 4, lane % 4)
// has rows g and g + 8 of a, column g of b, and columns 2t and 2t + 1 of c.
DEVICE void multiply_tile(float (&c)[4], u32 a0, u32 a1, u32 a2, u32 a3, u32 b0, u32 b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}
