"""Build the wheel, and run commands as a new user would."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

TIMEOUT = 400.0
UV = str(Path(sys.executable).with_name("uv"))
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
NO_COMPILER = {"CC": "/bin/false", "CXX": "/bin/false"}
# The only platform where a package must be compiled: miniaudio.
COMPILES = sys.platform == "linux" and platform.machine() == "aarch64"


def run(*command: str | Path, env: dict[str, str] | None = None, cwd: Path | None = None) -> str:
    """Run a command to its end; return its stdout. Fail with what it printed if it failed."""
    done = subprocess.run(
        list(map(str, command)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        cwd=cwd,
        env=env,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout


def build(source: Path, into: Path, env: dict[str, str]) -> tuple[Path, Path]:
    """Build a folder of sources; return the wheel and the source archive."""
    command = (sys.executable, "-m", "build", "--installer", "uv", "--sdist", "--wheel")
    run(*command, "--outdir", into, source, env=env)
    return found(into)


def found(into: Path) -> tuple[Path, Path]:
    """Return the one wheel and the one source archive in a folder."""
    (wheel,) = into.glob("*.whl")
    (archive,) = into.glob("*.tar.gz")
    return wheel, archive
