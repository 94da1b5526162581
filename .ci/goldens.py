"""Get the reference outputs of the official code, which the parity tests compare with.

python .ci/goldens.py fetch           download the release asset of goldens.json to build/golden
python .ci/goldens.py pack FOLDER     make build/golden.tar of a folder, and print its hash

The asset is an uncompressed tar file, so that one folder always makes the same bytes. An
interrupted download goes on where it ended.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import tarfile
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ASSET = Path(__file__).with_name("goldens.json")
TIMEOUT = 60.0
BLOCK = 1 << 20


def fetch(asset: Path, build: Path) -> Path:
    """Download, verify and unpack the asset; return the folder.

    Raises:
        SystemExit: the hub does not answer, or sends another file than the hash names.
    """
    wanted = json.loads(asset.read_text())
    folder, stamp = build / "golden", build / "golden" / ".sha256"
    if stamp.is_file() and stamp.read_text() == wanted["sha256"]:
        return folder
    build.mkdir(parents=True, exist_ok=True)
    part = build / "golden.tar.part"
    try:
        download(wanted["url"], part)
    except (OSError, urllib.error.URLError) as error:
        sys.exit(f"{wanted['url']} could not be downloaded: {error}. Run the command again.")
    if (found := digest(part)) != wanted["sha256"]:
        part.unlink()
        sys.exit(f"{wanted['url']} has the SHA-256 {found}, but {asset.name} names another one.")
    unpack(part, folder)
    stamp.write_text(wanted["sha256"])
    part.unlink()
    return folder


def download(url: str, part: Path) -> None:
    """Append to the file what it lacks of the URL's content."""
    begun = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={begun}-"} if begun else {})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # the file has all of it already
            return
        raise
    with response, part.open("ab" if response.status == 206 else "wb") as file:
        length = int(response.headers["Content-Length"])
        received = 0
        while block := response.read(BLOCK):
            received += file.write(block)
    if received < length:
        raise OSError(f"the connection ended after {received} of {length} bytes")


def unpack(archive: Path, folder: Path) -> None:
    """Replace the folder by the archive's content."""
    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    with tarfile.open(archive) as tar:
        tar.extractall(fresh, filter="data")
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def pack(folder: Path, archive: Path) -> str:
    """Write the folder as a tar file that depends on names and contents alone; return its hash."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = tarfile.TarInfo(file.relative_to(folder).as_posix())
            entry.size, entry.mode = file.stat().st_size, 0o644
            with file.open("rb") as content:
                tar.addfile(entry, content)
    return digest(archive)


def digest(file: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def main() -> None:
    """Fetch or pack, as the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--asset", type=Path, default=ASSET, help="where URL and hash are named")
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("fetch")
    commands.add_parser("pack").add_argument("folder", type=Path)
    options = parser.parse_args()
    if options.command == "fetch":
        print(fetch(options.asset, options.build))
    else:
        archive = options.build / "golden.tar"
        print(f"{pack(options.folder, archive)}  {archive}")


if __name__ == "__main__":
    main()
