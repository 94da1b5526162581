"""The program: what starts each command, and the exit code it ends with."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NoReturn

from sidecar import logs
from sidecar.models.catalog import BUNDLED
from sidecar.settings import Settings
from sidecar.wire.stdio import claim

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

# Also without `serve` before them: what begins with anything else is an option of `serve`.
_OWN_OPTIONS = ("-h", "--help", "-V", "--version")


def main(argv: list[str] | None = None) -> None:
    """Parse the arguments and run the command; end the process with its exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    if not arguments:
        _serve(Settings())
        return
    if arguments[0].startswith("-") and arguments[0] not in _OWN_OPTIONS:
        arguments = ["serve", *arguments]
    from sidecar.cli.arguments import parse  # `serve` without arguments starts without it

    options = parse(arguments)
    if options.offline:
        os.environ["HF_HUB_OFFLINE"] = "1"  # the hub's client reads it when it is imported
    if options.command == "serve":
        _serve(
            Settings(
                options.model or BUNDLED,
                options.log_level,
                options.log_format,
                options.watchdog,
                options.voices_dir,
                options.memory_limit,
                options.keep_alive,
                options.max_reference_seconds,
            )
        )
        return
    _open_missing_streams()
    logs.to_stderr(options.log_level, options.log_format)
    code = _ended(_command, options)
    # Not sys.exit: when a thread that used MLX ends, MLX asks for the interpreter once
    # more, and aborts the process if that is shutting down already.
    os._exit(code)


def _ended(command: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Run the command, say on stderr what ended it, and return the exit code."""
    from sidecar.cli import terminal
    from sidecar.cli.arguments.fields import with_options
    from sidecar.errors import SidecarError
    from sidecar.files import cause

    try:
        code = command(options)
        sys.stdout.flush()
        return code
    except terminal.Interrupted as end:
        terminal.interrupted(str(end))
        return 130
    except KeyboardInterrupt:
        terminal.interrupted("The command did not finish.")
        return 130
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except terminal.Failure as failure:
        terminal.error(failure.message, failure.hint)
        return failure.code
    except SidecarError as error:
        hint = None if error.hint is None else with_options(error.hint, options)
        terminal.error(with_options(error.message, options), hint)
    except OSError as error:
        named = error.filename if isinstance(error.filename, str) else None
        terminal.error(f"{named}: {cause(error, named)}" if named else str(error))
    except RuntimeError as error:  # MLX
        terminal.error(str(error))
    return 1


def _command(options: argparse.Namespace) -> int:
    """Import what the command needs, and nothing else."""
    match options.command:
        case "help" | "completion":
            from sidecar.cli.arguments import shown

            print(shown(options), end="")
            return 0
        case "voices":
            from sidecar.cli.voices import voices

            return voices(options)
        case "models" if options.action == "quantize":
            from sidecar.cli.quantize import quantize

            return quantize(options)
        case "models":
            from sidecar.cli.models import models

            return models(options)
        case "doctor":
            from sidecar.cli.doctor import doctor

            return doctor(options)
        case _:
            from sidecar.cli.say import say

            return say(options)


def _serve(settings: Settings) -> None:
    if sys.stdin is None or sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison]
        _refuse("qwen-tts-sidecar serves over stdin and stdout; one of them is closed.")
    if sys.stdin.isatty():
        _refuse(
            "qwen-tts-sidecar serves programs over stdin and stdout, and your stdin is a terminal.",
            'To hear it: qwen-tts-sidecar say "Hello there" --play',
        )
    pipes = claim()  # before anything that could print is imported
    logs.to_stderr(settings.log_level, settings.log_format)
    from sidecar.server import serve

    serve(pipes, settings)


def _refuse(message: str, hint: str | None = None) -> NoReturn:
    from sidecar.cli import terminal

    terminal.error(message, hint)
    sys.exit(1)


def _open_missing_streams() -> None:
    """Open the null device where a standard stream is closed, or a file would get its number."""
    for fd, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            os.dup2(null, fd)
            if null != fd:
                os.close(null)
            setattr(sys, name, os.fdopen(fd, "w" if fd else "r"))
