"""The command line: serve (the default), say, voices, models, doctor."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from sidecar import logs
from sidecar.models.catalog import BUNDLED
from sidecar.settings import Settings
from sidecar.wire.stdio import claim

if TYPE_CHECKING:
    import argparse


def main(argv: list[str] | None = None) -> None:
    """Parses the arguments and runs the command; ends the process with its exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    if not arguments:
        _serve(Settings())
        return
    if arguments[0].startswith("-") and arguments[0] not in ("-h", "--help", "--version"):
        arguments = ["serve", *arguments]
    from sidecar.arguments import parser  # `serve` without arguments starts without it

    options = parser().parse_args(arguments)
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
    logs.to_stderr(options.log_level, options.log_format)
    try:
        code = _command(options)
    except KeyboardInterrupt:
        said = f"{options.command}: interrupted; what was written so far is not the whole"
        print(said, file=sys.stderr)
        code = 130
    # Not sys.exit: when a thread that used MLX ends, MLX asks for the interpreter once
    # more, and aborts the process if that is shutting down already.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _command(options: argparse.Namespace) -> int:
    """Imports what the command needs, and nothing else."""
    if options.command == "voices":
        from sidecar.voices_command import voices

        return voices(options)
    if options.command == "models":
        if options.action == "quantize":
            from sidecar.convert_command import quantize

            return quantize(options)
        from sidecar.models_command import models

        return models(options)
    if options.command == "doctor":
        from sidecar.doctor import doctor

        return doctor(options)
    from sidecar.say import say

    return say(options)


def _serve(settings: Settings) -> None:
    if sys.stdin is None or sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison]
        sys.exit("qwen-tts-sidecar serves over stdin and stdout; one of them is closed.")
    if sys.stdin.isatty():
        sys.exit(
            "qwen-tts-sidecar serves programs over stdin and stdout, and your stdin is a "
            'terminal.\nTo hear it: qwen-tts-sidecar say "Hello there" --play'
        )
    pipes = claim()  # before anything that could print is imported
    logs.to_stderr(settings.log_level, settings.log_format)
    from sidecar.app import serve

    serve(pipes, settings)
