"""Signs the programs and libraries of a tree for macOS, inside out, with the hardened runtime.

Apple notarises nothing else: https://developer.apple.com/documentation/security/hardened-runtime
"""

from __future__ import annotations

import argparse
import struct
import subprocess
import sys
from pathlib import Path

_ENTITLEMENTS = Path(__file__).parent / "entitlements.plist"
_THIN = {b"\xcf\xfa\xed\xfe": "<", b"\xfe\xed\xfa\xcf": ">"}  # mach/loader.h, 64 bits
_FAT = b"\xca\xfe\xba\xbe"  # mach-o/fat.h; also the beginning of a Java class
_PROGRAM = 2  # MH_EXECUTE
# A Java class has its version in place of the number of architectures, which is 45 at least.
_MAX_ARCHITECTURES = 20
_AT_ONCE = 50


def sign(tree: Path, identity: str) -> None:
    """Sign every Mach-O file of a tree, and verify that.

    Libraries come before the programs that load them. Only programs have entitlements.

    Args:
        identity: a name of the keychain, as `Developer ID Application: Name (TEAM)`.

    Raises:
        subprocess.CalledProcessError: codesign refused; it has said why.
        ValueError: there is nothing to sign, or no identity.
    """
    if not identity:
        raise ValueError("the name of the signing identity is empty")
    libraries, programs = find(tree)
    if not programs:
        raise ValueError(f"there is no program for macOS in {tree}")
    command = ["codesign", "--force", "--timestamp", "--options", "runtime", "--sign", identity]
    _run(command, libraries)
    _run([*command, "--entitlements", str(_ENTITLEMENTS)], programs)
    _run(["codesign", "--verify", "--strict"], libraries + programs)


def find(tree: Path) -> tuple[list[Path], list[Path]]:
    """Return the libraries and the programs among a tree's files, the deepest first."""
    libraries: list[Path] = []
    programs: list[Path] = []
    for path in sorted(tree.rglob("*"), key=lambda path: (-len(path.parts), str(path))):
        if path.is_file() and not path.is_symlink():
            kind = _file_type(path)
            if kind is not None:
                (programs if kind == _PROGRAM else libraries).append(path)
    return libraries, programs


def _file_type(path: Path) -> int | None:
    """Return the type in a Mach-O header, of the first architecture; None for another file."""
    with path.open("rb") as file:
        magic = file.read(4)
        if magic == _FAT:
            head = file.read(16)
            if len(head) < 16 or not 0 < struct.unpack(">I", head[:4])[0] < _MAX_ARCHITECTURES:
                return None
            # fat_arch: cputype, cpusubtype, offset
            file.seek(struct.unpack(">I", head[12:16])[0])
            magic = file.read(4)
        order = _THIN.get(magic)
        rest = file.read(12)
        if order is None or len(rest) < 12:
            return None
        return int(struct.unpack(f"{order}I", rest[8:12])[0])


def _run(command: list[str], paths: list[Path]) -> None:
    for start in range(0, len(paths), _AT_ONCE):
        subprocess.run([*command, *map(str, paths[start : start + _AT_ONCE])], check=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", type=Path)
    parser.add_argument("identity", help="a name of the keychain")
    options = parser.parse_args()
    try:
        sign(options.tree, options.identity)
    except (ValueError, subprocess.CalledProcessError) as error:
        sys.exit(f"signing: {error}")
