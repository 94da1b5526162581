"""Modules that mlx-audio imports and we may never need: imported on first use, not at start."""

from __future__ import annotations

import subprocess
import sys

import pytest

_LOADED = """
import sys
from sidecar.models import backend
backend.prepare()
from sidecar.models import catalog, registry
registry.load(catalog.resolve("tiny-voice"), "auto")
assert "mlx_audio.resample" in sys.modules
"""
_USES = {
    "mlx-audio's": """
import numpy as np
from mlx_audio.resample import resample_audio_array
tone = np.sin(np.arange(4800) / 10)
assert resample_audio_array(tone, 48000, 24000).shape == (2400,)
""",
    "a name": "from scipy.signal import firwin; assert firwin(5, 0.5).shape == (5,)",
    "the module": "import scipy.signal; assert scipy.signal.firwin(5, 0.5).shape == (5,)",
    "a part of it": "from scipy.signal.windows import hann; assert hann(8).shape == (8,)",
}


def run(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_start_imports_neither_scipy_nor_transformers_nor_the_hub_client() -> None:
    run(
        _LOADED
        + """
unneeded = ("scipy.signal.", "transformers", "huggingface_hub.file_download", "httpx")
assert not [name for name in sys.modules if name.startswith(unneeded)]
"""
    )


@pytest.mark.parametrize("name", ["hf_hub_download", "snapshot_download"])
def test_the_downloads_of_the_hub_are_the_real_ones_afterwards(name: str) -> None:
    run(
        _LOADED
        + f"""
import huggingface_hub
from mlx_audio import utils
from mlx_audio.codec.models.mimi import mimi
deferred = vars(utils).get({name!r}) or vars(mimi)[{name!r}]
assert huggingface_hub.{name}.__module__.startswith("huggingface_hub.")
try:
    deferred("no/such name")
except ValueError as error:  # the hub's own check of names
    assert "no/such name" in str(error), error
else:
    raise AssertionError("it was accepted")
"""
    )


@pytest.mark.parametrize("use", _USES)
def test_it_is_there_when_asked_for(use: str) -> None:
    run(_LOADED + _USES[use] + '\nassert "scipy.signal._signaltools" in sys.modules')
