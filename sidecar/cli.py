"""The command line: serve (the default), say, voices, models, doctor."""

from __future__ import annotations

import math
import os
import sys
from typing import TYPE_CHECKING

from sidecar import __version__, logs
from sidecar.limits import HANG_SECONDS, LONGEST_REFERENCE_SECONDS, MAX_REFERENCE_SECONDS
from sidecar.memory import DEFAULT_LIMIT, parse_limit
from sidecar.models.catalog import BUNDLED, DESIGN
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
    options = _parser().parse_args(arguments)
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


def _parser() -> argparse.ArgumentParser:
    import argparse  # `serve` without arguments starts without it

    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--log-level", default="warning", choices=logs.LEVELS)
    common.add_argument("--log-format", default="text", choices=logs.FORMATS)
    common.add_argument(
        "--offline", action="store_true", help="never ask the hub (or set HF_HUB_OFFLINE=1)"
    )
    model = argparse.ArgumentParser(add_help=False)
    model.add_argument(
        "--model",
        help="an alias such as 0.6b-customvoice, a hub id, or a folder (default: "
        f"{BUNDLED}; for a saved voice its own)",
    )
    voices = argparse.ArgumentParser(add_help=False)
    voices.add_argument(
        "--voices-dir",
        type=_folder,
        metavar="FOLDER",
        help="of saved voices (default: the user's data folder)",
    )
    voices.add_argument(
        "--max-reference-seconds",
        type=_reference_seconds,
        default=MAX_REFERENCE_SECONDS,
        metavar="SECONDS",
        help="longest recording to clone, and of a saved voice, "
        f"up to {LONGEST_REFERENCE_SECONDS:g} (default: %(default)g)",
    )
    parser = argparse.ArgumentParser(
        prog="qwen-tts-sidecar",
        description="Qwen3-TTS in a child process. Without a command it serves on stdin/stdout.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser(
        "serve", parents=[common, model, voices], help="serve JSON-RPC on stdin/stdout"
    )
    _add_serve(serve)
    doctor = commands.add_parser("doctor", parents=[common], help="what this machine offers")
    doctor.add_argument("--json", action="store_true", help="for programs")
    doctor.add_argument(
        "--no-test", action="store_true", help="do not speak with the bundled voice"
    )
    _add_say(commands.add_parser("say", parents=[common, model, voices], help="speak a text"))
    _add_voices(commands.add_parser("voices", help="saved voices"), [common, model, voices])
    _add_models(commands.add_parser("models", help="models on this machine and the hub"), [common])
    return parser


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 86400:
        raise ValueError(text)
    return value


def _folder(text: str) -> str:
    import argparse

    folder = os.path.expanduser(text)
    if folder.startswith("~"):  # as it does where the user is unknown
        raise argparse.ArgumentTypeError(
            f"{text!r} begins with the home folder of a user that there is not; a folder that is "
            f"called so is ./{text}"
        )
    return folder


def _reference_seconds(text: str) -> float:
    import argparse

    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 1 <= value <= LONGEST_REFERENCE_SECONDS:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not between 1 and {LONGEST_REFERENCE_SECONDS:g} seconds; a longer "
            "reference does not make a voice better, and takes memory in every stream"
        )
    return value


def _keep_alive(text: str) -> float:
    return -1.0 if text == "-1" else _seconds(text)


def _add_serve(serve: argparse.ArgumentParser) -> None:
    serve.add_argument(
        "--watchdog",
        type=_seconds,
        metavar="SECONDS",
        help="end the process when one piece of work takes longer; 0 never (default: "
        f"{HANG_SECONDS:g}, and in proportion for longer references)",
    )
    serve.add_argument(
        "--memory-limit",
        type=parse_limit,
        default=DEFAULT_LIMIT,
        metavar="SIZE",
        help="what loaded models may take together: 8GB, 50%%, bytes; 0 no limit (default: 70%%)",
    )
    serve.add_argument(
        "--keep-alive",
        type=_keep_alive,
        default=-1.0,
        metavar="SECONDS",
        help="how long a model stays without work; -1 for ever (default: %(default)g)",
    )


def _add_quantize(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="an alias, a hub id, or a folder; not quantised yet")
    parser.add_argument("--bits", type=int, choices=(4, 6, 8), required=True)
    parser.add_argument("--group-size", type=int, choices=(32, 64, 128), default=64)
    parser.add_argument(
        "-o", "--output", metavar="DIR", required=True, help="a folder that is not there yet"
    )


def _add_say(say: argparse.ArgumentParser) -> None:
    say.add_argument("text", help="what to say; - reads it from stdin")
    say.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="to write: .wav, .flac, .mp3, .ogg or .opus (default: out.wav without --play)",
    )
    say.add_argument("--srt", metavar="FILE", help="to write captions to")
    say.add_argument("--sample-rate", type=int, metavar="HZ", help="8000 to 48000")
    say.add_argument("--speed", type=float, default=1.0, help="0.5 to 2; the pitch stays")
    say.add_argument(
        "--no-normalize",
        dest="normalize",
        action="store_false",
        help="leave numbers, dates, units, … to the model",
    )
    say.add_argument("--play", action="store_true", help="play it while it is generated")
    voice = say.add_mutually_exclusive_group()
    voice.add_argument("--voice", help="a preset voice of the model, or a saved one")
    voice.add_argument("--clone", metavar="FILE", help="a recording whose voice to speak with")
    voice.add_argument("--design", metavar="DESCRIPTION", help="a voice to speak with, in words")
    say.add_argument("--ref-text", metavar="TEXT", help="what is said in the recording of --clone")
    say.add_argument("--language", help="default: auto")
    say.add_argument("--instruct", help="how to speak")
    say.add_argument("--seed", type=int, help="the same seed gives the same audio")


def _add_voices(parser: argparse.ArgumentParser, parents: list[argparse.ArgumentParser]) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", parents=parents, help="all of them, and --model's presets")
    for action, help in (("show", "what is known of one"), ("delete", "delete one")):
        one = actions.add_parser(action, parents=[parents[0], parents[-1]], help=help)
        one.add_argument("name")
    create = actions.add_parser("create", parents=parents, help="make one, with a Base --model")
    create.add_argument("name", nargs="?", help="default: voice-1 and so on")
    source = create.add_mutually_exclusive_group(required=True)
    source.add_argument("--clone", metavar="FILE", help="a recording of the voice")
    source.add_argument("--design", metavar="DESCRIPTION", help="the voice in words")
    create.add_argument("--ref-text", metavar="TEXT", help="what is said in --clone's recording")
    create.add_argument("--text", help="what --design says for a reference")
    create.add_argument("--design-model", help=f"that speaks it (default: {DESIGN})")
    create.add_argument("--language", help="what it speaks unless told otherwise")
    create.add_argument("--seed", type=int, help="of --design")
    create.add_argument("--replace", action="store_true", help="one of that name may be there")


def _add_models(parser: argparse.ArgumentParser, parents: list[argparse.ArgumentParser]) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    listing = actions.add_parser(
        "list", parents=parents, help="known ones, and those that are here"
    )
    listing.add_argument("--json", action="store_true", help="for programs")
    name = "an alias, a hub id, or either as NAME@REVISION"
    download = actions.add_parser("download", parents=parents, help="fetch from the hub")
    download.add_argument("model", nargs="+", help=name)
    path = actions.add_parser("path", parents=parents, help="print the folder of one that is here")
    path.add_argument("model", help=name)
    remove = actions.add_parser("remove", parents=parents, help="delete from this machine")
    remove.add_argument("model", help=name)
    remove.add_argument("--yes", action="store_true", help="do not ask")
    for action in (download, path, remove):
        action.add_argument("--revision", help="a branch, a tag or a commit")
    _add_quantize(actions.add_parser("quantize", parents=parents, help="make a smaller copy"))
