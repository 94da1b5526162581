"""Finds when each word of an utterance was spoken. Importing this module imports no aligner.

An aligner that comes with the package is a row of `_BUILT_IN`. It runs on the thread of its
request, so it must do without MLX. Others are checkpoints, which the engine loads and runs.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Seconds from the beginning of the samples: when each unit begins and ends.
Times = list[tuple[float, float]]


class Aligner(Protocol):
    """Aligns the words of an utterance with its audio.

    Attributes:
        name: for people and for results, as in "letters".
        grain_ms: the distance of the times that it can tell apart, in milliseconds.
        languages: the languages that it knows, by the names that models use, as in "english".
    """

    @property
    def name(self) -> str: ...

    @property
    def grain_ms(self) -> float: ...

    @property
    def languages(self) -> tuple[str, ...]: ...

    def align(
        self, samples: NDArray[np.float32], sample_rate: int, units: Sequence[str], language: str
    ) -> Times | None:
        """Return when each unit begins and ends; None if it is not sure.

        Args:
            samples: float32 [length], one channel, all of one utterance, and nothing else but the
                silence around it.
            sample_rate: of the samples, in Hz; it may be any.
            units: one or more words as they are spoken, in order: letters, digits and apostrophes
                of any script, with their case, without white space and other marks, never empty.
                In Chinese each character is a unit.
            language: one of `languages`.

        Returns:
            One pair for each unit, in seconds, with 0 ≤ start ≤ end ≤ length ÷ sample_rate, and no
            unit starting before the one before it.
        """
        ...


# The names of a language → the module that has `load() -> Aligner`, without MLX. It is called once,
# by the first request that needs it.
_BUILT_IN: dict[str, str] = {"english": "sidecar.models.aligners.letters"}

_loaded: dict[str, Aligner] = {}
_lock = threading.Lock()


def list_languages() -> list[str]:
    """Return the languages that the package has an aligner for."""
    return sorted(_BUILT_IN)


def find_built_in(language: str) -> Aligner | None:
    """Return the aligner of the package for a language; None if there is none. For any thread."""
    module = _BUILT_IN.get(language)
    if module is None:
        return None
    with _lock:
        if module not in _loaded:
            _loaded[module] = importlib.import_module(module).load()
        return _loaded[module]
