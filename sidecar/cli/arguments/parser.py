"""argparse with errors of two lines, which suggest what was probably meant."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn, cast

from sidecar.cli import terminal
from sidecar.wording import closest

Commands = argparse._SubParsersAction  # pyright: ignore[reportPrivateUsage]  # argparse has no public name
# A parser, or a group of a parser's options.
Container = argparse._ActionsContainer  # pyright: ignore[reportPrivateUsage]  # argparse has no public name


# argparse's messages about options that exclude each other.
_NONE_GIVEN = re.compile(r"one of the arguments (.+) is required")
_BOTH_GIVEN = re.compile(r"argument (\S+): not allowed with argument (\S+)")


class Parser(argparse.ArgumentParser):
    """A parser whose help page keeps the line breaks of its description and epilog."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        # The meaning of an abbreviation would change with every option that is added.
        super().__init__(**options, allow_abbrev=False)
        # The innermost parser wins: it is the one whose options are given.
        self.set_defaults(
            parser=self,
            log_level="warning",
            log_format="text",
            offline=False,
            models_dir=None,
            models_budget=None,
        )
        self._given: Sequence[str] = ()

    def parse_known_args(  # pyright: ignore[reportIncompatibleMethodOverride]  # it has overloads
        self, args: Any = None, namespace: Any = None
    ) -> Any:
        self._given = args or ()
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Print the error and where the help is; end the process with the exit code 2."""
        message = self._unknown_option() or _reword(message)
        terminal.error(
            message[:1].upper() + message[1:], f"Run {self.prog} --help to see the usage."
        )
        raise SystemExit(2)

    def commands(self) -> dict[str, Parser]:
        """Return the parsers of the commands by their names."""
        for action in self._actions:
            if isinstance(action, Commands):
                return cast(Any, action).choices
        return {}

    def empty(self, options: argparse.Namespace) -> str | None:
        """Return the first option or argument with a blank value; the text to speak may be blank.

        A script passes a blank value if one of its variables is not set. Without this check the
        value would be replaced by the default.
        """
        for action in self._actions:
            value: Any = getattr(options, action.dest, None)
            values = cast(list[Any], value) if isinstance(value, list) else [value]
            for one in values:
                if isinstance(one, str) and not one.strip():
                    if action.option_strings:
                        return action.option_strings[-1]
                    if action.metavar != "TEXT":
                        return str(action.metavar)
        return None

    def _unknown_option(self) -> str | None:
        """Return the message for the first unknown option, if one was given.

        A misspelt option often causes another error, for example a required option is missing.
        """
        if self.commands():
            return None  # the options belong to the command
        known = self._option_string_actions
        for given in self._given:
            if given == "--":
                break
            name = given.partition("=")[0]
            if name.startswith("--") and " " not in name and name not in known:
                return f"There is no option {name}.{_suggestion(name, known)}"
        return None

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        names = [str(choice) for choice in action.choices]
        if isinstance(action, Commands):
            raise argparse.ArgumentError(None, unknown_command(str(value), names))
        guess = _suggestion(str(value), names)
        raise argparse.ArgumentError(action, f"{value!r} is not one of {', '.join(names)}.{guess}")


def examples(rows: Iterable[tuple[str, str]]) -> str:
    """Return the end of a help page: command lines (without the program) and what they do."""
    lines = [f"  # {what}\n  qwen-tts-sidecar {command}" for command, what in rows]
    return "\n".join(["examples:", *lines])


def unknown_command(name: str, known: Iterable[str]) -> str:
    """Return the message for an unknown command: with the nearest name, or all names."""
    names = list(known)
    others = f" The commands are {', '.join(names)}." if names else ""
    return f"There is no command {name!r}.{_suggestion(name, names) or others}"


def _reword(message: str) -> str:
    """Return a message of argparse as a sentence that says what to do."""
    if match := _NONE_GIVEN.fullmatch(message):
        return f"Give {' or '.join(match[1].split())}"
    if match := _BOTH_GIVEN.fullmatch(message):
        return f"{match[1]} and {match[2]} cannot be given together"
    return message


def _suggestion(name: str, known: Iterable[str]) -> str:
    bare = {one.lstrip("-"): one for one in known}  # the dashes would make all options alike
    match = closest(name.lstrip("-"), bare)
    return f" Did you mean {bare[match]}?" if match else ""
