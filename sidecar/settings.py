"""What `serve` is started with."""

from __future__ import annotations

import msgspec

from sidecar.limits import HANG_SECONDS, MAX_REFERENCE_SECONDS
from sidecar.memory import DEFAULT_LIMIT, MemoryLimit
from sidecar.models.catalog import BUNDLED


class Settings(msgspec.Struct, frozen=True):
    """The command line's options.

    Attributes:
        model: what a request without one means.
        hang_seconds: how long one piece of work may take; 0 is for ever, None goes by the other
            settings.
        voices_dir: of saved voices; None is the user's data folder.
        memory_limit: what loaded models may take together.
        keep_alive: seconds that a model stays without work; negative is for ever.
        max_reference_seconds: how long a reference recording may be.
    """

    model: str = BUNDLED
    log_level: str = "warning"
    log_format: str = "text"
    hang_seconds: float | None = None
    voices_dir: str | None = None
    memory_limit: MemoryLimit = DEFAULT_LIMIT
    keep_alive: float = -1.0
    max_reference_seconds: float = MAX_REFERENCE_SECONDS

    @property
    def hangs_after(self) -> float:
        """The longest piece of work is the analysis of a reference."""
        if self.hang_seconds is not None:
            return self.hang_seconds
        return HANG_SECONDS * max(1.0, self.max_reference_seconds / MAX_REFERENCE_SECONDS)
