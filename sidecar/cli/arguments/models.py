"""The actions of `models`, and their options."""

from __future__ import annotations

from sidecar.cli.arguments.parser import Commands, Parser, examples
from sidecar.cli.arguments.shared import add_common, add_yes, size

_NAME = "an alias (see models list) or a hub id; NAME@REVISION pins a revision"
_EXAMPLES = (
    ("models list", "list the models, and which of them are on this machine"),
    ("models download 0.6b-customvoice", "download a model"),
    ("models export ./models 0.6b-customvoice", "copy a model into the folder of an app"),
    ("models quantize 1.7b-base --bits 8 -o base-8bit", "make a smaller copy of a model"),
)


def add(commands: Commands[Parser]) -> None:
    """Add the command and its actions."""
    models = commands.add_parser(
        "models",
        help="list, download, export, remove and quantise models",
        usage="%(prog)s ACTION [OPTIONS]",
        description="List, download, export, remove and quantise models.",
        epilog=examples(_EXAMPLES),
    )
    actions = models.add_subparsers(
        title="actions", dest="action", metavar="ACTION", required=True, prog=models.prog
    )
    listing = _action(actions, "list", "List the known models, and those on this machine.")
    listing.add_argument(
        "--verbose", action="store_true", help="print one line for each model, with its repository"
    )
    listing.add_argument("--json", action="store_true", help="print JSON, for programs")
    add_common(listing, log=False, hub=False)
    download = _action(actions, "download", "Download models from the hub.", "MODEL ...")
    download.add_argument("model", nargs="+", metavar="MODEL", help=_NAME)
    path = _action(actions, "path", "Print the folder of a model on this machine.", "MODEL")
    path.add_argument("model", metavar="MODEL", help=_NAME)
    remove = _action(actions, "remove", "Delete a downloaded model from this machine.", "MODEL")
    remove.add_argument("model", metavar="MODEL", help=_NAME)
    remove.add_argument("-y", "--yes", action="store_true", help="delete without asking")
    for action in (download, path, remove):
        action.add_argument("--revision", help="a branch, a tag or a commit")
    add_yes(download)
    add_common(download)
    add_common(path, log=False)
    _add_prune(actions)
    _add_export(actions)
    _add_verify(actions)
    _add_quantize(actions)


def _add_prune(actions: Commands[Parser]) -> None:
    prune = _action(
        actions,
        "prune",
        "Delete the downloaded models that have not been used for longest.",
        "--budget SIZE",
    )
    option = prune.add_argument
    option(
        "--budget",
        type=size,
        metavar="SIZE",
        required=True,
        help="delete until the downloaded models take at most this: 8GB, or a number of bytes",
    )
    option("--dry-run", action="store_true", help="only print what would be deleted")
    option("-y", "--yes", action="store_true", help="delete without asking")


def _add_export(actions: Commands[Parser]) -> None:
    export = _action(
        actions,
        "export",
        "Copy models into a folder that an app ships, and that --models-dir finds.",
        "DIR [MODEL ...]",
    )
    option = export.add_argument
    option("folder", metavar="DIR", help="the folder; each model gets a folder of its own in it")
    option(
        "model",
        nargs="*",
        metavar="MODEL",
        help=f"{_NAME}; or a folder (default: all models that were downloaded)",
    )
    option("--download", action="store_true", help="download models that are not here yet")
    option("--name", help="the name of a model that comes from a folder (default: the folder's)")
    add_yes(export)
    add_common(export)


def _add_verify(actions: Commands[Parser]) -> None:
    verify = _action(
        actions, "verify", "Compare exported models with their manifests.", "[MODEL ...]"
    )
    verify.add_argument(
        "model",
        nargs="*",
        metavar="MODEL",
        help="a name, or the folder of an exported model (default: all models of --models-dir)",
    )
    add_common(verify, log=False, hub=False)


def _action(actions: Commands[Parser], name: str, description: str, arguments: str = "") -> Parser:
    return actions.add_parser(
        name,
        help=description[0].lower() + description[1:-1],
        usage=f"%(prog)s [OPTIONS] {arguments}".rstrip(),
        description=description,
    )


def _add_quantize(actions: Commands[Parser]) -> None:
    quantize = _action(
        actions, "quantize", "Make a smaller copy of a model.", "--bits N -o FOLDER MODEL"
    )
    option = quantize.add_argument
    option(
        "model", metavar="MODEL", help="an alias, a hub id or a folder; it must not be quantised"
    )
    option("--bits", type=int, choices=(4, 6, 8), required=True, help="bits for each weight")
    option(
        "--group-size",
        type=int,
        choices=(32, 64, 128),
        default=64,
        help="number of weights that share one scale (default: %(default)s)",
    )
    option(
        "-o", "--output", metavar="FOLDER", required=True, help="a folder that does not exist yet"
    )
    add_yes(quantize)
    add_common(quantize)
