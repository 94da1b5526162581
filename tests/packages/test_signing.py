"""What is signed for macOS, in which order, and what Apple's answer leads to.

There is no Mac here: the files have real headers and nothing else, and `codesign`, `ditto` and
`xcrun` are programs that note how they were called.
"""

from __future__ import annotations

import os
import plistlib
import stat
import struct
import subprocess
import sys
from pathlib import Path

import pytest

import signing
from tests.support.wire import ROOT

EXECUTE, DYLIB, BUNDLE, OBJECT = 2, 6, 8, 1  # filetype in mach/loader.h
IDENTITY = "Developer ID Application: Example (AB12CD34EF)"


def thin(filetype: int, order: str = "<") -> bytes:
    """Return the mach_header_64 of a file for arm64."""
    return struct.pack(f"{order}8I", 0xFEEDFACF, 0x0100000C, 0, filetype, 0, 0, 0, 0)


def fat(filetype: int) -> bytes:
    """Return a universal file of one architecture: fat_header, fat_arch, and the file."""
    inner = thin(filetype)
    return struct.pack(">7I", 0xCAFEBABE, 1, 0x0100000C, 0, 28, len(inner), 0) + inner


FILES = {
    "python/bin/python3": thin(EXECUTE),
    "python/lib/libpython3.13.dylib": thin(DYLIB),
    "python/lib/python3.13/lib-dynload/_json.so": thin(BUNDLE),
    "python/lib/python3.13/site-packages/mlx/lib/libmlx.dylib": fat(DYLIB),
    "python/lib/python3.13/site-packages/mlx/core.so": thin(BUNDLE, ">"),
    "python/lib/python3.13/site-packages/mlx/lib/mlx.metallib": b"MTLB" + bytes(40),
    "python/lib/python3.13/site-packages/a/Java.class": b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(40),
    "python/lib/python3.13/site-packages/a/short.so": b"\xcf\xfa\xed\xfe",
    "python/lib/python3.13/site-packages/a/short-fat.so": b"\xca\xfe\xba\xbe",
    "bin/qwen-tts-sidecar": b"#!/bin/sh\n",
    "manifest.json": b"{}",
}
PROGRAM = "python/bin/python3"
# The deepest first, and in the order of the alphabet.
LIBRARIES = [
    "python/lib/python3.13/site-packages/mlx/lib/libmlx.dylib",
    "python/lib/python3.13/site-packages/mlx/core.so",
    "python/lib/python3.13/lib-dynload/_json.so",
    "python/lib/libpython3.13.dylib",
]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "a tree"
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def pretend(folder: Path, name: str, answer: str = "", code: int = 0) -> None:
    """Write a program that appends its arguments to `calls`, one on a line, and answers."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(
        f'#!/bin/sh\nprintf "%s\\n" {name} "$@" "" >> "{folder}/calls"\n'
        f"cat <<'END'\n{answer}\nEND\nexit {code}\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def calls(folder: Path) -> list[list[str]]:
    text = (folder / "calls").read_text("utf-8") if (folder / "calls").exists() else ""
    return [call.split("\n") for call in text.removesuffix("\n\n").split("\n\n") if call]


def run(script: str, tools: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "packaging" / script, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"},
        check=False,
    )


def test_mach_o_files_are_found_by_their_headers(tree: Path) -> None:
    libraries, programs = signing.find(tree)
    assert [str(path.relative_to(tree)) for path in libraries] == LIBRARIES
    assert [str(path.relative_to(tree)) for path in programs] == [PROGRAM]


def test_libraries_are_signed_before_the_program_and_all_are_verified(
    tree: Path, tmp_path: Path
) -> None:
    tools = tmp_path / "tools"
    pretend(tools, "codesign")
    done = run("signing.py", tools, tree, IDENTITY)
    assert done.returncode == 0, done.stderr
    sign = ["codesign", "--force", "--timestamp", "--options", "runtime", "--sign", IDENTITY]
    entitlements = str(ROOT / "packaging" / "entitlements.plist")
    libraries = [str(tree / name) for name in LIBRARIES]
    assert calls(tools) == [
        [*sign, *libraries],
        [*sign, "--entitlements", entitlements, str(tree / PROGRAM)],
        ["codesign", "--verify", "--strict", *libraries, str(tree / PROGRAM)],
    ]


def test_a_refused_signature_ends_it(tree: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    pretend(tools, "codesign", code=1)
    done = run("signing.py", tools, tree, IDENTITY)
    assert done.returncode == 1
    assert "returned non-zero exit status 1" in done.stderr
    assert len(calls(tools)) == 1


def test_a_tree_without_programs_and_an_empty_identity_are_refused(
    tree: Path, tmp_path: Path
) -> None:
    tools = tmp_path / "tools"
    pretend(tools, "codesign")
    assert "identity is empty" in run("signing.py", tools, tree, "").stderr
    (tree / PROGRAM).unlink()
    assert "no program for macOS" in run("signing.py", tools, tree, IDENTITY).stderr
    assert calls(tools) == []


def test_the_entitlements_ask_for_no_exception() -> None:
    with (ROOT / "packaging" / "entitlements.plist").open("rb") as file:
        assert plistlib.load(file) == {}


KEY = ("--key", "key.p8", "--key-id", "K", "--issuer", "I")


def test_a_tree_is_zipped_and_submitted(tree: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    pretend(tools, "ditto")
    pretend(tools, "xcrun", '{"id": "7", "status": "Accepted", "message": "done"}')
    done = run("notarisation.py", tools, tree, *KEY)
    assert done.returncode == 0, done.stderr
    ditto, submitted = calls(tools)
    assert ditto[:5] == ["ditto", "-c", "-k", "--keepParent", str(tree)]
    assert submitted[:3] == ["xcrun", "notarytool", "submit"]
    assert submitted[3] == ditto[5]
    assert submitted[4:] == ["--wait", "--timeout", "30m", *KEY, "--output-format", "json"]


def test_a_tree_that_apple_does_not_accept_is_an_error(tree: Path, tmp_path: Path) -> None:
    """notarytool itself ends with 0."""
    tools = tmp_path / "tools"
    pretend(tools, "ditto")
    pretend(tools, "xcrun", '{"id": "7", "status": "Invalid", "issues": ["not signed"]}')
    done = run("notarisation.py", tools, tree, *KEY)
    assert done.returncode == 1
    assert "Apple answers 'Invalid'" in done.stderr
    assert "not signed" in done.stderr
    assert calls(tools)[-1][:4] == ["xcrun", "notarytool", "log", "7"]
