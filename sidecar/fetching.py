"""A model for a command: from this machine, or from the hub behind a progress bar."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from sidecar.models import catalog
from sidecar.models.catalog import Checkpoint, Fetching

if TYPE_CHECKING:
    from sidecar.models.download import Progress

_BAR = "{desc}: {percentage:3.0f}% {bar:24} {n_fmt}/{total_fmt} [{remaining}, {rate_fmt}{postfix}]"


def fetched(name: str) -> Checkpoint:
    """`catalog.resolve`, with a bar on stderr if something is downloaded. Ctrl-C keeps what came.

    Raises:
        SidecarError: as there.
    """
    bar = _Bar()
    try:
        return catalog.resolve(name, Fetching(bar.show))
    finally:
        bar.close()


class _Bar:
    def __init__(self) -> None:
        self._bar: Any = None

    def show(self, progress: Progress) -> None:
        if not progress.total_bytes:
            print(f"downloading {progress.repo}", file=sys.stderr)
            return
        if self._bar is None:
            # What was there before is no speed.
            self._bar = tqdm(
                desc=progress.repo.rpartition("/")[2],
                total=progress.total_bytes,
                initial=progress.received_bytes,
                unit="B",
                unit_scale=True,
                bar_format=_BAR,
            )
        waiting = progress.waiting_seconds
        self._bar.set_postfix_str(f"the hub asks to wait {waiting:.0f} s" if waiting else "", False)
        self._bar.update(progress.received_bytes - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
