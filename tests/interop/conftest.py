"""Gets the foreign clients: `npm ci` in this folder, Debian packages where root may install."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

HERE = Path(__file__).parent
INSTALL_TIMEOUT = 400.0

untested: list[str] = []


def unavailable(reason: str) -> NoReturn:
    """Skips, and says so at the end of the run; in CI every client must be there."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    untested.append(reason)
    pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if untested:
        terminalreporter.section("foreign clients that were NOT tested", sep="!", yellow=True)
        for reason in dict.fromkeys(untested):
            terminalreporter.line(reason)


def install(*command: str) -> str:
    """Runs an installer; returns why it failed, or nothing."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=INSTALL_TIMEOUT,
            cwd=HERE,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"`{' '.join(command)}` took more than {INSTALL_TIMEOUT:.0f} s"
    if done.returncode == 0:
        return ""
    return f"`{' '.join(command)}` failed: {done.stdout[-500:].strip()}"


@cache
def install_debian(package: str) -> str:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return "only root can install it here, with apt-get"
    # Another installation may be running; without an update a fresh container knows no packages.
    wait = ("-qq", "-o", "DPkg::Lock::Timeout=120")
    return install("apt-get", "update", *wait) or install(
        "apt-get", "install", *wait, "--yes", "--no-install-recommends", package
    )


@cache
def install_npm() -> str:
    lock, installed = HERE / "package-lock.json", HERE / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return ""
    if shutil.which("npm") is None:
        return "npm is not installed"
    return install("npm", "ci")


@pytest.fixture(scope="session")
def debian() -> Callable[[str, str], str]:
    """The path of a command, given with the Debian package that it is in."""

    def find(command: str, package: str) -> str:
        reason = "" if shutil.which(command) else install_debian(package)
        path = shutil.which(command)
        if path is None:
            unavailable(f"{command} (Debian: {package}) is missing: {reason}")
        return path

    return find


@pytest.fixture(scope="session")
def node() -> str:
    """The path of Node, with the packages of this folder installed."""
    path = shutil.which("node")
    if path is None:
        unavailable("Node is not installed")
    if reason := install_npm():
        unavailable(f"vscode-jsonrpc and bun are missing: {reason}")
    return path


@pytest.fixture(scope="session")
def bun(node: str) -> str:
    """The path of the Bun that package-lock.json names."""
    return str(HERE / "node_modules" / ".bin" / "bun")
