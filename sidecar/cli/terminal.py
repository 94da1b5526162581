"""What a person at a terminal is told, on stderr: errors with hints, warnings, notes, questions.

Every command says these things here and nowhere else, so that all of them look alike.
"""

from __future__ import annotations

import os
import sys

from sidecar.wording import one_line, sentence

_RED, _YELLOW, _CYAN = "1;31", "1;33", "36"


class Failure(Exception):
    """What ends a command of the command line; it never reaches the wire.

    Args:
        message: what was wrong, in one sentence.
        hint: what to do about it.
        code: the exit code: 1, or 2 where the command line itself is wrong.
    """

    def __init__(self, message: str, hint: str | None = None, code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code


class Interrupted(Exception):
    """Ctrl-C, and what it leaves.

    Args:
        message: what was written until then.
    """


def error(message: str, hint: str | None = None) -> None:
    """Print an error and, on a line of its own, what to do about it."""
    _print("error", _RED, sentence(message))
    if hint:
        _print("hint", _CYAN, hint)  # it may end with a command: no full stop is added


def warning(message: str) -> None:
    """Print what was noticed and did not stop the work."""
    _print("warning", _YELLOW, message)


def interrupted(message: str) -> None:
    """Print that Ctrl-C has ended the command, and what it leaves."""
    _print("interrupted", _YELLOW, sentence(message))


def note(message: str) -> None:
    """Print a line that tells how far the work is, or how it went."""
    if is_open():
        print(one_line(message), file=sys.stderr, flush=True)


def is_interactive() -> bool:
    """Return whether somebody can be asked: they see stderr and write to stdin."""
    stdin = sys.stdin
    return is_shown() and stdin is not None and stdin.isatty()  # pyright: ignore[reportUnnecessaryComparison]


def is_shown() -> bool:
    """Return whether stderr is a terminal."""
    return is_open() and sys.stderr.isatty()


def confirm(question: str) -> bool:
    """Ask on stderr; return whether the answer is yes. An empty answer is no."""
    print(f"{one_line(question)} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def is_open() -> bool:
    """Return whether there is a stderr; print() would take stdout instead."""
    return sys.stderr is not None  # pyright: ignore[reportUnnecessaryComparison]


def is_coloured() -> bool:
    """Return whether stderr takes colours; https://no-color.org is honoured."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return not plain and is_shown()


def _print(label: str, colour: str, message: str) -> None:
    painted = f"\x1b[{colour}m{label}:\x1b[0m" if is_coloured() else f"{label}:"
    if is_open():
        print(painted, one_line(message), file=sys.stderr, flush=True)
