"""Options that several commands take."""

from __future__ import annotations

from sidecar import logs
from sidecar.cli.arguments.parser import Container, Parser
from sidecar.cli.arguments.values import folder, reference_seconds
from sidecar.limits import LONGEST_REFERENCE_SECONDS, MAX_REFERENCE_SECONDS


def add_model(parser: Container, default: str) -> None:
    """Add `--model`. `default` is what it says of the model that is taken without it."""
    parser.add_argument(
        "--model",
        help=f"an alias such as 0.6b-customvoice, a hub id, or a folder (default: {default})",
    )


def add_yes(parser: Parser) -> None:
    """Add `--yes`."""
    parser.add_argument(
        "-y", "--yes", action="store_true", help="download large models without asking"
    )


def add_common(parser: Parser, *, log: bool = True, hub: bool = True, voices: bool = False) -> None:
    """Add the group of options that mean the same wherever they are.

    Args:
        log: the command runs a model or downloads one, which is logged.
        hub: it may ask the hub.
        voices: it reads or writes saved voices.
    """
    group = parser.add_argument_group("common options")
    if voices:
        group.add_argument(
            "--voices-dir",
            type=folder,
            metavar="FOLDER",
            help="folder of saved voices (default: in the user's data folder)",
        )
    if hub:
        group.add_argument(
            "--offline",
            action="store_true",
            help="never ask the model hub; HF_HUB_OFFLINE=1 in the environment does the same",
        )
    if log:
        group.add_argument(
            "--log-level",
            default="warning",
            choices=logs.LEVELS,
            metavar="LEVEL",
            help=f"{', '.join(logs.LEVELS)} (default: %(default)s)",
        )
        group.add_argument(
            "--log-format",
            default="text",
            choices=logs.FORMATS,
            metavar="FORMAT",
            help=f"{' or '.join(logs.FORMATS)} (default: %(default)s)",
        )


def add_reference_limit(parser: Container) -> None:
    """Add `--max-reference-seconds`, for commands that read recordings."""
    parser.add_argument(
        "--max-reference-seconds",
        type=reference_seconds,
        default=MAX_REFERENCE_SECONDS,
        metavar="SECONDS",
        help="reject recordings, and voices made of them, that are longer than this "
        f"(default: %(default)g, at most {LONGEST_REFERENCE_SECONDS:g})",
    )
