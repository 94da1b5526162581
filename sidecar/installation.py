"""How this program was installed: into a Python environment, or as a bundle."""

from __future__ import annotations

import sys
from pathlib import Path


def bundle() -> Path | None:
    """Return the folder of the bundle that this program runs from; None in an environment.

    A bundle has its interpreter in `python/`, and a manifest beside that (packaging/manifest.py).
    """
    folder = Path(sys.prefix).parent
    return folder if (folder / "manifest.json").is_file() and _is_interpreter_of(folder) else None


def to_install(packages: str) -> str:
    """Return how to get packages: a clause that begins with `run pip install`.

    Args:
        packages: what pip is to install, as on its command line.
    """
    if bundle() is None:
        return f"run pip install {packages}"
    return (
        f"run pip install {packages} in a Python environment that the sidecar is installed in, "
        "since nothing can be added to this bundle"
    )


def _is_interpreter_of(folder: Path) -> bool:
    return Path(sys.prefix).name == "python" and (folder / "bin" / "qwen-tts-sidecar").is_file()
