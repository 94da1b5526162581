"""Publish the npm packages of a folder: those of the platforms first, and the client last.

python .ci/publish.py dist

A client that could be installed before its platforms would come without a sidecar. What the
registry has already is left out, so that a release which failed half-way can be run again.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from pathlib import Path


def name_of(archive: Path) -> tuple[str, str]:
    """Return the name and the version of the package in an archive."""
    with tarfile.open(archive) as file:
        found = file.extractfile("package/package.json")
        assert found is not None
        package = json.load(found)
    return package["name"], package["version"]


def is_published(name: str, version: str) -> bool:
    """Ask the registry for a version.

    Raises:
        SystemExit: the registry gave no answer, and npm has printed why.
    """
    command = ["npm", "view", "--json", f"{name}@{version}", "version"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    # Older versions of npm print nothing, and succeed, if there are other versions only.
    answer = json.loads(done.stdout or "{}")
    if done.returncode == 0:
        return answer == version
    if answer.get("error", {}).get("code") == "E404":
        return False
    sys.exit(f"npm could not ask for {name}@{version}.")


def main() -> None:
    """Publish what the registry does not have."""
    archives = {name_of(archive): archive for archive in Path(sys.argv[1]).glob("*.tgz")}
    # "@" comes before every letter, so packages with a scope, the platforms', come first.
    for (name, version), archive in sorted(archives.items(), key=lambda item: item[0]):
        if is_published(name, version):
            print(f"{name}@{version} is published already", flush=True)
            continue
        tag = "next" if "-" in version else "latest"
        options = ("--access", "public", "--provenance", "--tag", tag)
        # npm takes a relative path for a repository of GitHub's.
        subprocess.run(["npm", "publish", archive.resolve(), *options], check=True)


if __name__ == "__main__":
    main()
