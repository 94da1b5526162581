"""The grammar of the command line: a module for each command, and what they share.

`serve` without arguments starts without importing any of this.
"""

from sidecar.cli.arguments.about import shown
from sidecar.cli.arguments.program import parse, parser

__all__ = ["parse", "parser", "shown"]
