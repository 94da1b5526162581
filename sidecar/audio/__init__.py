"""Samples → encodings, and recordings → samples.

`formats` and `media.kinds` are light; the others import numpy, which the handshake does without.
"""
