"""The mark of tests that need a GPU."""

from __future__ import annotations

import pytest

from sidecar.models import backend
from tests.support.installing import untested

needs_cuda = pytest.mark.skipif(backend.name() != "cuda", reason="needs MLX on CUDA")
if backend.name() != "cuda":
    untested.append("the kernels for CUDA on a GPU: MLX runs on another device")
