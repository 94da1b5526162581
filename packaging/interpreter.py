"""Puts an interpreter with its standard library into a tree."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tarfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urldefrag

# What a sidecar never imports, by the name in the standard library. `ensurepip` and `venv` install
# packages, which a tree never does; the rest draws windows, is about terminals' screens, or tests.
_MODULES = (
    "test", "tests", "idlelib", "tkinter", "turtle.py", "turtledemo", "lib2to3", "ensurepip",
    "venv", "pydoc_data", "curses", "sqlite3", "distutils", "msilib", "site-packages",
    "dist-packages", "__pycache__", "config-*", "EXTERNALLY-MANAGED",
)  # fmt: skip
# The extension modules of those, and the ones that test the interpreter or need a library that is
# seldom installed (readline, libnsl, libcrypt, gdbm).
_EXTENSIONS = (
    "_curses*", "_tkinter*", "_sqlite3*", "_test*", "_ctypes_test*", "_xx*", "xx*", "readline*",
    "nis*", "ossaudiodev*", "_crypt*", "spwd*", "_gdbm*", "_dbm*",
)  # fmt: skip
_ASK = """
import json, sys, sysconfig
base = getattr(sys, "_base_executable", None) or sys.executable
print(json.dumps([base, sys.base_prefix, sysconfig.get_path("stdlib"), sys.version.split()[0],
    sysconfig.get_config_var("INSTSONAME")]))
"""
# Where python-build-standalone is built, and so what its own files name.
_NEUTRAL = "/install"


@dataclass(frozen=True)
class Interpreter:
    """An interpreter on this machine, and the copy of it in a tree.

    Attributes:
        executable: the copy's program.
        address: where it was downloaded from, with its hash; None for one of this machine.
        copies: each copied program and library, and the file that it was copied from.
    """

    executable: Path
    version: str
    address: str | None
    copies: dict[Path, Path]

    @property
    def standalone(self) -> bool:
        """Return whether it is python-build-standalone's, which has its libraries inside."""
        return self.address is not None

    @property
    def purl(self) -> str:
        """Return its package URL, https://github.com/package-url/purl-spec."""
        if self.address is None:
            return f"pkg:generic/cpython@{self.version}"
        address, _, digest = self.address.partition("#sha256=")
        where = f"checksum=sha256:{digest}&download_url={quote(address, safe='')}"
        return f"pkg:generic/cpython@{self.version}?{where}"

    @property
    def minor(self) -> str:
        return ".".join(self.version.split(".")[:2])

    @property
    def library(self) -> Path:
        """Return the folder of the copy's standard library."""
        return self.executable.parents[1] / "lib" / f"python{self.minor}"

    @property
    def site_packages(self) -> Path:
        return self.library / "site-packages"


def bring(source: str, root: Path, work: Path) -> Interpreter:
    """Copy an interpreter into the folder `root`.

    Args:
        source: the path of a program, or the address of an archive of python-build-standalone with
            its hash: `https://…#sha256=…`.
        work: a folder for the archive.

    Raises:
        ValueError: the address has no hash, or the archive has another one.
        OSError: there is no such file, or the archive cannot be downloaded.
    """
    if "://" in source:
        return _copy(_download(source, work), root, source)
    return _copy(Path(source), root, None)


def _download(source: str, work: Path) -> Path:
    """Return the program in an archive of python-build-standalone."""
    address, fragment = urldefrag(source)
    algorithm, _, wanted = fragment.partition("=")
    if algorithm != "sha256":
        raise ValueError(f"{address} has no hash: write {address}#sha256=…")
    with urllib.request.urlopen(address, timeout=60) as answer:
        data = answer.read()
    found = hashlib.sha256(data).hexdigest()
    if found != wanted:
        raise ValueError(f"{address} has the hash {found}, and not {wanted}")
    work.mkdir(parents=True, exist_ok=True)
    archive = work / "interpreter.tar.gz"
    archive.write_bytes(data)
    with tarfile.open(archive) as file:
        file.extractall(work, filter="tar")
    return work / "python" / "bin" / "python3"


def _copy(program: Path, root: Path, address: str | None) -> Interpreter:
    """Copy an interpreter: `bin/python3` and `lib/`.

    Symbolic links become the files that they name.
    """
    answer = subprocess.run([program, "-I", "-c", _ASK], capture_output=True, check=True, text=True)
    base, prefix, library, version, shared = json.loads(answer.stdout)
    executable = root / "bin" / "python3"
    executable.parent.mkdir(parents=True)
    shutil.copy(base, executable)
    python = Interpreter(executable, version, address, {executable: Path(base).resolve()})
    shutil.copytree(library, python.library, ignore=shutil.ignore_patterns(*_MODULES, *_EXTENSIONS))
    for file in (python.library / "lib-dynload").glob("*.so"):
        python.copies[file] = Path(library) / "lib-dynload" / file.name
    python.site_packages.mkdir()
    for file in python.library.glob("_sysconfigdata*.py"):
        text = file.read_text("utf-8")
        file.write_text(text.replace(prefix, _NEUTRAL), "utf-8")
    # macOS names it by its place in the archive; on Linux libraries.py brings what is linked.
    dynamic = Path(prefix) / "lib" / str(shared)
    if dynamic.suffix == ".dylib" and dynamic.is_file():
        shutil.copy(dynamic, root / "lib" / dynamic.name)
    return python
