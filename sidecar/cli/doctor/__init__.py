"""`doctor`: checks this machine, says which models fit it, and speaks a sentence."""

from __future__ import annotations

import argparse

import msgspec

from sidecar.cli import terminal
from sidecar.cli.doctor.report import collect
from sidecar.cli.doctor.text import as_text


def doctor(options: argparse.Namespace) -> int:
    """Print the report; return 1 if something is broken without which nothing works."""
    with terminal.reserve_stdout():
        report = collect(speak=not options.no_test, network=True)
    if options.json:
        print(msgspec.json.format(msgspec.json.encode(report)).decode())
    else:
        print(as_text(report))
    return 1 if report["broken"] else 0
