"""`doctor`: what this machine offers, what fits it, whether it speaks, and what would help."""

from __future__ import annotations

import argparse
import os
import sys

from sidecar.cli.doctor.findings import look
from sidecar.cli.doctor.text import as_json, as_text


def doctor(options: argparse.Namespace) -> int:
    """Prints the findings; returns 1 if something that is needed is broken."""
    sys.stdout.flush()
    printed = os.dup(1)
    os.dup2(2, 1)  # libraries print while a model is loaded
    findings = look(speak=not options.no_test, network=True)
    os.dup2(printed, 1)
    print(as_json(findings) if options.json else as_text(findings))
    return 1 if findings.broken else 0
