"""`models export`: copies models into a folder that an app ships."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from tqdm import tqdm

from sidecar.cli import terminal
from sidecar.cli.fetching import BAR, fetch
from sidecar.cli.terminal import Failure
from sidecar.files import describe_os_error
from sidecar.memory import format_bytes
from sidecar.models import catalog, export_plan, exporting, inventory
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.export_plan import Export
from sidecar.models.exporting import Progress, TargetTakenError


def export(options: argparse.Namespace) -> int:
    """Run the command; return the exit code.

    Raises:
        SidecarError, Failure
    """
    folder = Path(options.folder).expanduser()
    names = options.model or _downloaded()
    if options.name is not None and len(names) != 1:
        raise Failure("--name names one model, so exactly one model has to be given.", code=2)
    find = _download if options.download else _find
    # All are found before any is copied, so that an unknown name costs no time.
    exports = [export_plan.plan(find(name, options), options.name) for name in names]
    for one in exports:
        print(_copy(one, folder), flush=True)
    return 0


def _downloaded() -> list[str]:
    names = [entry.name for entry in inventory.entries() if entry.source == "cache"]
    if not names:
        raise Failure(
            "No model has been downloaded to this machine.",
            "Name one, and add --download: "
            "qwen-tts-sidecar models export DIR 0.6b-customvoice --download",
        )
    return names


def _find(name: str, options: argparse.Namespace) -> Checkpoint:
    return catalog.resolve(name)


def _download(name: str, options: argparse.Namespace) -> Checkpoint:
    return fetch(name, yes=options.yes, is_named=True)


def _copy(one: Export, folder: Path) -> Path:
    bar = _Bar(one, one.target(folder))
    try:
        target = exporting.run(one, folder, bar.show)
    except KeyboardInterrupt:
        bar.close()
        raise terminal.Interrupted(
            f"{one.about.model} was not exported; nothing of it is in {folder}."
        ) from None
    except TargetTakenError as error:
        raise Failure(
            f"{error.path} already exists, and is not what would be exported.",
            "Delete it first, or name another folder.",
        ) from None
    except OSError as error:
        where = error.filename if isinstance(error.filename, str) else str(folder)
        raise Failure(
            f"{one.about.model} was not exported. {where}: {describe_os_error(error, where)}."
        ) from error
    finally:
        bar.close()
    if not bar.has_begun:
        terminal.note(f"{one.about.model} is already there")
    return target


class _Bar:
    """The progress of one model's copy on stderr; at a terminal, a bar."""

    def __init__(self, one: Export, target: Path) -> None:
        self._one, self._target = one, target
        self._bar: Any = None

    @property
    def has_begun(self) -> bool:
        return self._bar is not None

    def show(self, progress: Progress) -> None:
        if self._bar is None:
            size = format_bytes(progress.total_bytes)
            terminal.note(f"exporting {size} of {self._one.about.model} to {self._target}")
            self._bar = tqdm(
                desc=self._target.name,
                total=progress.total_bytes,
                unit="B",
                unit_scale=True,
                bar_format=BAR,
                disable=not terminal.is_shown(),
            )
        self._bar.set_postfix_str(progress.file, False)
        self._bar.update(progress.copied_bytes - self._bar.n)

    def close(self) -> None:
        """End the line of the bar."""
        if self._bar is not None:
            self._bar.close()
