"""Errors name fields of the protocol; at a terminal, the options that mean the same are named."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

# Fields whose option is not called as they are.
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
# What is no option of any command that can fail over it.
_NONE = ("text",)
_FIELD = re.compile(r"`([a-z][A-Za-z]*(?:\.[a-z][A-Za-z]*)*)`")


def with_options(text: str, options: argparse.Namespace) -> str:
    """Return a message with the command's options in place of the protocol's fields.

    A field that the command has no option for stays as it is.
    """

    def option(match: re.Match[str]) -> str:
        field = match[1]
        kebab = re.sub(r"(?=[A-Z])", "-", field).lower()
        name = _OPTIONS.get(field, f"--{kebab}")
        destination = name.removeprefix("--").replace("-", "_")
        return name if hasattr(options, destination) and field not in _NONE else match[0]

    return _FIELD.sub(option, text)
