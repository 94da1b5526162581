"""`help` and `completion`: commands about the command line itself."""

from __future__ import annotations

import argparse

from sidecar.cli.arguments.parser import Commands, Parser, examples, no_command
from sidecar.cli.terminal import Failure
from sidecar.models.catalog import BUNDLED
from sidecar.models.known import KNOWN

SHELLS = ("bash", "zsh", "fish")
_EXAMPLES = (
    (
        "completion bash > ~/.local/share/bash-completion/completions/qwen-tts-sidecar",
        "bash, with the package bash-completion",
    ),
    ("completion zsh > ~/.zfunc/_qwen-tts-sidecar", "zsh, with ~/.zfunc in fpath"),
    ("completion fish > ~/.config/fish/completions/qwen-tts-sidecar.fish", "fish"),
)


def add(commands: Commands[Parser]) -> None:
    """Add both commands."""
    completion = commands.add_parser(
        "completion",
        help="print a shell's completion script",
        usage=f"%(prog)s {{{','.join(SHELLS)}}}",
        description="Print a script that makes a shell complete the command line with Tab.",
        epilog=examples(_EXAMPLES),
    )
    completion.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))
    helping = commands.add_parser(
        "help",
        help="show the help of a command",
        usage="%(prog)s [COMMAND [ACTION]]",
        description="Show the help of a command.",
    )
    helping.add_argument("topic", nargs="*", metavar="COMMAND", help="such as say, or voices list")


def shown(options: argparse.Namespace) -> str:
    """Return what `help` or `completion` prints.

    Raises:
        Failure: there is no such command.
    """
    from sidecar.cli.arguments.program import parser

    return (
        _completion(parser(), options.shell)
        if options.command == "completion"
        else _help(parser(), options.topic)
    )


def _help(found: Parser, topic: list[str]) -> str:
    for name in topic:
        known = found.commands()
        if name not in known:
            raise Failure(no_command(name, known), code=2)
        found = known[name]
    return found.format_help()


def _completion(whole: Parser, shell: str) -> str:
    import shtab

    _mark(whole, shtab.FILE, shtab.DIRECTORY)
    return shtab.complete(whole, shell)


def _mark(parser: Parser, file: object, folder: object) -> None:
    """Say what the values of options are, where argparse has no place for it."""
    kinds = {"FILE": file, "FOLDER": folder}
    for action in parser._actions:  # pyright: ignore[reportPrivateUsage]
        if action.metavar in kinds:
            action.complete = kinds[action.metavar]  # type: ignore[attr-defined]
        elif action.dest in ("model", "design_model") and action.choices is None:
            action.choices = [BUNDLED, *KNOWN]  # offered by the script; not enforced any more
    for command in parser.commands().values():
        _mark(command, file, folder)
