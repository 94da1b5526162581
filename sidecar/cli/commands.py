"""The commands by name: which module runs each, and what is printed when one fails."""

from __future__ import annotations

import logging
import os
import re
import sys
from typing import TYPE_CHECKING, NoReturn

from sidecar import logs
from sidecar.cli import terminal
from sidecar.errors import BadLexicon, SidecarError
from sidecar.files import describe_os_error
from sidecar.models import exported
from sidecar.models.catalog import BUNDLED
from sidecar.models.hub.settings import BUDGET, budget
from sidecar.models.manifest import MANIFEST
from sidecar.settings import Settings
from sidecar.wire.stdio import claim

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from sidecar.lexicon.entries import Lexicon

# The program's own options. Any other option at the beginning is one of `serve`.
_OWN_OPTIONS = ("-h", "--help", "-V", "--version")
# Fields of the protocol whose option has another name.
_OPTIONS = {
    "reference": "--clone",
    "reference.path": "--clone",
    "reference.audio": "--clone",
    "reference.text": "--ref-text",
    "design.instruct": "--design",
    "design.text": "--text",
    "design.model": "--design-model",
    "encoding": "--format",
}
_FIELD = re.compile(r"`([a-z][A-Za-z]*(?:\.[a-z][A-Za-z]*)*)`")


def run(arguments: list[str]) -> None:
    """Parse the arguments and run the command; end the process with its exit code."""
    if not arguments:
        _check_storage()
        _serve(Settings())
        return
    if arguments[0].startswith("-") and arguments[0] not in _OWN_OPTIONS:
        arguments = ["serve", *arguments]
    from sidecar.cli.arguments import parse  # `serve` without arguments does not need argparse

    options = parse(arguments)
    if options.offline:
        os.environ["HF_HUB_OFFLINE"] = "1"  # huggingface_hub reads it when it is imported
    if options.models_dir:
        os.environ[exported.VARIABLE] = os.pathsep.join(options.models_dir)
    if options.models_budget is not None:
        os.environ[BUDGET] = str(options.models_budget)
    _check_storage()
    if options.command == "serve":
        _serve(_settings(options))
        return
    _open_missing_streams()
    logs.to_stderr(options.log_level, options.log_format)
    code = _exit_code(_import_command(options), options)
    # Not sys.exit: when a thread that used MLX ends, MLX asks for the interpreter once more, and
    # aborts the process if the interpreter is already shutting down.
    os._exit(code)


def _import_command(options: argparse.Namespace) -> Callable[[argparse.Namespace], int]:
    """Import what the command needs, and nothing else."""
    match options.command:
        case "help" | "completion":
            from sidecar.cli.help import show as command
        case "voices" if options.action == "create":
            from sidecar.cli.create_voice import create as command
        case "voices":
            from sidecar.cli.voices import voices as command
        case "models" if options.action == "quantize":
            from sidecar.cli.quantize import quantize as command
        case "models" if options.action == "remove":
            from sidecar.cli.removing import remove as command
        case "models" if options.action == "prune":
            from sidecar.cli.removing import prune as command
        case "models" if options.action == "export":
            from sidecar.cli.exporting import export as command
        case "models" if options.action == "verify":
            from sidecar.cli.verifying import verify as command
        case "models":
            from sidecar.cli.models import models as command
        case "bench":
            from sidecar.cli.sharing import bench as command
        case "playground":
            from sidecar.cli.playground import playground as command
        case "doctor":
            from sidecar.cli.doctor import doctor as command
        case _:
            from sidecar.cli.say import say as command
    return command


def _exit_code(command: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Run the command; print the error that ends it, if any.

    An interruption may have come where nothing could be raised, and be the cause of that error.
    """
    code = _run(command, options)
    return code and (terminal.interruption_code() or code)


def _run(command: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    try:
        terminal.raise_on_interrupt()
        code = command(options)
        sys.stdout.flush()
        return code
    except terminal.Interrupted as end:
        terminal.interrupted(str(end))
    except KeyboardInterrupt:
        terminal.interrupted("The command did not finish.")
    except BrokenPipeError:  # a program such as `head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except terminal.Failure as failure:
        terminal.error(failure.message, failure.hint)
        return failure.code
    except SidecarError as error:
        hint = None if error.hint is None else with_options(error.hint, options)
        terminal.error(with_options(error.message, options), hint)
    except OSError as error:
        path = error.filename if isinstance(error.filename, str) else None
        terminal.error(f"{path}: {describe_os_error(error, path)}" if path else str(error))
    except RuntimeError as error:  # MLX
        terminal.error(str(error))
    return 1


def with_options(text: str, options: argparse.Namespace) -> str:
    """Return a message with the command's options in place of the protocol's fields.

    A field stays as it is if the command has no option for it.
    """

    def option(match: re.Match[str]) -> str:
        field = match[1]
        kebab = re.sub(r"(?=[A-Z])", "-", field).lower()
        name = _OPTIONS.get(field, f"--{kebab}")
        destination = name.removeprefix("--").replace("-", "_")
        # The text to speak is an argument or a file, so no option stands for it.
        return name if hasattr(options, destination) and field != "text" else match[0]

    return _FIELD.sub(option, text)


def _settings(options: argparse.Namespace) -> Settings:
    return Settings(
        model=options.model or BUNDLED,
        aligner=options.aligner,
        log_level=options.log_level,
        log_format=options.log_format,
        hang_seconds=options.watchdog,
        voices_dir=options.voices_dir,
        memory_limit=options.memory_limit,
        keep_alive=options.keep_alive,
        lexicon=_read_lexicon(options.lexicon) if options.lexicon else None,
        max_reference_seconds=options.max_reference_seconds,
    )


def _read_lexicon(path: str) -> Lexicon:
    from sidecar.lexicon.files import read_lexicon  # a server without one does without expat

    try:
        return read_lexicon(path)
    except BadLexicon as error:
        _refuse(error.message, error.hint or "")


def _serve(settings: Settings) -> None:
    if sys.stdin is None or sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison]  # None if it is closed
        _refuse("qwen-tts-sidecar serves over stdin and stdout, but one of them is closed.")
    if sys.stdin.isatty():
        _refuse(
            "qwen-tts-sidecar serves programs over stdin and stdout, but stdin is a terminal.",
            'To hear it speak: qwen-tts-sidecar say "Hello there" --play',
        )
    pipes = claim()  # before anything is imported that could print
    logs.to_stderr(settings.log_level, settings.log_format)
    logs.catch_prints()
    if settings.lexicon is not None and settings.lexicon.notice:
        logging.getLogger(__name__).warning(settings.lexicon.notice)
    from sidecar.server import serve

    serve(pipes, settings)


def _check_storage() -> None:
    """End the process if the settings of models' folders are wrong, before anything relies on them:
    an app that ships its models must not download others."""
    for folder in exported.folders():
        if not folder.is_dir():
            _refuse(
                f"There is no folder {folder}, which should have exported models.",
                f"--models-dir or {exported.VARIABLE} names it; create it or leave it out.",
            )
        if (folder / MANIFEST).exists():
            _refuse(
                f"{folder} is an exported model itself, not a folder of such models.",
                f"Name the folder that contains it: --models-dir {folder.parent}",
            )
    try:
        budget()
    except ValueError as error:
        _refuse(f"{BUDGET} is not a budget: {error}.")


def _refuse(message: str, hint: str | None = None) -> NoReturn:
    terminal.error(message, hint)
    sys.exit(1)


def _open_missing_streams() -> None:
    """Open the null device for closed standard streams: a file must not get their numbers."""
    for fd, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            os.dup2(null, fd)
            if null != fd:
                os.close(null)
            setattr(sys, name, os.fdopen(fd, "w" if fd else "r"))
