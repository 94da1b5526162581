"""The entry point of the program: handles Ctrl-C, then imports and runs the command."""

from __future__ import annotations

import sys

from sidecar.cli import terminal


def main(argv: list[str] | None = None) -> None:
    """Run the command and end the process with its exit code."""
    terminal.exit_on_interrupt()
    from sidecar.cli.commands import run  # only now: Ctrl-C could come in the middle of an import

    run(sys.argv[1:] if argv is None else argv)
