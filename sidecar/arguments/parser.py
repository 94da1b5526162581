"""The whole parser: the program's own options and its commands."""

from __future__ import annotations

import argparse

from sidecar import __version__
from sidecar.arguments import doctor, models, say, serve, voices


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    whole = argparse.ArgumentParser(
        prog="qwen-tts-sidecar",
        description="Qwen3-TTS in a child process. Without a command it serves on stdin/stdout.",
    )
    whole.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = whole.add_subparsers(dest="command", required=True)
    for command in (serve, doctor, say, voices, models):
        command.add(commands)
    return whole
