"""`models remove|prune`: deletes downloaded models, which were named or not used for long."""

from __future__ import annotations

import argparse

from sidecar.cli import terminal
from sidecar.cli.models import with_revision
from sidecar.cli.terminal import Failure
from sidecar.errors import ModelInUse
from sidecar.memory import format_bytes
from sidecar.models import storage
from sidecar.models.hub import cache
from sidecar.voices.names import printable


def remove(options: argparse.Namespace) -> int:
    """Run `models remove`; return the exit code.

    Raises:
        SidecarError, Failure
    """
    repo, revision = storage.parse_removable(with_revision(options.model, options.revision))
    size = storage.removable_bytes(repo, revision)
    what = f"{repo}@{revision}" if revision else repo
    print(f"{what}: {format_bytes(size)} in {cache.repo_folder(repo)}")
    _confirm("Remove it?", yes=options.yes)
    storage.remove(repo, revision)
    print("removed")
    return 0


def prune(options: argparse.Namespace) -> int:
    """Run `models prune`; return the exit code.

    Raises:
        SidecarError, Failure
    """
    stored = storage.contents()
    used = sum(one.nbytes for one in stored)
    chosen = storage.excess(options.budget)
    left = used - sum(one.nbytes for one in chosen)
    for one in chosen:
        size = format_bytes(one.nbytes)
        print(f"{printable(one.name)}: {size}, last used {one.last_used_at}")
    limit = format_bytes(options.budget)
    if chosen and not options.dry_run:
        count = "this model" if len(chosen) == 1 else f"these {len(chosen)} models"
        _confirm(f"Remove {count}?", yes=options.yes)
        left = used - sum(map(_remove, chosen))
    verb = "would take" if options.dry_run and chosen else "take"
    print(f"models {verb} {format_bytes(left)}; the budget is {limit}", flush=True)
    if left > options.budget:
        raise Failure(
            f"The models that are in use take more than {limit}.",
            "End the programs that use them, and run the command again.",
        )
    return 0


def _remove(one: storage.Stored) -> int:
    """Remove a model; return the bytes freed, which are 0 if it has come into use meanwhile."""
    try:
        return storage.remove(one.repo, None)
    except ModelInUse as error:
        terminal.warning(error.message)
        return 0


def _confirm(question: str, *, yes: bool) -> None:
    if not yes and not (terminal.is_interactive() and terminal.confirm(question)):
        raise Failure("Nothing was removed.", "Add --yes to remove without a question.")
