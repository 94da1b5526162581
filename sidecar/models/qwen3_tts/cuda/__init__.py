"""Frames on CUDA in two launches: one for the talker's step, one for the code predictor.

The layered path takes some 1,700 kernels for a frame, and the host needs longer to start them than
the GPU needs to run them. Here each stack of layers is one kernel whose blocks stay on the GPU, and
pass activations to each other through memory.

`shape` has the sizes, `packing` the order of the weights, `compiler` makes machine code of
`kernels/`, `device` knows what the GPU can hold, `launch` runs a kernel, `predictor` and `talker`
are the two, `rows` keeps the rows of the talker's batch, `selection` decides whether all that is
used.
"""
