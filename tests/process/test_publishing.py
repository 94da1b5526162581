"""Publishing to npm, with a program in place of npm that notes what it is asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.npm_packages import pack
from tests.support.wire import ROOT

SCRIPT = ROOT / ".ci" / "publish.py"
# It knows what PUBLISHED names, and prints what npm 11 prints.
NPM = f"""#!{sys.executable}
import json, os, sys
command, *arguments = sys.argv[1:]
if command == "publish":
    with open(os.environ["NOTES"], "a") as file:
        print(os.path.basename(arguments[0]), *arguments[1:], file=file)
elif "offline" in os.environ["PUBLISHED"]:
    print(json.dumps({{"error": {{"code": "ENOTFOUND"}}}}))
    sys.exit(1)
elif arguments[1] in os.environ["PUBLISHED"].split():
    print(json.dumps(arguments[1].rpartition("@")[2]))
else:
    print(json.dumps({{"error": {{"code": "E404"}}}}))
    sys.exit(1)
"""
CLIENT = "qwen-tts-sidecar"
PLATFORM = "@qwen-tts-sidecar/linux-x64"


def publish(tmp_path: Path, version: str, published: str = "") -> tuple[int, list[str]]:
    """Return the exit code, and what was published in which order."""
    (tmp_path / "npm").write_text(NPM)
    (tmp_path / "npm").chmod(0o755)
    for name, file in ((CLIENT, "a"), (PLATFORM, "b")):
        pack(tmp_path, file, package={"name": name, "version": version})
    notes = tmp_path / "notes"
    notes.touch()
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "NOTES": str(notes), "PUBLISHED": published}
    done = subprocess.run([sys.executable, SCRIPT, tmp_path], env=env, timeout=60, check=False)
    return done.returncode, notes.read_text().splitlines()


def test_the_client_is_published_after_its_platforms(tmp_path: Path) -> None:
    options = "--access public --provenance --tag latest"
    assert publish(tmp_path, "1.2.3") == (0, [f"b.tgz {options}", f"a.tgz {options}"])


def test_a_release_candidate_is_not_the_latest_version(tmp_path: Path) -> None:
    _, published = publish(tmp_path, "1.2.3-rc.1")
    assert [line.rpartition(" ")[2] for line in published] == ["next", "next"]


def test_what_is_published_is_left_out(tmp_path: Path) -> None:
    code, published = publish(tmp_path, "1.2.3", f"{PLATFORM}@1.2.3 {CLIENT}@1.2.2")
    assert code == 0
    assert [line.split()[0] for line in published] == ["a.tgz"]


def test_nothing_is_published_without_an_answer_of_the_registry(tmp_path: Path) -> None:
    assert publish(tmp_path, "1.2.3", "offline") == (1, [])
