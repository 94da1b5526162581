"""The entry point of the program: handles Ctrl-C, then imports and runs the command.

Nothing is imported at the top that Python has not imported already, so that Ctrl-C is handled from
the beginning.
"""

import os
import sys


def main(argv: list[str] | None = None) -> None:
    """Run the command and end the process with its exit code."""
    try:
        from sidecar.cli import terminal

        terminal.exit_on_interrupt()
    except KeyboardInterrupt:
        os.write(2, b"interrupted: The command did not finish.\n")
        os._exit(130)
    from sidecar.cli.commands import run

    run(sys.argv[1:] if argv is None else argv)
