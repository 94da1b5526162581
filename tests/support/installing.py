"""Install what tests need besides the project's packages: Debian packages where root may, `npm ci`,
single packages of npm and of PyPI, and third-party Python packages in an environment of their own.

Single packages are kept between runs, in the user's folder for caches.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NoReturn

import platformdirs
import pytest
from filelock import FileLock, Timeout

ROOT = Path(__file__).parents[2]
_TIMEOUT = 600.0

untested: list[str] = []


def unavailable(reason: str) -> NoReturn:
    """Skip the test and report that at the end of the run; fail in CI, which must have all."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    untested.append(reason)
    pytest.skip(reason)


def debian(command: str, package: str) -> str:
    """Return the path of a command; install its Debian package if it is missing."""
    reason = "" if shutil.which(command) else _install_debian(package)
    path = shutil.which(command)
    if path is None:
        unavailable(f"{command} (Debian: {package}) is missing: {reason}")
    return path


def npm(folder: Path) -> None:
    """Install a folder's packages by its lock file, unless they are newer than it."""
    with lock("npm", folder):
        reason = _install_npm(folder)
    if reason:
        unavailable(f"the npm packages of {folder.name} are missing: {reason}")


def npm_package(spec: str, integrity: str) -> Path:
    """Return the files of an npm package, without its dependencies.

    Args:
        spec: its name and version, as `name@1.2.3`.
        integrity: the hash of its archive, as lock files write it: `sha512-` and base64.
    """
    name = spec.lstrip("@").replace("/", "-")
    return kept(name, lambda folder: _unpack_npm(spec, integrity, folder))


def wheel(spec: str, sha256: str) -> Path:
    """Return the files of a wheel on PyPI, without its dependencies.

    Args:
        spec: its name and version, as `name==1.2.3`.
        sha256: the hash of the wheel.
    """
    return kept(spec.replace("==", "-"), lambda folder: _unpack_wheel(spec, sha256, folder))


def kept(name: str, make: Callable[[Path], str]) -> Path:
    """Return a folder that is made once and kept between runs.

    Args:
        make: writes it to a folder that does not exist yet; returns why it could not, or nothing.
    """
    folder = platformdirs.user_cache_path("qwen-tts-sidecar-tests") / name
    with lock("kept", folder):
        if folder.is_dir():
            return folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as work:
            made = Path(work) / "made"
            reason = make(made)
            if not reason:
                made.rename(folder)
    if reason:
        unavailable(f"{name} is missing: {reason}")
    return folder


def pip(*arguments: str) -> str:
    """Run `pip install`; return why it failed, or nothing."""
    options = ("--disable-pip-version-check", "--no-input")
    return _install(sys.executable, "-m", "pip", "install", *options, *arguments)


def python(requirements: Path) -> Path:
    """Return the Python of an environment that has the packages of a file; build/ keeps it."""
    folder = ROOT / "build" / "environments" / requirements.parent.name
    with lock("python", folder):
        reason = _install_python(folder, requirements)
    if reason:
        unavailable(f"the packages of {requirements} are missing: {reason}")
    return folder / "bin" / "python"


@cache
def _install_debian(package: str) -> str:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return "only root can install it here, with apt-get"
    # Another installation may be running; without an update a fresh container knows no packages.
    wait = ("-qq", "-o", "DPkg::Lock::Timeout=120")
    # An update does not wait for another one, which a test in another process may run.
    try:
        with lock("apt", Path("/")):  # of the whole machine
            return _install("apt-get", "update", *wait) or _install(
                "apt-get", "install", *wait, "--yes", "--no-install-recommends", package
            )
    except Timeout:
        return f"another test has been installing for {_TIMEOUT:.0f} s"


@cache
def _install_npm(folder: Path) -> str:
    wanted, installed = folder / "package-lock.json", folder / "node_modules/.package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= wanted.stat().st_mtime:
        return ""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    return _install("npm", "ci", cwd=folder)


def _unpack_npm(spec: str, integrity: str, folder: Path) -> str:
    if shutil.which("npm") is None:
        return "npm is not installed"
    work = folder.parent
    reason = _install("npm", "pack", "--silent", spec, cwd=work)
    if reason:
        return reason
    (archive,) = work.glob("*.tgz")
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if integrity != f"sha512-{digest}":
        pytest.fail(f"the archive of {spec} is another one: its hash is sha512-{digest}")
    with tarfile.open(archive) as files:
        files.extractall(work, filter="data")
    (work / "package").rename(folder)
    return ""


def _unpack_wheel(spec: str, sha256: str, folder: Path) -> str:
    options = ("--quiet", "--no-deps", "--only-binary", ":all:", "--dest", str(folder.parent))
    reason = _install(sys.executable, "-m", "pip", "download", *options, spec)
    if reason:
        return reason
    (archive,) = folder.parent.glob("*.whl")
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != sha256:
        pytest.fail(f"the wheel of {spec} is another one: its hash is {digest}")
    with zipfile.ZipFile(archive) as files:
        files.extractall(folder)
    return ""


@cache
def _install_python(folder: Path, requirements: Path) -> str:
    installed = folder / "installed.txt"  # what is there, once all of it is
    wanted = requirements.read_text("utf-8")
    if installed.exists() and installed.read_text("utf-8") == wanted:
        return ""
    python = str(folder / "bin" / "python")
    reason = _install(sys.executable, "-m", "venv", "--clear", str(folder)) or _install(
        python, "-m", "pip", "install", "--quiet", "--requirement", str(requirements)
    )
    if not reason:
        installed.write_text(wanted, "utf-8")
    return reason


def lock(name: str, folder: Path = ROOT) -> FileLock:
    """Return a lock that workers of one test run, and runs beside it, take in turn.

    Args:
        name: says what is made under the lock.
        folder: where that is made; other folders do not wait. By default this checkout.
    """
    place = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    file = f"qwen-tts-sidecar-{name}-{place}.lock"
    return FileLock(Path(tempfile.gettempdir()) / file, timeout=_TIMEOUT)


def _install(*command: str, cwd: Path | None = None) -> str:
    """Run an installer; return why it failed, or nothing."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_TIMEOUT,
            cwd=cwd,
            # Electron and a browser are development dependencies here, without their binaries.
            env={
                **os.environ,
                "DEBIAN_FRONTEND": "noninteractive",
                "ELECTRON_SKIP_BINARY_DOWNLOAD": "1",
                "PUPPETEER_SKIP_DOWNLOAD": "1",
            },
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"`{' '.join(command)}` took more than {_TIMEOUT:.0f} s"
    if done.returncode == 0:
        return ""
    return f"`{' '.join(command)}` failed: {done.stdout[-500:].strip()}"
