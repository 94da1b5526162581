"""Run the sidecar with an English aligner whose answers are known: see `tests.support.spread`."""

from __future__ import annotations

import sys

from sidecar.cli import main as cli
from sidecar.models import aligners

aligners._BUILT_IN["english"] = "tests.support.spread"  # pyright: ignore[reportPrivateUsage]
cli.main(sys.argv[1:])
