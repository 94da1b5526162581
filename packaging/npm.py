"""Write the npm packages: the TypeScript client, and the sidecar for one platform.

python packaging/npm.py client                            dist/qwen-tts-sidecar-1.2.3.tgz
python packaging/npm.py platform build/bundle/linux-x64   dist/qwen-tts-sidecar-linux-x64-1.2.3.tgz
python packaging/npm.py platform sidecar-linux-x64.tar.gz     the same, from the tree's archive

The client has a package for each platform as an optional dependency of exactly its own version, and
npm installs the one whose `os`, `cpu` and `libc` fit. These dependencies are added here, not in the
package.json of the checkout: a lock file has the hash of each package, and those of a version are
built from the checkout that would have to contain it. (`npm ci` refuses a lock without them.)
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any, TypedDict, cast

import platforms

ROOT = Path(__file__).resolve().parents[1]
CLIENT = ROOT / "clients" / "typescript"
SCOPE = "@qwen-tts-sidecar"
PLATFORMS = {name: platform for name, platform in platforms.PLATFORMS.items() if platform.npm}
# The registry has refused packages of about 200 MB.
LARGEST = 180_000_000

README = """# {name}

The speech server of [qwen-tts-sidecar](https://www.npmjs.com/package/qwen-tts-sidecar) for
{system}: a Python interpreter, its packages and a small
voice, {megabytes} MB in all. Nothing is compiled, downloaded or run when it is installed.

Install `qwen-tts-sidecar` instead, which depends on this package and starts
`bin/qwen-tts-sidecar`. `manifest.json` lists the files, and `licences` has their licences.
"""


class PackedFile(TypedDict):
    """A file in an archive, as npm prints it."""

    path: str


class Package(TypedDict):
    """An archive, as npm prints it."""

    filename: str
    files: list[PackedFile]


class RefusedError(Exception):
    """The package cannot be made; the message is for the person who called this script."""


def main() -> None:
    """Write what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="default: dist")
    parser.add_argument("--repository", help="its address, which npm compares with the publisher's")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("client", help="write the TypeScript client's package")
    platform = commands.add_parser("platform", help="write a platform's package")
    platform.add_argument(
        "tree", type=Path, help="what `make bundle` has written: a folder, or its archive"
    )
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.out) as scratch:
        try:
            if options.command == "client":
                folder = stage_client(Path(scratch))
            else:
                tree = options.tree.resolve()
                if tree.is_file():
                    tree = unpack(tree, Path(scratch) / "tree")
                folder = stage_platform(tree, Path(scratch))
            if options.repository:
                change(folder, {"repository": {"type": "git", "url": options.repository}})
            archive = pack(folder, options.out)
        except RefusedError as error:
            sys.exit(f"error: {error}")
    print(f"{archive}: {archive.stat().st_size / 1e6:.2f} MB")


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack the archive of a tree; return the one folder in it."""
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    return next(folder.iterdir())


def stage_client(scratch: Path) -> Path:
    """Build the client, and return its folder as npm would install it, with its dependencies.

    It is built in a copy, since programs may be using what is built in the checkout.
    """
    version = json.loads((CLIENT / "package.json").read_text("utf-8"))["version"]
    source = scratch / "source"
    shutil.copytree(CLIENT, source, ignore=shutil.ignore_patterns("node_modules", "build", "dist"))
    (source / "node_modules").symlink_to(CLIENT / "node_modules")
    with tarfile.open(pack(source, scratch, builds=True)) as archive:
        archive.extractall(scratch, filter="data")
    change(
        scratch / "package",
        {"optionalDependencies": {f"{SCOPE}/{platform}": version for platform in PLATFORMS}},
    )
    return scratch / "package"


def stage_platform(tree: Path, scratch: Path) -> Path:
    """Return the folder of a platform's package: the files of a tree, and three of npm's."""
    try:
        platform = json.loads((tree / "manifest.json").read_text("utf-8"))["platform"]
    except FileNotFoundError:
        raise RefusedError(f"{tree} has no manifest.json: it is not from make bundle.") from None
    if platform not in PLATFORMS:
        raise RefusedError(f"{platform} is no platform with a package: {', '.join(PLATFORMS)}.")
    launcher = tree / "bin" / "qwen-tts-sidecar"
    if not os.access(launcher, os.X_OK):
        raise RefusedError(f"{launcher} is not there, or cannot be executed.")
    check_files(tree)
    folder = scratch / "package"
    shutil.copytree(tree, folder, copy_function=link)
    for name in ("package.json", "README.md"):
        if (folder / name).exists():
            raise RefusedError(f"{tree / name} is in the way of npm's.")
    client = json.loads((CLIENT / "package.json").read_text("utf-8"))
    name = f"{SCOPE}/{platform}"
    size = sum(file.stat().st_size for file in tree.rglob("*") if file.is_file())
    texts = {"name": name, "system": PLATFORMS[platform].words, "megabytes": round(size / 1e6)}
    (folder / "README.md").write_text(README.format(**texts), "utf-8")
    manifest = {
        "name": name,
        "version": client["version"],
        "description": f"The speech server of qwen-tts-sidecar for {PLATFORMS[platform].words}",
        # Of the project. Packages of others have their licences beside them.
        "license": client["license"],
        **PLATFORMS[platform].npm,
        # Yarn's Plug'n'Play keeps packages in zip archives, where nothing can be executed.
        "preferUnplugged": True,
    }
    write_json(folder / "package.json", manifest)
    if not (folder / "LICENSE").exists():
        shutil.copy(ROOT / "LICENSE", folder)
    return folder


def link(source: str, target: str) -> None:
    """Give a file a second name, since a tree has 300 MB; copy it to another file system."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def check_files(tree: Path) -> None:
    """Refuse what would not arrive as it is.

    npm sets the time of every file to one of 1985, so a .pyc that Python compares with the time of
    its source would be compiled anew at each start. It does not pack symbolic links.

    Raises:
        RefusedError: a file is a symbolic link, or depends on the time of another file.
    """
    for path in tree.rglob("*"):
        if path.is_symlink():
            raise RefusedError(f"{path} is a symbolic link, which npm leaves out.")
        if path.suffix == ".pyc":
            with path.open("rb") as file:
                flags = int.from_bytes(file.read(8)[4:], "little")
            if flags != 1:  # PEP 552: 0 is by time; 1 is by hash, and unchecked
                raise RefusedError(f"{path} depends on the time of its source, which npm changes.")


def pack(folder: Path, out: Path, *, builds: bool = False) -> Path:
    """Run npm pack, and return the archive.

    Args:
        builds: npm first runs the package's own build. Otherwise every file has to be packed.

    Raises:
        RefusedError: npm failed, left out a file of the folder, or the archive is too large.
    """
    command = ["npm", "pack", "--json", "--pack-destination", str(out.resolve())]
    command.append("--foreground-scripts=false" if builds else "--ignore-scripts")
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise RefusedError(f"npm pack failed in {folder}.")
    # Some versions of npm print a list, and others an object with the names of the packages.
    printed = cast("list[Package] | dict[str, Package]", json.loads(done.stdout))
    (package,) = printed.values() if isinstance(printed, dict) else printed
    archive = out / package["filename"]
    if not builds:
        packed = {file["path"] for file in package["files"]}
        missing = {str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file()} - packed
        if missing:
            raise RefusedError(f"npm has left out {len(missing)} files, such as {min(missing)}.")
    if archive.stat().st_size > LARGEST:
        raise RefusedError(f"{archive} has more than {LARGEST // 10**6} MB, and may be refused.")
    return archive


def change(folder: Path, fields: dict[str, Any]) -> None:
    """Set fields of a folder's package.json."""
    file = folder / "package.json"
    write_json(file, json.loads(file.read_text("utf-8")) | fields)


def write_json(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
