// CUDA's side of codec.h, after ../cuda/kernels/device.cuh (or, in tests, its emulator).
#define IN(type) const type*
#define OUT(type) type*
#define INTS const int*
#define SHARED(type) type*
constexpr int THREADS = 128;
DEVICE float sine(float x) { return sinf(x); }
DEVICE float exponential_of(float x) { return precise_exp(x); }
