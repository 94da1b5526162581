"""`models list|download|path|remove`: the hub's cache, by hand."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

import msgspec

from sidecar.errors import ModelNotDownloaded, SidecarError, UnknownModel
from sidecar.fetching import fetched
from sidecar.models import cache, catalog, inventory
from sidecar.models.inventory import Entry


def models(options: argparse.Namespace) -> int:
    """Runs the command; returns the exit code."""
    commands = {"list": _list, "download": _download, "path": _path, "remove": _remove}
    try:
        return commands[options.action](options)
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except (SidecarError, OSError) as error:
        said = error.advice if isinstance(error, SidecarError) else str(error)
        print(f"models: {said}", file=sys.stderr)
        return 1


def _list(options: argparse.Namespace) -> int:
    rows = inventory.entries()
    if options.json:
        print(msgspec.json.format(msgspec.json.encode([_plain(row) for row in rows])).decode())
        return 0
    table = [("model", "state", "on disk", "download", "memory", "can", "repository")]
    table += [_row(row) for row in rows]
    widths = [max(len(row[at]) for row in table) for at in range(len(table[0]))]
    for row in table:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )
    return 0


def _row(entry: Entry) -> tuple[str, ...]:
    known = entry.known
    state = f"{entry.state}, incomplete" if entry.missing else entry.state
    return (
        entry.name,
        state,
        gigabytes(entry.disk_bytes),
        gigabytes(known.download_bytes if known else 0),
        gigabytes(known.memory_bytes if known else 0),
        ", ".join(entry.abilities) or "-",
        entry.repo or "-",
    )


def gigabytes(size: int) -> str:
    """For a table: `1.97 GB`, or a dash for nothing."""
    return f"{size / 1e9:.2f} GB" if size else "-"


def _plain(entry: Entry) -> dict[str, Any]:
    known = msgspec.to_builtins(entry.known) if entry.known else {}
    return {
        "model": entry.name,
        "state": entry.state,
        "repo": entry.repo,
        "diskBytes": entry.disk_bytes,
        "missingFiles": list(entry.missing),
        "languages": list(entry.languages),
        "abilities": list(entry.abilities),
        "downloadBytes": known.get("download_bytes"),
        "memoryBytes": known.get("memory_bytes"),
        "cpuMemoryBytes": known.get("cpu_memory_bytes"),
    }


def _download(options: argparse.Namespace) -> int:
    for name in options.model:
        print(fetched(_pinned(name, options.revision)).path)
    return 0


def _path(options: argparse.Namespace) -> int:
    print(catalog.resolve(_pinned(options.model, options.revision)).path)
    return 0


def _pinned(name: str, revision: str | None) -> str:
    return name if revision is None else f"{name}@{revision}"


def _remove(options: argparse.Namespace) -> int:
    repo, revision = catalog.repository(_pinned(options.model, options.revision))
    commits, size = _doomed(repo, revision)
    what = f"{repo}@{revision}" if revision else repo
    print(f"{what}: {gigabytes(size)} in {cache.repo_folder(repo)}")
    if not options.yes and not _agreed():
        print("models: nothing was removed; --yes removes without asking", file=sys.stderr)
        return 1
    if revision is None:
        _remove_all(repo)
    else:
        _cache_info().delete_revisions(*commits).execute()
    print("removed")
    return 0


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
    import shutil

    folder = cache.repo_folder(repo)
    shutil.rmtree(folder)
    locks = folder.parent / ".locks" / folder.name
    shutil.rmtree(locks, ignore_errors=True)


def _cache_info() -> Any:
    import huggingface_hub

    return huggingface_hub.scan_cache_dir(cache.folder())


def _agreed() -> bool:
    if not sys.stdin.isatty():
        return False
    return input("Remove it? [y/N] ").strip().lower() in ("y", "yes")
