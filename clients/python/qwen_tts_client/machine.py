"""Whether the sidecar can run on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from platform import machine as processor
from platform import release as kernel

# The platforms that MLX has wheels for.
_SUPPORTED = ("darwin-arm64", "linux-x86_64", "linux-aarch64")
# The oldest system that MLX's wheels run on: macOS 14, whose kernel is Darwin 23, and glibc 2.35.
_DARWIN = 23
_GLIBC = (2, 35)


def _glibc() -> str | None:
    """Return the version of glibc; None with another C library."""
    if sys.platform != "linux":
        return None
    with suppress(ValueError, OSError):
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").removeprefix("glibc ") or None
    return None


def _is_apple() -> bool:
    """Return whether the processor is Apple's, even if this process was built for Intel."""
    if sys.platform != "darwin":
        return False
    command = ("/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string")
    done = subprocess.run(command, capture_output=True, check=False)
    return b"Apple" in done.stdout


@dataclass(frozen=True)
class Machine:
    """What decides whether the sidecar runs on a machine."""

    platform: str = f"{sys.platform}-{processor().lower()}"
    """Operating system and processor of this process, such as `linux-x86_64`."""

    release: str = kernel()
    """Version of the kernel, such as `23.1.0`."""

    glibc: str | None = field(default_factory=_glibc)
    """Version of glibc; None if Linux has another C library, or this is not Linux."""

    is_apple: bool = field(default_factory=_is_apple)
    """Whether the processor is Apple's, even if this process was built for Intel."""


_ELSEWHERE = (
    "run it on Linux or on a Mac with Apple silicon, and call it there through OpenAI's speech "
    'API, as the README of qwen-tts-sidecar describes under "From another machine".'
)


def why_unsupported(machine: Machine) -> str | None:
    """Return why the sidecar cannot run on a machine and what to do instead; None if it can."""
    system = machine.platform.partition("-")[0]
    if system == "win32":
        return f"The sidecar does not run on Windows: {_ELSEWHERE}"
    if machine.platform == "darwin-x86_64":
        if not machine.is_apple:
            return f"The sidecar does not run on Macs with an Intel processor: {_ELSEWHERE}"
        return (
            "This Python was built for Intel processors and runs under Rosetta, where MLX cannot "
            "be installed: use a Python for Apple silicon (arm64)."
        )
    if machine.platform not in _SUPPORTED:
        return f"The sidecar does not run on {machine.platform}: {_ELSEWHERE}"
    if system == "darwin":
        if int(machine.release.partition(".")[0]) >= _DARWIN:
            return None
        return f"The sidecar needs macOS 14 or newer, and this is older: update it, or {_ELSEWHERE}"
    return _wrong_libc(machine.glibc)


def _wrong_libc(glibc: str | None) -> str | None:
    newer = "use a system such as Debian 12 or Ubuntu 22.04, in a container for instance."
    if glibc is None:
        return f"The sidecar does not run on Linux without glibc, such as Alpine: {newer}"
    if tuple(map(int, glibc.split(".")[:2])) >= _GLIBC:
        return None
    least = ".".join(map(str, _GLIBC))
    return f"The sidecar needs glibc {least} or newer, and here it is {glibc}: {newer}"
