"""How much memory there is, and how much of it models may take. Knows no MLX."""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec

_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_UNITS |= {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40, "k": 10**3, "m": 10**6}
_UNITS |= {"g": 10**9, "t": 10**12}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([a-z]*|%)", re.IGNORECASE)
# Of a container; version 2 and version 1.
_CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


class MemoryLimit(msgspec.Struct, frozen=True):
    """What loaded models may take together: bytes, or else a share of the machine's; neither is
    no limit."""

    nbytes: int = 0
    share: float = 0.0

    def of(self, machine: int) -> int | None:
        """In bytes, on a machine with so many; None is no limit."""
        return self.nbytes or int(self.share * machine) or None


# The rest is for what streams, kernels and the other programs need.
DEFAULT_LIMIT = MemoryLimit(share=0.7)


def parse_limit(text: str) -> MemoryLimit:
    """Reads "8GB", "8GiB", "50%" or a number of bytes; 0 is no limit.

    Raises:
        ValueError: it is none of these.
    """
    match = _SIZE.fullmatch(text.strip())
    unit = match[2].lower() if match else "?"
    if match is None or (unit != "%" and unit not in _UNITS):
        raise ValueError(f"{text!r} is not a size such as 8GB or 50%")
    number = float(match[1])
    if unit != "%":
        return MemoryLimit(nbytes=int(number * _UNITS[unit]))
    if number > 100:
        raise ValueError(f"{text!r} is more than 100%")
    return MemoryLimit(share=number / 100)


def physical_bytes() -> int:
    """The machine's memory, or what the container that this runs in may use of it."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in _CGROUPS:
        try:
            total = min(total, int(Path(path).read_text()))
        except (OSError, ValueError):  # not there, or "max"
            continue
    return total


def readable(nbytes: int) -> str:
    """As a person would say it: 4.6 GB."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if nbytes >= size:
            return f"{nbytes / size:.3g} {unit}"
    return f"{nbytes} bytes"
