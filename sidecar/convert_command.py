"""`models quantize`: a smaller copy of a checkpoint, in a folder of its own."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from sidecar.errors import InvalidParams, SidecarError
from sidecar.fetching import fetched
from sidecar.memory import readable
from sidecar.models import backend, registry


def quantize(options: argparse.Namespace) -> int:
    """Runs the command; returns the exit code."""
    target = Path(options.output).expanduser()
    try:
        quantised, left = _written(options.model, options.bits, options.group_size, target)
    except SidecarError as error:
        print(f"models: {error.advice}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"models: {error}", file=sys.stderr)
        return 1
    size = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
    print(
        f"{options.bits} bits in groups of {options.group_size}: {quantised} linear layers"
        + (f" ({left} are too narrow and stay)" if left else "")
        + f", {readable(size)} → {target}"
    )
    return 0


def _written(model: str, bits: int, group_size: int, target: Path) -> tuple[int, int]:
    """All of it or nothing: what is under way is beside it, under another name."""
    if target.exists():
        raise InvalidParams(f"{target} exists already.", hint="Name a folder that does not.")
    checkpoint = fetched(model)
    backend.prepare()
    target.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        done = registry.convert(checkpoint, bits, group_size, making)
        making.chmod(0o755)  # temporary folders are for their owner alone
        making.rename(target)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return done
