"""Makes an interpreter's programs and libraries find each other in a tree on Linux.

An interpreter of a distribution, or one that was compiled here, links libraries of the system, as
OpenSSL. They are copied, and found by a path relative to the file that needs them. The files of
wheels are left as they are: auditwheel has done the same to them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

# What every system has that MLX's wheel runs on: glibc 2.35, and the libraries of its compiler.
_SYSTEM = re.compile(
    r"(linux-vdso|ld-linux.*|libc|libm|libdl|libpthread|librt|libutil|libresolv|libstdc\+\+|libgcc_s)"
    r"\.so.*"
)
_OPENBLAS = "libopenblas.so.0"
_FIND_OPENBLAS = f"""
import ctypes
ctypes.CDLL("{_OPENBLAS}")
print(next(line.split()[-1] for line in open("/proc/self/maps") if "libopenblas" in line))
"""


def bring(
    copies: dict[Path, Path], folder: Path, patchelf: Path, arranged: Path
) -> dict[Path, Path]:
    """Copy what the given files link into a folder, and make all of them find it.

    Args:
        copies: files in the tree, and what each was copied from.
        folder: the tree's folder for libraries.
        arranged: files that were copied from this folder are not changed: in a standalone
            interpreter, they find each other already.

    Returns:
        The copied libraries, and what each was copied from.

    Raises:
        FileNotFoundError: a library is missing on this machine.
    """
    libraries: dict[Path, Path] = {}
    for original in copies.values():
        for name, path in _links(original):
            libraries[folder / name] = path
    for copied, original in libraries.items():
        shutil.copy(original, copied)
    for copied, original in {**copies, **libraries}.items():
        if not original.is_relative_to(arranged):
            _strip(copied)
            _arrange(copied, folder, patchelf)
    return libraries


def _arrange(file: Path, folder: Path, patchelf: Path) -> None:
    """Make a file find libraries in a folder, by a path relative to its own."""
    relative = os.path.relpath(folder, file.parent)
    rpath = "$ORIGIN" if relative == "." else f"$ORIGIN/{relative}"
    # RPATH, and not RUNPATH: it comes before LD_LIBRARY_PATH, which the host may have set.
    subprocess.run([patchelf, "--force-rpath", "--set-rpath", rpath, file], check=True)


def openblas(folder: Path) -> dict[Path, Path]:
    """Copy this machine's OpenBLAS into a folder; return the copy, and what it was copied from.

    Raises:
        FileNotFoundError: there is none.
    """
    found = subprocess.run(
        [sys.executable, "-c", _FIND_OPENBLAS], capture_output=True, text=True, check=False
    )
    if found.returncode:
        raise FileNotFoundError(
            "OpenBLAS is not installed, and MLX is half as fast without it. Install it (Debian, "
            "Ubuntu: apt install libopenblas0-pthread), or call this with --without-openblas."
        )
    original = Path(found.stdout.strip()).resolve()
    copied = folder / _OPENBLAS
    shutil.copy(original, copied)
    return {copied: original}


def _links(file: Path) -> list[tuple[str, Path]]:
    """Return the libraries that a file needs, also indirectly: the name, and where it is."""
    answer = subprocess.run(["ldd", file], capture_output=True, text=True, check=False)
    found: list[tuple[str, Path]] = []
    for line in answer.stdout.splitlines():
        name, arrow, rest = line.strip().partition(" => ")
        if not arrow or _SYSTEM.fullmatch(name):
            continue
        if rest.startswith("not found"):
            raise FileNotFoundError(f"{file} needs {name}, which is not on this machine")
        found.append((name, Path(rest.split(" (")[0]).resolve()))
    return found


def _strip(file: Path) -> None:
    """Remove the symbols that only a debugger reads: libpython's are 20 MB."""
    subprocess.run(["strip", "--strip-unneeded", file], check=True)
