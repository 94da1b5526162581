"""Options that several commands have, and the types of values."""

from __future__ import annotations

import os
from argparse import ArgumentTypeError
from typing import NamedTuple

from sidecar import logs
from sidecar.audio.formats import MAX_RATE, MAX_SPEED, MIN_RATE, MIN_SPEED
from sidecar.cli.arguments.parser import Container, Parser
from sidecar.limits import LONGEST_REFERENCE_SECONDS, MAX_REFERENCE_SECONDS
from sidecar.memory import MemoryLimit, parse_limit, parse_size
from sidecar.models.exported import VARIABLE as MODELS_DIR
from sidecar.models.hub.settings import BUDGET

_DAY_SECONDS = 86400


class SpeakerOption(NamedTuple):
    """A value of `--speaker`; None leaves the voice or the model to the program."""

    name: str
    voice: str | None
    model: str | None


def add_model(parser: Container, default: str, what: str = "") -> None:
    """Add `--model`. `default` says which model is used without it; `what` begins the help."""
    parser.add_argument(
        "--model",
        help=f"{what}an alias such as 0.6b-customvoice, a hub id, or a folder (default: {default})",
    )


def add_aligner(parser: Container) -> None:
    """Add `--aligner`."""
    parser.add_argument(
        "--aligner",
        metavar="MODEL",
        help="the model that finds word times, a checkpoint of Qwen3-ForcedAligner: a hub id or a "
        "folder; it must be on this machine (default: the sidecar's own aligners)",
    )


def add_yes(parser: Parser) -> None:
    """Add `--yes`."""
    parser.add_argument(
        "-y", "--yes", action="store_true", help="download large models without asking"
    )


def add_lexicon(parser: Container) -> None:
    """Add `--lexicon`, for commands that speak."""
    parser.add_argument(
        "--lexicon",
        metavar="FILE",
        help="how words are said: .csv or .json, or .pls of the W3C",
    )


def add_reference_limit(parser: Container) -> None:
    """Add `--max-reference-seconds`, for commands that read recordings."""
    parser.add_argument(
        "--max-reference-seconds",
        type=reference_seconds,
        default=MAX_REFERENCE_SECONDS,
        metavar="SECONDS",
        help="reject recordings that are longer than this, and saved voices made from such "
        f"recordings (default: %(default)g, at most {LONGEST_REFERENCE_SECONDS:g})",
    )


def add_common(
    parser: Parser,
    *,
    log: bool = True,
    hub: bool = True,
    voices: bool = False,
    models: bool = True,
) -> None:
    """Add the group of options that mean the same in every command.

    Args:
        log: the command runs or downloads a model, and logs it.
        hub: the command may contact the model hub.
        voices: the command reads or writes saved voices.
        models: the command finds models by their names.
    """
    group = parser.add_argument_group("common options")
    option = group.add_argument
    if voices:
        option(
            "--voices-dir",
            type=folder,
            metavar="FOLDER",
            help="folder of saved voices (default: one in the user's data folder)",
        )
    if models:
        option(
            "--models-dir",
            type=models_dir,
            action="append",
            metavar="DIR",
            help="folder of exported models, which are used before all others (see models export); "
            f"may be given several times (default: {MODELS_DIR} in the environment)",
        )
    if hub:
        option(
            "--models-budget",
            type=size,
            metavar="SIZE",
            help="refuse downloads that would make the downloaded models larger than this: 20GB, "
            f"or a number of bytes; 0 means no limit (default: {BUDGET} in the environment)",
        )
        option(
            "--offline",
            action="store_true",
            help="never contact the model hub; HF_HUB_OFFLINE=1 in the environment does the same",
        )
    if log:
        option(
            "--log-level",
            default="warning",
            choices=logs.LEVELS,
            metavar="LEVEL",
            help=f"{', '.join(logs.LEVELS)} (default: %(default)s)",
        )
        option(
            "--log-format",
            default="text",
            choices=logs.FORMATS,
            metavar="FORMAT",
            help=f"{' or '.join(logs.FORMATS)} (default: %(default)s)",
        )


def whole(text: str) -> int:
    """Return a whole number."""
    try:
        return int(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a whole number") from None


def _number(text: str, least: float, most: float, unit: str = "") -> float:
    try:
        value = float(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a number") from None
    if not least <= value <= most:
        raise ArgumentTypeError(f"{text!r} is not between {least:g} and {most:g}{unit}")
    return value


def seconds(text: str) -> float:
    """Return seconds, from 0 to a day."""
    return _number(text, 0, _DAY_SECONDS, " seconds")


def keep_alive(text: str) -> float:
    """Return seconds, or -1, which means for ever."""
    return -1.0 if text == "-1" else _number(text, 0, _DAY_SECONDS, " seconds, and not -1")


def reference_seconds(text: str) -> float:
    """Return the length that a reference recording may have."""
    unit = " seconds; a longer recording gives no better voice and takes memory in every stream"
    return _number(text, 1, LONGEST_REFERENCE_SECONDS, unit)


def speed(text: str) -> float:
    """Return the factor by which speech is faster than the model's."""
    return _number(text, MIN_SPEED, MAX_SPEED)


def speaker(text: str) -> SpeakerOption:
    """Return a speaker: NAME=VOICE, NAME=VOICE@MODEL or NAME=@MODEL."""
    name, _, rest = (part.strip() for part in text.partition("="))
    voice, at, model = (part.strip() for part in rest.partition("@"))
    if not name or not rest or (at and not model):
        raise ArgumentTypeError(
            f"{text!r} is no speaker; write NAME=VOICE or NAME=VOICE@MODEL, for example Ann=slt"
        )
    return SpeakerOption(name, voice or None, model or None)


def port(text: str) -> int:
    """Return the number of a port; 0 stands for a free one."""
    return int(_number(str(whole(text)), 0, 65535))


def sample_rate(text: str) -> int:
    """Return a sample rate in Hz."""
    return int(_number(str(whole(text)), MIN_RATE, MAX_RATE, " Hz"))


def memory_limit(text: str) -> MemoryLimit:
    """Return the memory that all loaded models together may use."""
    try:
        return parse_limit(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


def size(text: str) -> int:
    """Return a size in bytes."""
    try:
        return parse_size(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


def models_dir(text: str) -> str:
    """Return the absolute path of a folder of exported models."""
    path = os.path.abspath(folder(text)) if text.strip() else text
    if os.pathsep in path:  # the list of folders is passed on in an environment variable
        raise ArgumentTypeError(f"the path of a folder of models cannot have {os.pathsep!r} in it")
    return path


def folder(text: str) -> str:
    """Return the path of a folder, with the home folder in place of a leading ~."""
    path = os.path.expanduser(text)
    if path.startswith("~"):  # expanduser leaves it if there is no such user
        user = text.partition("/")[0]
        raise ArgumentTypeError(
            f"there is no user {user[1:]!r}; for a folder that is named {user}, write ./{text}"
        )
    return path
