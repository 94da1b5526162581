"""A model for a command: from this machine, or from the hub, with a question and a progress bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from sidecar.cli import terminal
from sidecar.cli.terminal import Failure
from sidecar.memory import readable
from sidecar.models import catalog
from sidecar.models.catalog import Checkpoint, Fetching
from sidecar.models.hub import cache

if TYPE_CHECKING:
    from sidecar.models.hub.download import Progress

# Downloads up to this size begin without a question.
ASK_BYTES = 500_000_000
_BAR = "{desc}: {percentage:3.0f}% {bar:24} {n_fmt}/{total_fmt} [{remaining}, {rate_fmt}{postfix}]"


def fetched(
    name: str, *, yes: bool = False, named: bool = False, quiet: bool = False
) -> Checkpoint:
    """Return `catalog.resolve`, with a bar on stderr if something is downloaded. Ctrl-C keeps what
    came.

    A large download begins after a yes only. Where nobody can be asked, it begins if the command
    line has said yes, or if it is a command to download this model.

    Args:
        yes: the answer is given already.
        named: the command is to download this model.
        quiet: show nothing but the question.

    Raises:
        Failure: the answer is no, or there is none.
        SidecarError: as `catalog.resolve`.
    """
    download = _Download(name, yes=yes, named=named, quiet=quiet)
    try:
        return catalog.resolve(name, Fetching(download.show))
    except KeyboardInterrupt:
        if download.has_begun:
            terminal.note("What has been downloaded is kept, and the next try goes on from there.")
        raise
    finally:
        download.close()


class _Download:
    def __init__(self, name: str, *, yes: bool, named: bool, quiet: bool) -> None:
        self._name = name
        self._yes, self._named, self._quiet = yes, named, quiet
        self._bar: Any = None
        self.has_begun = False

    def show(self, progress: Progress) -> None:
        """Hear of the progress; the first that knows the size comes before anything is fetched."""
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
        size = readable(missing)
        what = f"{size} of {progress.repo} to {cache.folder()}"
        if missing > ASK_BYTES and not self._yes:
            if terminal.is_interactive():
                if not terminal.confirm(f"Download {what}?"):
                    raise Failure("Nothing was downloaded.")
                return
            if not self._named:
                raise Failure(
                    f"{self._name} is not on this machine, and downloading it takes {size}.",
                    "Give --yes to download it, or run first: "
                    f"qwen-tts-sidecar models download {self._name}",
                )
        if missing and not self._quiet:
            terminal.note(f"downloading {what}")

    def _draw(self, progress: Progress) -> None:
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
