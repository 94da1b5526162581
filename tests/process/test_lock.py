"""One lock for every platform, uv.lock; pip gets the same versions by requirements.lock."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tests.support.wire import ROOT

LOCK = (ROOT / "uv.lock").read_text("utf-8")


def test_pips_lock_is_exported_from_uvs() -> None:
    found = re.search(r"^EXPORT := uv (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert found is not None
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), *shlex.split(found[1])]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert (ROOT / "requirements.lock").read_text("utf-8") == done.stdout, "run `make lock`"


def test_every_requirement_of_the_project_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    required = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    wanted = {(canonicalize_name(one.name), one.specifier) for one in map(Requirement, required)}
    packages = tomllib.loads(LOCK)["package"]
    own = next(one for one in packages if one["name"] == project["name"])["metadata"]
    locked = {(one["name"], SpecifierSet(one.get("specifier", ""))) for one in own["requires-dist"]}
    assert locked == wanted, "run `make lock`"


def test_packages_come_from_the_public_index() -> None:
    hosts = {urlsplit(url).hostname for url in re.findall(r'"(https?://[^"]+)"', LOCK)}
    assert hosts == {"pypi.org", "files.pythonhosted.org"}
