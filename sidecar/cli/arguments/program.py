"""The whole parser: the program's own options and its commands."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence

from sidecar import __version__
from sidecar.cli.arguments import about, doctor, models, say, serve, voices
from sidecar.cli.arguments.parser import Parser, examples

_DESCRIPTION = """\
Natural-sounding speech from Qwen3-TTS, in a child process of your program.

Without a command it serves JSON-RPC on stdin and stdout. All options of `serve`
work without that word, too: see qwen-tts-sidecar serve --help."""

_EXAMPLES = (
    ('say "Hello there." --play', "speak through the loudspeaker"),
    ("say -f chapter.txt -o chapter.mp3", "read a text file to an MP3 file"),
    ("models download 0.6b-customvoice", "fetch a model"),
    ("--model 0.6b-customvoice", "serve with that model as the default"),
)
_WIDTH = 78
EXIT_CODES = {
    0: "The command did what was asked.",
    1: "Something failed: a file, the network, a model, or a text without anything to speak.",
    2: "The command line itself is wrong. Nothing was read or written.",
    130: "The command was interrupted by Ctrl-C.",
}


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options; end the process with the exit code 2 where they are wrong."""
    options, unknown = parser().parse_known_args(arguments)
    if unknown:
        options.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    if (empty := options.parser.empty(options)) is not None:
        options.parser.error(f"{empty} is empty")
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
    for command in (say, voices, models, doctor, serve, about):
        command.add(commands)
    return whole
