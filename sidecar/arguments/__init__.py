"""The grammar of the command line: a module for each command, and what they share.

`serve` without arguments starts without importing any of this.
"""

from sidecar.arguments.parser import parser

__all__ = ["parser"]
