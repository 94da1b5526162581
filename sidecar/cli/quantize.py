"""`models quantize`: a smaller copy of a checkpoint, in a folder of its own."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from sidecar.cli.fetching import fetched
from sidecar.cli.terminal import Failure
from sidecar.files import cause
from sidecar.memory import readable
from sidecar.models import backend, registry
from sidecar.models.catalog import Checkpoint


def quantize(options: argparse.Namespace) -> int:
    """Run the command; return the exit code.

    Raises:
        SidecarError, Failure
    """
    target = Path(options.output).expanduser()
    checkpoint = _source(target, options)
    try:
        quantised, left = _written(checkpoint, options.bits, options.group_size, target)
    except OSError as error:
        where = error.filename or str(target)
        raise Failure(f"The copy failed. {where}: {cause(error, where)}.") from error
    size = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
    print(
        f"{options.bits} bits in groups of {options.group_size}: {quantised} linear layers"
        + (f" ({left} are too narrow and stay)" if left else "")
        + f", {readable(size)} → {target}"
    )
    return 0


def _source(target: Path, options: argparse.Namespace) -> Checkpoint:
    """What is wrong with the folder is said before anything is downloaded."""
    if target.exists():
        raise Failure(f"{target} exists already.", "Name a folder that does not.")
    if not target.parent.is_dir():
        raise Failure(
            f"{target} cannot be written: there is no folder {target.parent}.",
            f"Make the folder first: mkdir -p {target.parent}",
        )
    return fetched(options.model, yes=options.yes)


def _written(checkpoint: Checkpoint, bits: int, group_size: int, target: Path) -> tuple[int, int]:
    """All of it or nothing: what is under way is beside it, under another name."""
    backend.prepare()
    making = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        done = registry.convert(checkpoint, bits, group_size, making)
        making.chmod(0o755)  # temporary folders are for their owner alone
        making.rename(target)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return done
