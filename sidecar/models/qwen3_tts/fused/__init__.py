"""The codec on a GPU with few kernels: its own between the products, from one source for CUDA and
Metal. See `kernels/codec.h`."""
