"""What the figures were taken on: date, machine, device, versions."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import metadata
from typing import Any

from bench import child

_PACKAGES = ("mlx", "mlx-audio", "numpy")


@cache
def describe() -> dict[str, Any]:
    """Everything a reader needs to judge the figures; JSON values."""
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory": _output("sysctl", "-n", "hw.memsize") or _total_bytes(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in _PACKAGES},
        "commit": _output("git", "describe", "--always", "--dirty"),
        **_device(),
    }


def on_cpu() -> bool:
    return describe()["backend"] == "cpu"


def header() -> str:
    """Return the same as Markdown."""
    return header_of(describe())


def header_of(seen: Mapping[str, Any]) -> str:
    """Return what `describe` returned, perhaps elsewhere, as Markdown."""
    versions = ", ".join(f"{name} {version}" for name, version in seen["versions"].items())
    gigabytes = f"{int(seen['memory']) / 2**30:.0f} GB"
    device = f"{seen['backend']}: {seen['device']}"
    device += f", {seen['blas']}" if seen["backend"] == "cpu" else ""
    lines = [
        f"{seen['date']} · commit {seen['commit'] or 'unknown'}",
        f"{seen['cpu']}, {seen['cores']} cores, {gigabytes} · MLX on {device}",
        f"{seen['system']} · Python {seen['python']}, {versions}",
    ]
    return "  \n".join(lines)


def _device() -> dict[str, str]:
    try:
        return child.call("bench.machine:device", 120)
    except child.ChildFailed as error:
        print(error, file=sys.stderr)
        return {"backend": "unknown", "device": "unknown", "blas": "unknown"}


def device() -> dict[str, str]:
    """In a child: MLX's backend, the device's name, the BLAS that our engine finds."""
    from sidecar.models import backend

    blas = backend.load_openblas()
    import mlx.core as mx

    name = str(mx.device_info().get("device_name", "unknown"))
    usual = "Accelerate" if sys.platform == "darwin" else "reference BLAS"
    return {"backend": backend.name(), "device": name, "blas": blas or usual}


def _cpu() -> str:
    if sys.platform == "darwin":
        return _output("sysctl", "-n", "machdep.cpu.brand_string")
    try:
        with open("/proc/cpuinfo") as file:
            names = [line.partition(":")[2] for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0].strip() if names else platform.machine()


def _total_bytes() -> str:
    return str(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"


def _output(*command: str) -> str:
    return _run(command)


def _run(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, cwd=child.ROOT)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
