// Metal's side of codec.h.
typedef uint u32;
#define DEVICE inline
#define IN(type) const device type*
#define OUT(type) device type*
#define INTS const device int*
#define SHARED(type) threadgroup type*
constant int THREADS = 128;
inline float sine(float x) { return metal::sin(x); }
inline float exponential_of(float x) { return metal::exp(x); }
inline float inverse_root(float x) { return metal::rsqrt(x); }
inline void sync_block() { metal::threadgroup_barrier(metal::mem_flags::mem_threadgroup); }
