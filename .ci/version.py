"""Keep the version number in one place, `sidecar/__init__.py`, and copy it to the clients.

python .ci/version.py            copy it to the TypeScript package, the Python client, and
                                 the extension for VS Code
python .ci/version.py --check    fail where a copy differs
python .ci/version.py --check --tag v1.2.3    also fail unless the tag names this version
python .ci/version.py --check --packages dist     also fail unless the folder has all npm packages,
                                                  each of this version, and they fit each other
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tarfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "sidecar" / "__init__.py"
PACKAGE = ROOT / "clients" / "typescript"
CLIENT = ROOT / "clients" / "python"
EXTENSION = ROOT / "clients" / "vscode"
# Each file with the pattern of the text before the version; only the first matches are copies.
COPIES: dict[Path, tuple[str, int]] = {
    PACKAGE / "package.json": (r'^  "version": "', 1),
    PACKAGE / "package-lock.json": (r'^(?:  |      )"version": "', 2),
    PACKAGE / "src" / "version.ts": (r'^export const VERSION = "', 1),
    CLIENT / "qwen_tts_client" / "version.py": (r'^VERSION = "', 1),
    EXTENSION / "package.json": (r'^  "version": "', 1),
    EXTENSION / "package-lock.json": (r'^(?:  |      )"version": "', 2),
}


def current() -> str:
    """Return the version that `sidecar/__init__.py` states."""
    match = re.search(r'^__version__ = "([^"]+)"$', SOURCE.read_text(), re.MULTILINE)
    if match is None:
        sys.exit(f'{SOURCE.relative_to(ROOT)} has no line __version__ = "…".')
    return match[1]


def for_npm(version: str) -> str:
    """Return a version of Python's as npm spells it: 1.2.3rc1 is 1.2.3-rc.1."""
    return re.sub(r"(?<=\d)(a|b|rc)(\d+)$", r"-\1.\2", version)


def for_marketplace(version: str) -> str:
    """Return a version as VS Code's marketplace spells it, which knows no pre-releases: 1.2.3."""
    return re.sub(r"(a|b|rc)\d+$", "", version)


def spelled(file: Path, version: str) -> str:
    """Return a version as it is spelled in a file."""
    if file.is_relative_to(EXTENSION):
        return for_marketplace(version)
    return version if file.suffix == ".py" else for_npm(version)


def with_version(text: str, before: str, count: int, version: str) -> str:
    """Return the text with the version after the first `count` matches of `before`."""
    pattern = re.compile(rf'({before})[^"]+(?=")', re.MULTILINE)
    return pattern.sub(rf"\g<1>{version}", text, count=count)


def check_packages(folder: Path, version: str) -> None:
    """Exit with a message unless a folder has the client's archive and all that it depends on."""
    packages = {archive: _content(archive, "package.json") for archive in folder.glob("*.tgz")}
    names = {package["name"]: archive for archive, package in packages.items()}
    if "qwen-tts-sidecar" not in names:
        sys.exit(f"{folder} has no package qwen-tts-sidecar.")
    pins: dict[str, str] = packages[names["qwen-tts-sidecar"]].get("optionalDependencies", {})
    if set(names) - {"qwen-tts-sidecar"} != set(pins):
        sys.exit(f"qwen-tts-sidecar depends on {sorted(pins)}, and {folder} has {sorted(names)}.")
    for archive, package in packages.items():
        if package["version"] != for_npm(version):
            sys.exit(f"{archive} has version {package['version']}, not {for_npm(version)}.")
    for name, pin in pins.items():
        if pin != for_npm(version):
            sys.exit(f"qwen-tts-sidecar wants {name} {pin}, not exactly {for_npm(version)}.")
        manifest = _content(names[name], "manifest.json")
        if (manifest["version"], f"@qwen-tts-sidecar/{manifest['platform']}") != (version, name):
            found = f"{manifest['version']} for {manifest['platform']}"
            sys.exit(f"{names[name]} contains the sidecar {found}.")
        if _parts(manifest.get("glibc", "0")) > _glibc_of_client():
            sys.exit(
                f"{names[name]} needs glibc {manifest['glibc']}, and the client asks for less."
            )


def _glibc_of_client() -> list[int]:
    """Return the oldest glibc with which the client starts a platform's package."""
    text = (PACKAGE / "src" / "platform.ts").read_text("utf-8")
    found = re.search(r"^const GLIBC = \[(\d+), (\d+)\] as const;$", text, re.MULTILINE)
    assert found is not None
    return [int(part) for part in found.groups()]


def _parts(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _content(archive: Path, name: str) -> Any:
    """Return what a JSON file of an npm package contains."""
    with tarfile.open(archive) as file:
        found = file.extractfile(f"package/{name}")
        assert found is not None
        return json.load(found)


def main() -> None:
    """Copy or compare, as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--tag")
    parser.add_argument("--packages", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    version = current()
    if options.tag is not None and options.tag != f"v{version}":
        sys.exit(f"The tag is {options.tag}, but sidecar/__init__.py has version {version}.")
    for file, (before, count) in COPIES.items():
        text = file.read_text()
        wanted = with_version(text, before, count, spelled(file, version))
        if options.check and text != wanted:
            sys.exit(f"{file.relative_to(ROOT)} has another version; run python .ci/version.py.")
        if not options.check:
            file.write_text(wanted)
    if options.packages is not None:
        check_packages(options.packages, version)


if __name__ == "__main__":
    main()
