"""`models`: its actions and their options."""

from __future__ import annotations

from sidecar.cli.arguments.common import add_common, add_yes
from sidecar.cli.arguments.parser import Commands, Parser, examples

_NAME = "an alias, a hub id, or either as NAME@REVISION"
_EXAMPLES = (
    ("models list", "which models there are, and which are here"),
    ("models download 0.6b-customvoice", "fetch one"),
    ("models quantize 1.7b-base --bits 8 -o base-8bit", "make a smaller copy"),
)


def add(commands: Commands[Parser]) -> None:
    """Add the command and its actions."""
    models = commands.add_parser(
        "models",
        help="list, download, remove and quantise models",
        usage="%(prog)s ACTION [OPTIONS]",
        description="List, download, remove and quantise models.",
        epilog=examples(_EXAMPLES),
    )
    actions = models.add_subparsers(
        title="actions", dest="action", metavar="ACTION", required=True, prog=models.prog
    )
    listing = _action(actions, "list", "List the known models, and those on this machine.")
    listing.add_argument(
        "--verbose", action="store_true", help="one line for each model, with its repository"
    )
    listing.add_argument("--json", action="store_true", help="print JSON, for programs")
    download = _action(actions, "download", "Download models from the hub.", "MODEL ...")
    download.add_argument("model", nargs="+", metavar="MODEL", help=_NAME)
    path = _action(actions, "path", "Print the folder of a model on this machine.", "MODEL")
    path.add_argument("model", metavar="MODEL", help=_NAME)
    remove = _action(actions, "remove", "Delete a model from this machine.", "MODEL")
    remove.add_argument("model", metavar="MODEL", help=_NAME)
    remove.add_argument("-y", "--yes", action="store_true", help="delete without asking")
    for action in (download, path, remove):
        action.add_argument("--revision", help="a branch, a tag or a commit")
    add_yes(download)
    add_common(download)
    add_common(path, log=False)
    _add_quantize(actions)


def _action(actions: Commands[Parser], name: str, what: str, takes: str = "") -> Parser:
    return actions.add_parser(
        name,
        help=what[0].lower() + what[1:-1],
        usage=f"%(prog)s [OPTIONS] {takes}".rstrip(),
        description=what,
    )


def _add_quantize(actions: Commands[Parser]) -> None:
    quantize = _action(
        actions, "quantize", "Make a smaller copy of a model.", "--bits N -o FOLDER MODEL"
    )
    quantize.add_argument(
        "model", metavar="MODEL", help="an alias, a hub id, or a folder; not quantised yet"
    )
    quantize.add_argument(
        "--bits", type=int, choices=(4, 6, 8), required=True, help="bits of a weight"
    )
    quantize.add_argument(
        "--group-size",
        type=int,
        choices=(32, 64, 128),
        default=64,
        help="weights that share a scale (default: %(default)s)",
    )
    quantize.add_argument(
        "-o", "--output", metavar="FOLDER", required=True, help="a folder that is not there yet"
    )
    add_yes(quantize)
    add_common(quantize)
