"""The commands in blocks of shell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

_ENDS = {"|", "||", "&&", ";", "(", ")", "&", ");"}
_REDIRECTS = re.compile(r"^\d*(>|>>|<)$")
_ASSIGNMENT = re.compile(r"^\w+=")
OURS = ("qwen-tts-sidecar", "qwen-tts-bridge", "qwen-tts-cluster")


def commands(script: str) -> Iterator[list[str]]:
    """Return the words of each command; what a shell would expand stays as it is written."""
    for line in re.sub(r"\\\n", " ", script).splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="();<>|&")
        lexer.whitespace_split = True
        command: list[str] = []
        is_file = False
        for word in lexer:
            if word in _ENDS:
                yield command
                command = []
            elif _REDIRECTS.match(word):
                is_file = True
            elif is_file:
                is_file = False
            elif command or not _ASSIGNMENT.match(word):
                command.append(word)
        yield command


def of_ours(script: str) -> Iterator[tuple[str, list[str]]]:
    """Return our own programs that a script starts, each with its arguments."""
    for words in commands(script):
        for position, word in enumerate(words):
            name = word.rpartition("/")[2]
            # An argument of another program may end like one of ours: a folder, a package.
            if name in OURS and (position == 0 or words[0] == "uvx"):
                yield name, words[position + 1 :]
                break
