"""The settings of `serve`."""

from __future__ import annotations

import msgspec

from sidecar.lexicon.entries import Lexicon
from sidecar.limits import HANG_SECONDS, MAX_REFERENCE_SECONDS
from sidecar.memory import DEFAULT_LIMIT, MemoryLimit
from sidecar.models.catalog import BUNDLED


class Settings(msgspec.Struct, frozen=True):
    """The command line's options.

    Attributes:
        model: the model of a request that names none.
        hang_seconds: how long one piece of work may take; 0 is no limit, None derives it from the
            other settings.
        voices_dir: the folder of saved voices; None is the user's data folder.
        memory_limit: how much memory loaded models may take together.
        keep_alive: seconds that a model stays in memory without work; negative is without end.
        aligner: the model that finds word times; None leaves it to the aligners of the package.
        lexicon: how words are said in all texts, if there is one.
        max_reference_seconds: how long a reference recording may be.
    """

    model: str = BUNDLED
    log_level: str = "warning"
    log_format: str = "text"
    hang_seconds: float | None = None
    voices_dir: str | None = None
    memory_limit: MemoryLimit = DEFAULT_LIMIT
    keep_alive: float = -1.0
    aligner: str | None = None
    lexicon: Lexicon | None = None
    max_reference_seconds: float = MAX_REFERENCE_SECONDS

    @property
    def hangs_after(self) -> float:
        """The watchdog's limit; the longest piece of work is the analysis of a reference."""
        if self.hang_seconds is not None:
            return self.hang_seconds
        return HANG_SECONDS * max(1.0, self.max_reference_seconds / MAX_REFERENCE_SECONDS)
