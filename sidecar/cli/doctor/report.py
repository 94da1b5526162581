"""Collects the report: what this machine has, what is broken, and what would help."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Sequence
from importlib import metadata
from typing import Any

import psutil

from sidecar import __version__
from sidecar.cli.doctor import fit, surroundings
from sidecar.cli.doctor.selftest import self_test
from sidecar.errors import SidecarError
from sidecar.memory import DEFAULT_LIMIT, physical_bytes
from sidecar.models import backend, catalog, inventory
from sidecar.models.hub import cache, client
from sidecar.models.hub.failures import free_bytes
from sidecar.models.inventory import Entry

_PACKAGES = ("mlx", "mlx-audio", "huggingface-hub", "numpy")


def collect(*, speak: bool, network: bool) -> dict[str, Any]:
    """Return the report, as `doctor --json` prints it: unknown values are absent.

    Args:
        speak: run the self-test, which takes some seconds.
        network: check whether the hub answers, unless offline mode is on.

    Returns:
        broken: what keeps the sidecar from working.
        advice: what would make it better, and which model to use.
        backend: metal, cuda or cpu; absent if MLX does not work.
        frameKernels: on CUDA, "yes" if the GPU can compute a frame in two kernels, or why not.
        bundle: the platform and the folder of the bundle that this runs from; absent in a Python
            environment.
        blas: the library that was found; absent on the CPU means MLX's slow one.
        exported: the models in the folders of --models-dir.
        memory: `limitBytes` is what loaded models may use together, without `--memory-limit`.
    """
    broken: list[str] = []
    device = _device(broken)
    bundled = _bundled(broken)
    memory = _memory(device)
    test = self_test() if speak and not broken else None
    if test is not None and "error" in test:
        broken.append(f"the bundled voice does not speak: {test['error']}")
    entries = inventory.entries()
    on_cpu = device in (None, "cpu")
    own = memory.get("deviceBytes")
    sizes = fit.sizes(
        entries,
        own or memory["totalBytes"],
        memory.get("limitBytes"),
        own=own is not None,
        on_cpu=on_cpu,
    )
    report: dict[str, Any] = {
        "version": __version__,
        "platform": f"{platform.platform()} ({platform.machine()})",
        "python": f"{platform.python_version()} ({sys.executable})",
        "packages": {name: _version(name) for name in _PACKAGES},
        "bundled": bundled,
        "cache": _cache(entries),
        "exported": _exported(entries),
        "memory": memory,
        "sizes": sizes,
        "extras": surroundings.extras(),
        "sound": surroundings.sound(),
        "hub": surroundings.hub(ask=network),
        "advice": [fit.advice(sizes, on_cpu=on_cpu)],
        "broken": broken,
        **_without_unknown(
            backend=device,
            frameKernels=_frame_kernels(device),
            blas=_blas(),
            selfTest=test,
            bundle=surroundings.bundle(),
        ),
    }
    report["advice"] += _advice(report)
    return report


def _exported(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Describe the models of --models-dir, and what is broken in any place."""
    return [
        {
            "model": entry.name,
            **_without_unknown(
                path=str(entry.checkpoint.path) if entry.checkpoint else None,
                fault=entry.fault.message if entry.fault else None,
            ),
        }
        for entry in entries
        if entry.source == "modelsDir" or entry.fault
    ]


def _without_unknown(**values: Any) -> dict[str, Any]:
    """Return the values that are known."""
    return {name: value for name, value in values.items() if value is not None}


def _advice(report: dict[str, Any]) -> Iterator[str]:
    if report.get("backend") == "cpu":
        yield (
            "MLX runs on the CPU, where weights are unpacked: a quantised model saves space on the "
            "disk but no memory, and a full-size model may speak slower than real time."
        )
    if "blas" not in report:
        yield (
            "MLX's own BLAS makes speech take twice as long; install OpenBLAS (Debian, Ubuntu: "
            "apt install libopenblas0-pthread)."
        )
    if not report["cache"]["writable"]:
        yield (
            f"{report['cache']['path']} cannot be written, so no model can be downloaded. Set "
            "HF_HUB_CACHE to another folder."
        )
    for one in report["cache"]["models"]:
        if "missingFiles" in one:
            command = f"qwen-tts-sidecar models download {one['model']}"
            yield f"{one['model']} is incomplete; to complete it, run: {command}"
    test = report.get("selfTest", {})
    if test.get("outcome") == "slow" or test.get("realTimeFactor", 0) > 1:
        yield "The bundled voice speaks slower than real time: is the machine busy?"
    if problem := report["sound"].get("problem"):
        yield f"`say --play` cannot play: {problem}. It can write files (-o FILE)."
    for one in report["exported"]:
        if "fault" in one:
            yield f"{one['model']} cannot be used: {one['fault']}"
    hub = report["hub"]
    if problem := hub.get("problem"):
        yield (
            f"{hub['host']} cannot be reached: {problem}. No model can be downloaded; models that "
            "are on this machine work. Behind a proxy, set HTTPS_PROXY."
        )


def _device(broken: list[str]) -> str | None:
    try:
        backend.prepare()
        return backend.name()
    except Exception as error:  # MLX is not installed, or has no driver for its backend
        broken.append(
            f"MLX does not work: {error}. On Linux: pip install 'mlx[cpu]', or 'mlx[cuda12]' or "
            "'mlx[cuda13]'."
        )
        return None


def _frame_kernels(device: str | None) -> str | None:
    if device != "cuda":
        return None
    from sidecar.models.qwen3_tts.cuda import selection

    reason = selection.obstacle()
    return "yes" if reason is None else f"no: {reason}"


def _memory(device: str | None) -> dict[str, int]:
    """Return the memory of the machine or the container, and of a GPU that has its own."""
    machine = psutil.virtual_memory()
    total = min(machine.total, physical_bytes())
    usable, own = total, None
    if device is not None:
        usable, own = backend.memory_bytes(), backend.own_memory()
    return {
        "totalBytes": total,
        "availableBytes": min(machine.available, total),
        **_without_unknown(deviceBytes=own, limitBytes=DEFAULT_LIMIT.of(usable)),
    }


def _blas() -> str | None:
    if not sys.platform.startswith("linux"):
        return "Accelerate"
    found = backend.load_openblas()
    return f"OpenBLAS ({found})" if found else None


def _bundled(broken: list[str]) -> str:
    try:
        path = catalog.resolve(catalog.BUNDLED).path
    except SidecarError as error:
        broken.append(error.advice)
        return "broken"
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return f"{catalog.BUNDLED} ({size / 1e6:.0f} MB) in {path}"


def _cache(entries: Sequence[Entry]) -> dict[str, Any]:
    """Return what is in the hub's cache; models that are incomplete have missing files."""
    path = cache.folder()
    existing = next(one for one in (path, *path.parents) if one.exists())
    models = [
        {
            "model": entry.name,
            "diskBytes": entry.cache_bytes,
            **_without_unknown(missingFiles=list(entry.missing) or None),
        }
        for entry in entries
        if entry.cache_bytes
    ]
    return {
        "path": str(path),
        "writable": os.access(existing, os.W_OK),
        "freeBytes": free_bytes(path),
        "models": models,
        **_without_unknown(
            offline=client.is_offline() or None, endpoint=os.environ.get("HF_ENDPOINT")
        ),
    }


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
