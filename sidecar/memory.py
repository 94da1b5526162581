"""How much memory the machine has, and how much of it models may use. Does not use MLX."""

from __future__ import annotations

import mmap
import os
import re
import resource
from pathlib import Path

import msgspec

_UNITS = {
    "": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "kib": 2**10, "mib": 2**20,
    "gib": 2**30, "tib": 2**40, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12,
}  # fmt: skip
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([a-z]*|%)", re.IGNORECASE)
# The limit of a container, by version 2 and version 1 of cgroups.
_CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


class MemoryLimit(msgspec.Struct, frozen=True):
    """The memory that all loaded models together may use: bytes, or a share of the machine's.

    Neither means no limit.
    """

    nbytes: int = 0
    share: float = 0.0

    def of(self, machine: int) -> int | None:
        """Return the limit in bytes on a machine with this much memory; None means no limit."""
        return self.nbytes or int(self.share * machine) or None


# The rest is for streams, for kernels, and for other programs.
DEFAULT_LIMIT = MemoryLimit(share=0.7)


def parse_limit(text: str) -> MemoryLimit:
    """Return the limit for "8GB", "8GiB", "50%" or a number of bytes; 0 means no limit.

    Raises:
        ValueError: the text is not one of these.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None or match[2] != "%":
        return MemoryLimit(nbytes=parse_size(text, " or 50%"))
    if float(match[1]) > 100:
        raise ValueError(f"{text!r} is more than 100%")
    return MemoryLimit(share=float(match[1]) / 100)


def parse_size(text: str, others: str = "") -> int:
    """Return the bytes of "8GB", "8GiB" or a number of bytes.

    Args:
        others: what else the text could be, for the error.

    Raises:
        ValueError: the text is not one of these.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None or match[2].lower() not in _UNITS:
        raise ValueError(f"{text!r} is not a size such as 8GB{others}")
    return int(float(match[1]) * _UNITS[match[2].lower()])


def physical_bytes() -> int:
    """Return the memory of the machine, or of the container that the process runs in."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in _CGROUPS:
        try:
            total = min(total, int(Path(path).read_text()))
        except (OSError, ValueError):  # there is no such file, or it says "max"
            continue
    return total


def check_address_space(nbytes: int) -> None:
    """Refuse work for which the process may not have the address space, as with `ulimit -v`.

    Where memory runs out inside of libraries, some of them crash or wait for ever.

    Raises:
        MemoryError
    """
    if resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY:
        return
    try:
        mmap.mmap(-1, nbytes).close()
    except (OSError, MemoryError):
        raise MemoryError(
            f"the process may not have {format_bytes(nbytes)} more of address space (ulimit -v)"
        ) from None


def format_bytes(nbytes: int) -> str:
    """Return the size for people, as in 4.6 GB."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if nbytes >= size:
            return f"{nbytes / size:.3g} {unit}"
    return f"{nbytes} bytes"
