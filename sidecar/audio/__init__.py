"""Samples → encodings, and recordings → samples.

The handshake imports only `formats` and `sources`, which are light. The others import numpy.
"""
