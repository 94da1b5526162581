"""`doctor`: what this machine offers, and what would make it faster."""

from __future__ import annotations

import platform
import sys
from importlib import metadata

from sidecar import __version__
from sidecar.models import backend, catalog


def report() -> str:
    """Returns the lines to print."""
    rows = [
        ("qwen-tts-sidecar", __version__),
        ("platform", f"{platform.platform()} ({platform.machine()})"),
        ("python", f"{platform.python_version()} ({sys.executable})"),
        ("mlx", _version("mlx")),
        ("mlx-audio", _version("mlx-audio")),
        ("backend", _backend()),
        ("BLAS", _blas()),
        ("hub cache", _hub_cache()),
        ("cached models", ", ".join(_cached()) or "none"),
        ("bundled voice", _bundled()),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"


def _backend() -> str:
    try:
        backend.prepare()
        return backend.name()
    except ImportError as error:
        return f"none: {error}. On Linux install qwen-tts-sidecar[cpu], [cuda12] or [cuda13]."


def _blas() -> str:
    if not sys.platform.startswith("linux"):
        return "Accelerate"
    found = backend.load_openblas()
    if found:
        return f"OpenBLAS ({found})"
    return (
        "the reference BLAS inside MLX, which makes speech take twice as long; "
        "install OpenBLAS (Debian, Ubuntu: apt install libopenblas0-pthread)"
    )


def _hub_cache() -> str:
    from huggingface_hub import constants

    return str(constants.HF_HUB_CACHE)


def _cached() -> list[str]:
    return [entry.name for entry in catalog.entries() if entry.state == "cached"]


def _bundled() -> str:
    path = catalog.resolve(catalog.BUNDLED).path
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return f"{catalog.BUNDLED} ({size / 1e6:.0f} MB) in {path}"
