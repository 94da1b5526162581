"""The entry point of the program: handles Ctrl-C, then imports and runs the command.

Nothing is imported at the top that Python has not imported already, so that Ctrl-C is handled from
the beginning.
"""

import os
import sys


def main(argv: list[str] | None = None) -> None:
    """Run the command and end the process with its exit code."""
    _leave_ascii()
    try:
        from sidecar.cli import terminal

        terminal.exit_on_interrupt()
    except KeyboardInterrupt:
        os.write(2, b"interrupted: The command did not finish.\n")
        os._exit(130)
    from sidecar.cli.commands import run

    run(sys.argv[1:] if argv is None else argv)


def _leave_ascii() -> None:
    """Start again with UTF-8 where Python was told to read and write ASCII.

    That is so in the C locale if PYTHONUTF8 is 0. Libraries then cannot read their own files.
    """
    if sys.getfilesystemencoding() == "ascii" and not sys.flags.utf8_mode:
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])
