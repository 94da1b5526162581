"""Finds a model for a command; asks before a large download, and shows its progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from sidecar.cli import terminal
from sidecar.cli.terminal import Failure
from sidecar.memory import format_bytes
from sidecar.models import catalog
from sidecar.models.catalog import Fetching
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.hub import cache

if TYPE_CHECKING:
    from sidecar.models.hub.download import Progress

# Downloads up to this size begin without a question.
ASK_BYTES = 500_000_000
BAR = "{desc}: {percentage:3.0f}% {bar:24} {n_fmt}/{total_fmt} [{remaining}, {rate_fmt}{postfix}]"


def fetch(
    name: str, *, yes: bool = False, is_named: bool = False, quiet: bool = False
) -> Checkpoint:
    """Return the files of a model: from this machine, or downloaded with a progress bar on stderr.

    A large download needs a yes: from `--yes`, or from the terminal. Without a terminal it begins
    only if the command is to download this very model. After Ctrl-C the downloaded part is kept.

    Args:
        yes: the answer to the question is yes.
        is_named: the command is to download this model.
        quiet: show nothing but the question.

    Raises:
        Failure: the answer is no, or nothing can be asked.
        SidecarError: as `catalog.resolve`.
    """
    download = _Download(name, yes=yes, is_named=is_named, quiet=quiet)
    try:
        return catalog.resolve(name, Fetching(download.show))
    except KeyboardInterrupt:
        if download.has_begun:
            terminal.note("The downloaded part is kept; the next download continues from there.")
        raise
    finally:
        download.close()


class _Download:
    def __init__(self, name: str, *, yes: bool, is_named: bool, quiet: bool) -> None:
        self._name = name
        self._yes, self._is_named, self._quiet = yes, is_named, quiet
        self._bar: Any = None
        self.has_begun = False

    def show(self, progress: Progress) -> None:
        """Show the progress. Ask when the size is known, which is before anything is fetched."""
        if not progress.total_bytes:
            if not self._quiet and not self.has_begun:
                terminal.note(f"asking the hub for {progress.repo} …")
            return
        if not self.has_begun:
            self._permit(progress)
            self.has_begun = True
        if not self._quiet:
            self._draw(progress)

    def close(self) -> None:
        """End the line of the bar."""
        if self._bar is not None:
            self._bar.close()

    def _permit(self, progress: Progress) -> None:
        missing = progress.total_bytes - progress.received_bytes
        size = format_bytes(missing)
        what = f"{size} of {progress.repo} to {cache.folder()}"
        if missing > ASK_BYTES and not self._yes:
            if terminal.is_interactive():
                if not terminal.confirm(f"Download {what}?"):
                    raise Failure("Nothing was downloaded.")
                return
            if not self._is_named:
                raise Failure(
                    f"{self._name} is not on this machine, and its download is {size}.",
                    "Add --yes to download it, or run this first: "
                    f"qwen-tts-sidecar models download {self._name}",
                )
        if missing and not self._quiet:
            terminal.note(f"downloading {what}")

    def _draw(self, progress: Progress) -> None:
        if self._bar is None:
            self._bar = tqdm(
                desc=progress.repo.rpartition("/")[2],
                total=progress.total_bytes,
                initial=progress.received_bytes,  # an earlier part does not count as speed
                unit="B",
                unit_scale=True,
                bar_format=BAR,
            )
        wait = progress.waiting_seconds
        self._bar.set_postfix_str(f"waiting {wait:.0f} s, as the hub asks" if wait else "", False)
        self._bar.update(progress.received_bytes - self._bar.n)
