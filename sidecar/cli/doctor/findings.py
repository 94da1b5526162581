"""Looks at the machine."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata

import msgspec
import psutil

from sidecar import __version__
from sidecar.cli.doctor.fit import Size, advice, sizes
from sidecar.cli.doctor.selftest import SelfTest, self_test
from sidecar.cli.doctor.surroundings import Extra, Hub, Sound, extras, sound, the_hub
from sidecar.errors import SidecarError
from sidecar.memory import DEFAULT_LIMIT, physical_bytes
from sidecar.models import backend, catalog, inventory
from sidecar.models.hub import cache, client
from sidecar.models.hub import errors as hub_errors
from sidecar.models.inventory import Entry

_PACKAGES = ("mlx", "mlx-audio", "huggingface-hub", "numpy")


class CachedModel(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Something in the hub's cache; `missing_files` if it is there in part."""

    model: str
    disk_bytes: int
    missing_files: list[str] = []


class Cache(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The hub's cache."""

    path: str
    writable: bool
    free_bytes: int
    models: list[CachedModel]
    offline: bool = False
    endpoint: str | None = None


class Memory(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Of the machine, or the container that this runs in, and of a GPU that has its own.

    Attributes:
        limit_bytes: what loaded models may take together, unless `serve` is told otherwise.
    """

    total_bytes: int
    available_bytes: int
    device_bytes: int | None = None
    limit_bytes: int | None = None


class Findings(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Everything that `doctor` says.

    Attributes:
        broken: what keeps the sidecar from working.
        advice: what would make it better, and what to take.
        backend: metal, cuda or cpu; absent if MLX cannot be used.
        blas: the library found; absent on the CPU means MLX's slow one.
        extras: optional parts of the package.
        sound: what `say --play` would play on.
        hub: where models are downloaded from.
    """

    version: str
    platform: str
    python: str
    packages: dict[str, str | None]
    bundled: str
    cache: Cache
    memory: Memory
    sizes: list[Size]
    extras: list[Extra]
    sound: Sound
    hub: Hub
    advice: list[str]
    broken: list[str]
    backend: str | None = None
    blas: str | None = None
    self_test: SelfTest | None = None


def look(*, speak: bool, network: bool) -> Findings:
    """Collect the findings.

    Args:
        speak: run the self-test, which takes some seconds.
        network: ask the hub whether it is there, unless offline mode is on.
    """
    broken: list[str] = []
    device = _device(broken)
    memory = _memory(device)
    blas = _blas()
    bundled = _bundled(broken)
    test = self_test() if speak and not broken else None
    if test is not None and test.error:
        broken.append(f"the bundled voice does not speak: {test.error}")
    on_cpu = device in (None, "cpu")
    own, usable = memory.device_bytes, memory.device_bytes or memory.total_bytes
    entries = inventory.entries()
    rows = sizes(entries, usable, memory.limit_bytes, own=own is not None, on_cpu=on_cpu)
    found = _cache(entries)
    where = the_hub() if network else Hub(hub_errors.host())
    heard = sound()
    return Findings(
        version=__version__,
        platform=f"{platform.platform()} ({platform.machine()})",
        python=f"{platform.python_version()} ({sys.executable})",
        packages={name: _version(name) for name in _PACKAGES},
        bundled=bundled,
        cache=found,
        memory=memory,
        sizes=rows,
        extras=extras(),
        sound=heard,
        hub=where,
        advice=[
            advice(rows, on_cpu=on_cpu),
            *_advice(found, device, blas, test),
            *_around(heard, where),
        ],
        broken=broken,
        backend=device,
        blas=blas,
        self_test=test,
    )


def _advice(found: Cache, device: str | None, blas: str | None, test: SelfTest | None) -> list[str]:
    said: list[str] = []
    if device == "cpu":
        said.append(
            "MLX runs on the CPU, where weights are unpacked: a quantised model saves disk, not "
            "memory, and a full-size one may speak slower than real time."
        )
    if blas is None:
        said.append(
            "MLX's own BLAS makes speech take twice as long; install OpenBLAS (Debian, Ubuntu: "
            "apt install libopenblas0-pthread)."
        )
    if not found.writable:
        said.append(
            f"{found.path} cannot be written: no model can be downloaded. Set HF_HUB_CACHE."
        )
    said += [
        f"{one.model} is here in part: qwen-tts-sidecar models download {one.model}."
        for one in found.models
        if one.missing_files
    ]
    if test is not None and (test.outcome == "slow" or (test.real_time_factor or 0) > 1):
        said.append("The bundled voice speaks slower than real time: is the machine busy?")
    return said


def _around(heard: Sound, where: Hub) -> list[str]:
    said: list[str] = []
    if heard.problem:
        said.append(f"`say --play` cannot play: {heard.problem}. It can write files (-o FILE).")
    if where.reachable is False:
        said.append(
            f"{where.host} cannot be reached: {where.problem}. No model can be downloaded; what is "
            "on this machine works. Behind a proxy set HTTPS_PROXY."
        )
    return said


def _device(broken: list[str]) -> str | None:
    try:
        backend.prepare()
        return backend.name()
    except Exception as error:  # not installed, or no driver for its backend
        broken.append(
            f"MLX cannot be used: {error}. On Linux: pip install 'mlx[cpu]', or "
            "'mlx[cuda12]' or 'mlx[cuda13]'."
        )
        return None


def _memory(device: str | None) -> Memory:
    machine = psutil.virtual_memory()
    total = min(machine.total, physical_bytes())
    usable, own = total, None
    if device is not None:
        usable, own = backend.memory_bytes(), backend.own_memory()
    return Memory(total, min(machine.available, total), own, DEFAULT_LIMIT.of(usable))


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


def _cache(rows: list[Entry]) -> Cache:
    path = cache.folder()
    models = [
        CachedModel(row.name, row.disk_bytes, list(row.missing))
        for row in rows
        if row.state == "cached" or (row.repo and row.disk_bytes)
    ]
    existing = next(one for one in (path, *path.parents) if one.exists())
    return Cache(
        path=str(path),
        writable=os.access(existing, os.W_OK),
        free_bytes=hub_errors.free_bytes(path),
        models=models,
        offline=client.is_offline(),
        endpoint=os.environ.get("HF_ENDPOINT"),
    )


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
