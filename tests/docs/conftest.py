"""The built site, and the built TypeScript client that its pages are checked with."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from docs.site.pages import ROOT
from tests.clients import package
from tests.support import installing


@pytest.fixture(scope="session")
def typescript(testrun_uid: str) -> Path:
    """Return the folder of the TypeScript client, with `dist` of today's sources."""
    package.build(testrun_uid)
    return package.PACKAGE


@pytest.fixture(scope="session")
def site(typescript: Path) -> Path:
    """Return the folder of the site, which MkDocs has built in its strict mode."""
    del typescript
    python = installing.python(ROOT / "tests" / "docs" / "requirements.txt")
    done = subprocess.run(
        [python, "-m", "docs.site"],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    assert "WARNING" not in done.stdout
    return ROOT / "build" / "docs" / "site"
