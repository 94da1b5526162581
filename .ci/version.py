"""Keep the version number in one place, `sidecar/__init__.py`, and copy it to where npm wants it.

python .ci/version.py            copy it to the TypeScript package
python .ci/version.py --check    fail where a copy differs
python .ci/version.py --check --tag v1.2.3    also fail unless the tag names this version
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "sidecar" / "__init__.py"
PACKAGE = ROOT / "clients" / "typescript"
# Each file with the pattern of the text before the version; only the first matches are copies.
COPIES: dict[Path, tuple[str, int]] = {
    PACKAGE / "package.json": (r'^  "version": "', 1),
    PACKAGE / "package-lock.json": (r'^(?:  |      )"version": "', 2),
    PACKAGE / "src" / "version.ts": (r'^export const VERSION = "', 1),
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


def with_version(text: str, before: str, count: int, version: str) -> str:
    """Return the text with the version after the first `count` matches of `before`."""
    pattern = re.compile(rf'({before})[^"]+(?=")', re.MULTILINE)
    return pattern.sub(rf"\g<1>{version}", text, count=count)


def main() -> None:
    """Copy or compare, as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--tag")
    options = parser.parse_args()
    version = current()
    if options.tag is not None and options.tag != f"v{version}":
        sys.exit(f"The tag is {options.tag}, but sidecar/__init__.py has version {version}.")
    for file, (before, count) in COPIES.items():
        text = file.read_text()
        wanted = with_version(text, before, count, for_npm(version))
        if options.check and text != wanted:
            sys.exit(f"{file.relative_to(ROOT)} has another version; run python .ci/version.py.")
        if not options.check:
            file.write_text(wanted)


if __name__ == "__main__":
    main()
