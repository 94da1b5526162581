"""`models quantize`: makes a smaller copy of a checkpoint, in a folder of its own."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from sidecar.cli import terminal
from sidecar.cli.fetching import fetch
from sidecar.cli.terminal import Failure
from sidecar.files import describe_os_error
from sidecar.memory import format_bytes
from sidecar.models import backend, registry
from sidecar.models.checkpoint import Checkpoint
from sidecar.models.manifest import MANIFEST


def quantize(options: argparse.Namespace) -> int:
    """Run the command; return the exit code.

    Raises:
        SidecarError, Failure
    """
    target = Path(options.output).expanduser()
    _check(target)
    checkpoint = fetch(options.model, yes=options.yes)
    try:
        with terminal.reserve_stdout():
            quantised, kept = _write(checkpoint, options.bits, options.group_size, target)
    except OSError as error:
        where = error.filename or str(target)
        raise Failure(f"The copy failed. {where}: {describe_os_error(error, where)}.") from error
    size = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
    print(
        f"{options.bits} bits in groups of {options.group_size}: {quantised} linear layers"
        + (f" ({kept} others are too narrow and were not quantised)" if kept else "")
        + f", {format_bytes(size)} → {target}"
    )
    return 0


def _check(target: Path) -> None:
    """Raise Failure if the folder cannot be created; before anything is downloaded."""
    if target.exists():
        raise Failure(f"{target} already exists.", "Name a folder that does not exist yet.")
    if not target.parent.is_dir():
        raise Failure(
            f"{target} cannot be written: there is no folder {target.parent}.",
            f"Create the folder first: mkdir -p {target.parent}",
        )


def _write(checkpoint: Checkpoint, bits: int, group_size: int, target: Path) -> tuple[int, int]:
    """Write all of the copy or nothing: it is made beside the target, under another name."""
    backend.prepare()
    making = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        counts = registry.convert(checkpoint, bits, group_size, making)
        # The copy is another model than the exported one that it may be made of.
        (making / MANIFEST).unlink(missing_ok=True)
        making.chmod(0o755)  # mkdtemp makes folders that only their owner can read
        making.rename(target)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return counts
