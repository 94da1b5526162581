"""`models list|download|path|remove`: the hub's cache, by hand."""

from __future__ import annotations

import argparse
import shutil
from typing import Any

import msgspec

from sidecar.cli import terminal
from sidecar.cli.fetching import fetched
from sidecar.cli.model_listing import listing, table
from sidecar.cli.terminal import Failure
from sidecar.errors import ModelNotDownloaded, UnknownModel, Unsupported
from sidecar.memory import readable
from sidecar.models import backend, catalog, inventory
from sidecar.models.hub import cache
from sidecar.models.inventory import Entry


def models(options: argparse.Namespace) -> int:
    """Run the command; return the exit code.

    Raises:
        SidecarError, Failure, OSError
    """
    commands = {"list": _list, "download": _download, "path": _path, "remove": _remove}
    return commands[options.action](options)


def _list(options: argparse.Namespace) -> int:
    rows, on_cpu = inventory.entries(), _on_cpu()
    if options.json:
        plain = [_plain(row, on_cpu) for row in rows]
        print(msgspec.json.format(msgspec.json.encode(plain)).decode())
    elif options.verbose:
        print(table(rows, on_cpu=on_cpu))
    else:
        print(listing(rows, shutil.get_terminal_size().columns, on_cpu=on_cpu))
    return 0


def _on_cpu() -> bool:
    """Whether MLX computes on the CPU; so it is, too, where there is no MLX that can."""
    try:
        backend.prepare()
        return backend.on_cpu()
    except Exception:  # as `doctor` says, with the reason
        return True


def _plain(entry: Entry, on_cpu: bool) -> dict[str, Any]:
    return {
        "model": entry.name,
        "state": entry.state,
        "repo": entry.repo,
        "diskBytes": entry.disk_bytes,
        "missingFiles": list(entry.missing),
        "languages": list(entry.languages),
        "abilities": list(entry.abilities),
        "downloadBytes": entry.known.download_bytes if entry.known else None,
        "memoryBytes": entry.memory_bytes(on_cpu=on_cpu),
    }


def _download(options: argparse.Namespace) -> int:
    for name in options.model:
        pinned = _pinned(name, options.revision)
        print(fetched(pinned, yes=options.yes, named=True).path, flush=True)
    return 0


def _path(options: argparse.Namespace) -> int:
    print(catalog.resolve(_pinned(options.model, options.revision)).path)
    return 0


def _pinned(name: str, revision: str | None) -> str:
    return name if revision is None else f"{name}@{revision}"


def _remove(options: argparse.Namespace) -> int:
    repo, revision = _in_cache(_pinned(options.model, options.revision))
    commits, size = _doomed(repo, revision)
    what = f"{repo}@{revision}" if revision else repo
    print(f"{what}: {readable(size)} in {cache.repo_folder(repo)}")
    if not options.yes and not _agreed():
        raise Failure("Nothing was removed.", "--yes removes without asking.")
    if revision is None:
        _remove_all(repo)
    else:
        _cache_info().delete_revisions(*commits).execute()
    print("removed")
    return 0


def _in_cache(name: str) -> tuple[str, str | None]:
    """Return the repository and the revision that are to be removed.

    Raises:
        Unsupported: it is the bundled voice, or a folder.
        UnknownModel: it is neither an alias nor a hub id.
    """
    if catalog.canonical(name).partition("@")[0] == catalog.BUNDLED:
        raise Unsupported(f"{catalog.BUNDLED} is bundled and cannot be removed.", field="model")
    if catalog.is_folder(name):
        raise Unsupported(
            f"{name} names a folder, and `models remove` removes only what was downloaded.",
            hint="Delete a folder that you no longer need yourself.",
            field="model",
        )
    return catalog.repository(name)


def _doomed(repo: str, revision: str | None) -> tuple[list[str], int]:
    """The commits to be removed, and what that frees."""
    if not cache.repo_folder(repo).is_dir():
        raise ModelNotDownloaded(f"{repo} is not in {cache.folder()}.", field="model")
    if revision is None:
        return [], cache.disk_bytes(repo)
    snapshot = cache.find(repo, revision)
    if snapshot is None:
        raise UnknownModel(f"{repo} is here, but not at revision {revision!r}.", field="model")
    return [snapshot.commit], _cache_info().delete_revisions(snapshot.commit).expected_freed_size


def _remove_all(repo: str) -> None:
    """With what is half downloaded, which huggingface_hub would leave."""
    folder = cache.repo_folder(repo)
    shutil.rmtree(folder)
    locks = folder.parent / ".locks" / folder.name
    shutil.rmtree(locks, ignore_errors=True)


def _cache_info() -> Any:
    import huggingface_hub

    return huggingface_hub.scan_cache_dir(cache.folder())


def _agreed() -> bool:
    return terminal.is_interactive() and terminal.confirm("Remove it?")
