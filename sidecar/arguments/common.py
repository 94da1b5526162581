"""Options that several commands take, each a parent parser, and the type of `add_subparsers`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sidecar import logs
from sidecar.arguments.values import folder, reference_seconds
from sidecar.limits import LONGEST_REFERENCE_SECONDS, MAX_REFERENCE_SECONDS
from sidecar.models.catalog import BUNDLED

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def common() -> argparse.ArgumentParser:
    """Return the options of every command: the log and the network."""
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument("--log-level", default="warning", choices=logs.LEVELS)
    parent.add_argument("--log-format", default="text", choices=logs.FORMATS)
    parent.add_argument(
        "--offline", action="store_true", help="never ask the hub (or set HF_HUB_OFFLINE=1)"
    )
    return parent


def model() -> argparse.ArgumentParser:
    """Return `--model`, for commands that speak or encode."""
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument(
        "--model",
        help="an alias such as 0.6b-customvoice, a hub id, or a folder (default: "
        f"{BUNDLED}; for a saved voice its own)",
    )
    return parent


def saved_voices() -> argparse.ArgumentParser:
    """Return what commands need that read or write saved voices."""
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument(
        "--voices-dir",
        type=folder,
        metavar="FOLDER",
        help="of saved voices (default: the user's data folder)",
    )
    parent.add_argument(
        "--max-reference-seconds",
        type=reference_seconds,
        default=MAX_REFERENCE_SECONDS,
        metavar="SECONDS",
        help="longest recording to clone, and of a saved voice, "
        f"up to {LONGEST_REFERENCE_SECONDS:g} (default: %(default)g)",
    )
    return parent
