"""Builds a tree that speaks on any machine of a platform, without Python, and packs it.

`make bundle` runs this; docs/packaging.md describes the tree.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import archive
import debian
import distributions
import interpreter
import libraries
import licences
import manifest
import platforms
import sbom
import signing

ROOT = distributions.ROOT
HERE = distributions.HERE
NAME = "qwen-tts-sidecar"


def main() -> None:
    options = _options()
    try:
        platform = platforms.here()
    except ValueError as error:
        sys.exit(f"bundle: {error}")
    os.environ.setdefault("SOURCE_DATE_EPOCH", _time_of_commit())
    tree = options.out.resolve() / platform.name
    try:
        version = build(tree, platform, options)
    except subprocess.CalledProcessError as error:
        sys.exit(f"bundle: `{' '.join(map(str, error.cmd))}` failed with {error.returncode}")
    except (ValueError, OSError) as error:
        sys.exit(f"bundle: {error}")
    print(tree)
    if options.no_archive:
        return
    _say("packing")
    packed = options.dist.resolve() / f"{NAME}-{version}-{platform.name}.tar.gz"
    archive.pack(tree, packed.name.removesuffix(".tar.gz"), packed, _epoch())
    print(f"{packed} ({packed.stat().st_size / 1e6:.1f} MB)")


def build(tree: Path, platform: platforms.Platform, options: argparse.Namespace) -> str:
    """Build the tree for this machine's platform; return the version of the sidecar in it."""
    work = tree.parent.with_name(f"{tree.parent.name}-work") / platform.name
    for folder in (tree, work):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    source = _pinned(platform.name) if options.python == "pinned" else options.python
    _say(f"copying the interpreter {source}")
    python = interpreter.bring(source, tree / "python", work)
    foreign: dict[Path, debian.Package] = {}
    if platform.system == "Linux":
        foreign = _bring(python, work, openblas=not options.without_openblas)
    _say("installing the packages")
    version = distributions.install(python.executable, python.site_packages, platform, work)
    _say("compiling, and collecting licences")
    _compile(python, tree)
    licences.of_distributions(python.site_packages, tree / "licences")
    licences.of_interpreter(python, tree / "licences")
    licences.of_packages(foreign.values(), tree / "licences")
    launcher = tree / "bin" / NAME
    launcher.parent.mkdir()
    shutil.copy(HERE / "launcher.sh", launcher)
    launcher.chmod(0o755)
    if options.sign is not None:
        signing.sign(tree, options.sign)
    (tree / "sbom.cdx.json").write_text(_bill(python, foreign), "utf-8")
    manifest.write(tree, version, platform.name, python.version)
    archive.normalise(tree)
    return version


def _bring(
    python: interpreter.Interpreter, work: Path, *, openblas: bool
) -> dict[Path, debian.Package]:
    """Bring libraries of this machine into a tree for Linux; return their packages."""
    folder = python.library.parent
    blas = libraries.openblas(folder) if openblas else {}
    patchelf = distributions.tools(work) / "patchelf"
    brought = {
        **blas,
        **libraries.bring({**python.copies, **blas}, folder, patchelf, arranged=work),
    }
    # The others are parts of the interpreter: of its archive, which was unpacked there.
    return {
        copied: debian.owner(original)
        for copied, original in brought.items()
        if not (copied.name.startswith("libpython") or original.is_relative_to(work))
    }


def _bill(python: interpreter.Interpreter, foreign: dict[Path, debian.Package]) -> str:
    """Return the bill of materials: packages, interpreter, and libraries."""
    others = [sbom.component("platform", python.purl, "Python-2.0", python.executable)]
    for file, package in sorted(foreign.items()):
        purl = f"{package.purl}#{file.name}"  # two libraries may come from one package
        others.append(sbom.component("library", purl, package.licence, file))
    return sbom.bill(python.site_packages, others)


def _compile(python: interpreter.Interpreter, tree: Path) -> None:
    """Compile all modules in one process and in one order, so that two builds give equal files.

    The interpreter does not compare such bytecode with its source: nothing in a tree changes.
    """
    subprocess.run(
        [
            python.executable, "-I", "-B", "-m", "compileall", "-q", "-s", tree,
            "--invalidation-mode", "unchecked-hash", python.library,
        ],
        check=True,
        stdout=sys.stderr,
        env={"PYTHONHASHSEED": "0"},
    )  # fmt: skip


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--python",
        default=sys.executable,
        metavar="SOURCE",
        help="the interpreter: a path, an address https://…#sha256=…, or `pinned`, which is "
        "python-build-standalone's of interpreters.toml; default: the one that runs this",
    )
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bundle", metavar="FOLDER")
    parser.add_argument("--dist", type=Path, default=ROOT / "dist", metavar="FOLDER")
    parser.add_argument(
        "--sign", metavar="IDENTITY", help="sign for macOS, with this name of the keychain"
    )
    parser.add_argument("--without-openblas", action="store_true")
    parser.add_argument("--no-archive", action="store_true", help="build the folder only")
    return parser.parse_args()


def _pinned(platform: str) -> str:
    return str(tomllib.loads((HERE / "interpreters.toml").read_text("utf-8"))[platform])


def _epoch() -> int:
    return int(os.environ["SOURCE_DATE_EPOCH"])


def _time_of_commit() -> str:
    """Return when the checkout's commit was made, in seconds since 1970."""
    done = subprocess.run(
        ["git", "-C", ROOT, "log", "-1", "--format=%ct"], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def _say(what: str) -> None:
    print(f"bundle: {what}", file=sys.stderr)


if __name__ == "__main__":
    main()
