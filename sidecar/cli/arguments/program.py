"""The whole parser: the program, and the commands that have few options."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence

from sidecar import __version__
from sidecar.cli.arguments import models, say, voices
from sidecar.cli.arguments.parser import Commands, Parser, examples
from sidecar.cli.arguments.shared import (
    add_aligner,
    add_common,
    add_lexicon,
    add_model,
    add_reference_limit,
    add_yes,
    folder,
    keep_alive,
    memory_limit,
    port,
    seconds,
)
from sidecar.limits import HANG_SECONDS
from sidecar.memory import DEFAULT_LIMIT
from sidecar.models.catalog import BUNDLED

_DESCRIPTION = """\
Natural-sounding speech from Qwen3-TTS, in a child process of your program.

Without a command, it serves JSON-RPC on stdin and stdout. All options of `serve`
also work without that word: see qwen-tts-sidecar serve --help."""

_EXAMPLES = (
    ("playground", "try voices in the browser"),
    ('say "Hello there." --play', "speak through the loudspeaker"),
    ("say -f chapter.txt -o chapter.mp3", "turn a text file into an MP3 file"),
    ("models download 0.6b-customvoice", "download a model"),
    ("--model 0.6b-customvoice", "serve with that model as the default"),
)
_PLAYGROUND_EXAMPLES = (
    ("playground", "open the page in the browser"),
    ("playground --model 0.6b-customvoice", "begin with another model"),
    ("playground --no-open --token-file token", "print the address, which stays the same"),
)
_SERVE_EXAMPLES = (
    ("serve", "serve with the bundled voice as the default"),
    (
        "--model 0.6b-customvoice --keep-alive 600",
        "without the word serve: another default, unloaded after ten idle minutes",
    ),
)
_DOCTOR_EXAMPLES = (
    ("doctor", "check everything"),
    ("doctor --no-test --json", "print what a bug report needs"),
)
_BENCH_EXAMPLES = (
    ("bench --share figures.json", "measure the 0.6B in 8 bits, and write a file to share"),
    ("bench --model tiny-voice", "measure the bundled voice"),
)
_COMPLETION_EXAMPLES = (
    (
        "completion bash > ~/.local/share/bash-completion/completions/qwen-tts-sidecar",
        "bash, with the package bash-completion",
    ),
    ("completion zsh > ~/.zfunc/_qwen-tts-sidecar", "zsh, with ~/.zfunc in fpath"),
    ("completion fish > ~/.config/fish/completions/qwen-tts-sidecar.fish", "fish"),
)
_SHELLS = ("bash", "zsh", "fish")
_WIDTH = 78
EXIT_CODES = {
    0: "The command did what was asked.",
    1: "Something failed: a file, the network, a model, or a text that has nothing to speak.",
    2: "The command line itself is wrong. Nothing was read or written.",
    129: "The command was interrupted by SIGHUP: its terminal was closed.",
    130: "The command was interrupted by Ctrl-C.",
    143: "The command was interrupted by SIGTERM.",
}


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options; end the process with the exit code 2 if they are wrong."""
    options, unknown = parser().parse_known_args(arguments)
    if unknown:
        is_text = options.command == "say" and not unknown[0].startswith("-")
        advice = " Put a text of several words in quotation marks." if is_text else ""
        options.parser.error(f"There are unexpected arguments: {' '.join(unknown)}.{advice}")
    if (empty := options.parser.empty(options)) is not None:
        options.parser.error(f"{empty} is empty")
    if options.command == "say" and options.skip_directions and options.normalize is False:
        options.parser.error("--no-normalize leaves the text as it is, with its stage directions")
    if options.command == "say" and options.ssml and options.skip_directions:
        options.parser.error("--skip-directions is for a plain text, and not for --ssml")
    return options


def parser() -> Parser:
    """Return the parser of the whole command line."""
    codes = "\n".join(
        textwrap.fill(f"  {code:>3}  {meaning}", _WIDTH, subsequent_indent=" " * 7)
        for code, meaning in EXIT_CODES.items()
    )
    whole = Parser(
        prog="qwen-tts-sidecar",
        usage="%(prog)s COMMAND [OPTIONS]\n       %(prog)s [OPTIONS OF serve]",
        description=_DESCRIPTION,
        epilog=f"{examples(_EXAMPLES)}\n\nexit codes:\n{codes}",
    )
    whole.add_argument("-V", "--version", action="version", version=f"%(prog)s {__version__}")
    commands = whole.add_subparsers(
        title="commands", dest="command", metavar="COMMAND", required=True, prog=whole.prog
    )
    own = (_add_playground, _add_doctor, _add_bench, _add_serve, _add_completion)
    for add in (say.add, voices.add, models.add, *own):
        add(commands)
    _add_help(commands)
    return whole


def _add_doctor(commands: Commands[Parser]) -> None:
    doctor = commands.add_parser(
        "doctor",
        help="check this machine, and say which models fit it",
        usage="%(prog)s [OPTIONS]",
        description="Check this machine: its packages, memory and models, and whether it speaks.",
        epilog=examples(_DOCTOR_EXAMPLES),
    )
    doctor.add_argument("--json", action="store_true", help="print JSON, for programs")
    doctor.add_argument(
        "--no-test", action="store_true", help="do not speak a sentence with the bundled voice"
    )
    add_common(doctor)


def _add_playground(commands: Commands[Parser]) -> None:
    playground = commands.add_parser(
        "playground",
        help="try voices in the browser",
        usage="%(prog)s [OPTIONS]",
        description="Serve a page on this machine, to try voices, and open it in the browser.",
        epilog=examples(_PLAYGROUND_EXAMPLES),
    )
    option = playground.add_argument
    add_model(playground, BUNDLED, what="the model that the page begins with: ")
    add_aligner(playground)
    option(
        "--port",
        type=port,
        metavar="PORT",
        help="the port of the page; 0 takes a free one (default: 8766, or a free one if that is "
        "in use)",
    )
    option(
        "--token-file",
        type=folder,
        metavar="FILE",
        help="the file with the token of the address; it is made if there is none, so the address "
        "stays the same (default: a new token each time)",
    )
    option(
        "--no-open",
        dest="open",
        action="store_false",
        help="print the address, and do not open it in the browser",
    )
    add_reference_limit(playground)
    add_lexicon(playground)
    add_common(playground, voices=True)


def _add_bench(commands: Commands[Parser]) -> None:
    bench = commands.add_parser(
        "bench",
        help="measure this machine, beside mlx-audio",
        usage="%(prog)s [OPTIONS]",
        description="Measure how fast this machine speaks, beside mlx-audio's own generate.",
        epilog=examples(_BENCH_EXAMPLES),
    )
    add_model(bench, "0.6b-customvoice-8bit")
    bench.add_argument(
        "--share",
        metavar="FILE",
        help="also write the figures as JSON, with the kind of machine and versions, and nothing "
        "that is private",
    )
    bench.add_argument("--quick", action="store_true", help="a first look: one short utterance")
    bench.add_argument(
        "--engine",
        choices=("qwen-tts-sidecar", "mlx-audio"),
        help="measure only this one, in this process, and print JSON",
    )
    add_yes(bench)
    add_common(bench)


def _add_serve(commands: Commands[Parser]) -> None:
    serve = commands.add_parser(
        "serve",
        help="serve JSON-RPC on stdin and stdout (the default command)",
        usage="%(prog)s [OPTIONS]",
        description="Serve JSON-RPC on stdin and stdout, for the program that starts it.",
        epilog=examples(_SERVE_EXAMPLES),
    )
    option = serve.add_argument
    add_model(
        serve, BUNDLED, what="the model of requests that name neither a model nor a saved voice: "
    )
    add_aligner(serve)
    option(
        "--memory-limit",
        type=memory_limit,
        default=DEFAULT_LIMIT,
        metavar="SIZE",
        help="memory that all loaded models together may use: 8GB, 50%%, or a number of bytes; "
        "0 means no limit (default: 70%%)",
    )
    option(
        "--keep-alive",
        type=keep_alive,
        default=-1.0,
        metavar="SECONDS",
        help="unload a model that has had no work for this long; -1 means never "
        "(default: %(default)g)",
    )
    option(
        "--watchdog",
        type=seconds,
        metavar="SECONDS",
        help="end the process if one piece of work takes longer than this; 0 means never "
        f"(default: {HANG_SECONDS:g}, or more with a larger --max-reference-seconds)",
    )
    add_reference_limit(serve)
    add_lexicon(serve)
    add_common(serve, voices=True)


def _add_completion(commands: Commands[Parser]) -> None:
    completion = commands.add_parser(
        "completion",
        help="print a completion script for a shell",
        usage=f"%(prog)s {{{','.join(_SHELLS)}}}",
        description="Print a script that lets a shell complete this command line with Tab.",
        epilog=examples(_COMPLETION_EXAMPLES),
    )
    completion.add_argument("shell", choices=_SHELLS, metavar="SHELL", help=", ".join(_SHELLS))


def _add_help(commands: Commands[Parser]) -> None:
    helping = commands.add_parser(
        "help",
        help="show the help of a command",
        usage="%(prog)s [COMMAND [ACTION]]",
        description="Show the help of a command.",
    )
    helping.add_argument(
        "topic", nargs="*", metavar="COMMAND", help="for example: say, or voices list"
    )
