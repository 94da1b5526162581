"""The grammar of the command line.

`serve` without arguments starts without importing any of this.
"""

from sidecar.cli.arguments.program import parse, parser

__all__ = ["parse", "parser"]
