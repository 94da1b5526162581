"""`models verify`: compares every byte of exported models with their manifests."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from sidecar.cli import terminal
from sidecar.cli.fetching import BAR
from sidecar.cli.terminal import Failure
from sidecar.errors import ModelDamaged, UnknownModel
from sidecar.memory import format_bytes
from sidecar.models import catalog, exported, manifest
from sidecar.models.exported import Exported
from sidecar.voices.names import printable


def verify(options: argparse.Namespace) -> int:
    """Run the command; print one line for each model; return the exit code.

    Raises:
        SidecarError, Failure
    """
    chosen = [_find(name) for name in options.model] or list(exported.contents())
    if not chosen:
        raise Failure(
            "There are no exported models to verify.",
            "Name the folder that has them: qwen-tts-sidecar models verify --models-dir DIR",
        )
    damaged = [one for one in chosen if not _verify(one)]
    if damaged:
        names = ", ".join(printable(one.name) for one in damaged)
        raise Failure(
            f"{len(damaged)} of {len(chosen)} models are damaged: {names}.",
            "Delete their folders and export them again, or copy the folders again.",
        )
    return 0


def _find(name: str) -> Exported:
    """Return an exported model, by its name or by its folder.

    Raises:
        UnknownModel: it has neither a manifest nor a place in a folder of exported models.
    """
    if catalog.is_folder(name):
        path = Path(name).expanduser()
        try:
            return Exported(path, manifest.read(path))
        except ModelDamaged as error:
            return Exported(path, fault=error)
    found = exported.look_up(*catalog.parts(name))
    if found is None:
        folders = ", ".join(map(str, exported.folders())) or "--models-dir, which is not given"
        raise UnknownModel(
            f"{name!r} is not an exported model in {folders}.",
            hint="Only exported models have a manifest; a download is checked while it arrives.",
            field="model",
        )
    return found


def _verify(one: Exported) -> bool:
    name = printable(one.name)
    faults = list(_faults(one))
    if one.manifest is not None and not faults:
        size = format_bytes(one.manifest.size)
        print(f"{name}: whole, {len(one.manifest.files)} files, {size}", flush=True)
    for fault in faults:
        print(f"{name}: damaged: {fault}", flush=True)
    return not faults


def _faults(one: Exported) -> Iterator[str]:
    if one.manifest is None:
        assert one.fault is not None
        yield one.fault.message
        return
    bar = tqdm(
        desc=one.path.name,
        total=one.manifest.size,
        unit="B",
        unit_scale=True,
        bar_format=BAR,
        disable=not terminal.is_shown(),
        leave=False,
    )
    with bar:
        for path, fault in manifest.find_faults(one.path, one.manifest, bar.update):
            yield f"{path} {fault}."
