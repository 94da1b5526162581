"""`models`: its actions and their options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sidecar.arguments.common import common

if TYPE_CHECKING:
    from sidecar.arguments.common import Commands

_NAME = "an alias, a hub id, or either as NAME@REVISION"


def add(commands: Commands) -> None:
    """Add the command and its actions."""
    models = commands.add_parser("models", help="models on this machine and the hub")
    actions = models.add_subparsers(dest="action", required=True)
    parents = [common()]
    listing = actions.add_parser(
        "list", parents=parents, help="known ones, and those that are here"
    )
    listing.add_argument("--verbose", action="store_true", help="one line each, with repository")
    listing.add_argument("--json", action="store_true", help="for programs")
    download = actions.add_parser("download", parents=parents, help="fetch from the hub")
    download.add_argument("model", nargs="+", help=_NAME)
    path = actions.add_parser("path", parents=parents, help="print the folder of one that is here")
    path.add_argument("model", help=_NAME)
    remove = actions.add_parser("remove", parents=parents, help="delete from this machine")
    remove.add_argument("model", help=_NAME)
    remove.add_argument("--yes", action="store_true", help="do not ask")
    for action in (download, path, remove):
        action.add_argument("--revision", help="a branch, a tag or a commit")
    _add_quantize(actions)


def _add_quantize(actions: Commands) -> None:
    quantize = actions.add_parser("quantize", parents=[common()], help="make a smaller copy")
    quantize.add_argument("model", help="an alias, a hub id, or a folder; not quantised yet")
    quantize.add_argument("--bits", type=int, choices=(4, 6, 8), required=True)
    quantize.add_argument("--group-size", type=int, choices=(32, 64, 128), default=64)
    quantize.add_argument(
        "-o", "--output", metavar="DIR", required=True, help="a folder that is not there yet"
    )
