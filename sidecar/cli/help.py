"""`help` and `completion`: print the help of a command, and a shell's completion script."""

from __future__ import annotations

import argparse

from sidecar.cli.arguments import parser
from sidecar.cli.arguments.parser import Parser, unknown_command
from sidecar.cli.terminal import Failure
from sidecar.models.catalog import BUNDLED
from sidecar.models.known import KNOWN


def show(options: argparse.Namespace) -> int:
    """Run the command; return the exit code.

    Raises:
        Failure: there is no such command.
    """
    is_help = options.command == "help"
    print(_help(parser(), options.topic) if is_help else _completion(options.shell), end="")
    return 0


def _help(found: Parser, topic: list[str]) -> str:
    for name in topic:
        known = found.commands()
        if name not in known:
            raise Failure(unknown_command(name, known), code=2)
        found = known[name]
    return found.format_help()


def _completion(shell: str) -> str:
    import shtab

    whole = parser()
    _set_completions(whole, {"FILE": shtab.FILE, "FOLDER": shtab.DIRECTORY})
    return shtab.complete(whole, shell)


def _set_completions(found: Parser, kinds: dict[str, object]) -> None:
    """Have shtab complete files, folders and the names of models."""
    for action in found._actions:  # pyright: ignore[reportPrivateUsage]  # argparse has no public name
        if action.metavar in kinds:
            action.complete = kinds[action.metavar]  # type: ignore[attr-defined]
        elif action.dest in ("model", "design_model") and action.choices is None:
            action.choices = [BUNDLED, *KNOWN]  # the script offers them; nothing is parsed now
    for command in found.commands().values():
        _set_completions(command, kinds)
