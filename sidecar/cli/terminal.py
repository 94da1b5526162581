"""The messages that commands print on stderr: errors with hints, warnings, notes and questions.

All commands print them by these functions, so that they look alike. `main` imports this module
before it handles Ctrl-C, so it imports nothing large.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Generator
from types import FrameType

from sidecar.wording import one_line, sentence

_RED, _YELLOW, _CYAN = "1;31", "1;33", "36"
# Ctrl-C, `kill`, and a terminal that is closed. What ends a command so is an interruption.
_INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_come: list[int] = []  # the interruptions that have come


class Failure(Exception):
    """An error of the command line only; it never reaches the wire.

    Args:
        message: what was wrong, in one sentence.
        hint: what to do about it.
        code: the exit code: 1, or 2 if the command line itself is wrong.
    """

    def __init__(self, message: str, hint: str | None = None, code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code


class Interrupted(Exception):
    """An interruption has ended the command; the message says what the command has left behind."""


def error(message: str, hint: str | None = None) -> None:
    """Print an error and, on a line of its own, what to do about it."""
    _print("error", _RED, sentence(message))
    if hint:
        _print("hint", _CYAN, hint)  # it may end with a command, so no full stop is added


def warning(message: str) -> None:
    """Print something that was noticed and did not stop the work."""
    _print("warning", _YELLOW, message)


def interrupted(message: str) -> None:
    """Print that an interruption has ended the command, and what the command has left behind."""
    _print("interrupted", _YELLOW, sentence(message))


def note(message: str) -> None:
    """Print a line about the progress or the result of the work."""
    if _is_open():
        print(one_line(message), file=sys.stderr, flush=True)


def confirm(question: str) -> bool:
    """Ask on stderr; return whether the answer is yes. An empty answer means no."""
    print(f"{one_line(question)} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def is_interactive() -> bool:
    """Return whether a question can be asked: both stdin and stderr are terminals."""
    stdin = sys.stdin
    return is_shown() and stdin is not None and stdin.isatty()  # pyright: ignore[reportUnnecessaryComparison]  # None if it is closed


def is_shown() -> bool:
    """Return whether stderr is a terminal."""
    return _is_open() and sys.stderr.isatty()


@contextlib.contextmanager
def reserve_stdout() -> Generator[int, None, None]:
    """Log what libraries print, so that stdout has the result and nothing else.

    Yields:
        The file descriptor of the real stdout.
    """
    import logging

    from sidecar.logs import Prints

    sys.stdout.flush()
    stdout = os.dup(1)
    os.dup2(2, 1)
    try:
        with contextlib.redirect_stdout(Prints(logging.INFO)):
            yield stdout
    finally:
        sys.stdout.flush()
        os.dup2(stdout, 1)
        os.close(stdout)


def exit_on_interrupt() -> None:
    """Have an interruption end the process at once, which is safe until something is to clean up.

    While modules are imported, a KeyboardInterrupt could come at any line, also where a library
    catches it. A process that was started with a signal ignored keeps ignoring it.
    """
    for number in _INTERRUPTIONS:
        if signal.getsignal(number) in (signal.default_int_handler, signal.SIG_DFL):
            signal.signal(number, _exit)


def raise_on_interrupt() -> None:
    """Have an interruption raise KeyboardInterrupt, if `exit_on_interrupt` has changed that."""
    _replace(_exit, _raise)


@contextlib.contextmanager
def call_on_interrupt(act: Callable[[], None]) -> Generator[None, None, None]:
    """Have the first interruption call a function, and a second one raise KeyboardInterrupt.

    In the callback of a C library a KeyboardInterrupt would be lost, or leave a file that is not
    valid.
    """

    def first(number: int, frame: FrameType | None) -> None:
        _come.append(number)
        _replace(first, _raise)
        act()

    _replace(_raise, first)
    try:
        yield
    finally:
        _replace(first, _raise)


def interruption_code() -> int | None:
    """Return the exit code after an interruption, as shells have it; None if none has come."""
    return 128 + _come[0] if _come else None


_Handler = Callable[[int, FrameType | None], None]


def _replace(old: _Handler, new: _Handler) -> None:
    for number in _INTERRUPTIONS:
        if signal.getsignal(number) is old:
            signal.signal(number, new)


def _raise(number: int, frame: FrameType | None) -> None:
    _come.append(number)
    raise KeyboardInterrupt


def _exit(number: int, frame: FrameType | None) -> None:
    try:
        interrupted("The command did not finish.")
    finally:  # print fails if Ctrl-C comes while something is printed
        os._exit(128 + number)


def _is_open() -> bool:
    """Return whether there is a stderr; without one, print() would write to stdout."""
    return sys.stderr is not None  # pyright: ignore[reportUnnecessaryComparison]  # None if it is closed


def _is_coloured() -> bool:
    """Return whether stderr shows colours, which https://no-color.org can switch off."""
    is_plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return not is_plain and is_shown()


def _print(label: str, colour: str, message: str) -> None:
    painted = f"\x1b[{colour}m{label}:\x1b[0m" if _is_coloured() else f"{label}:"
    if _is_open():
        print(painted, one_line(message), file=sys.stderr, flush=True)
