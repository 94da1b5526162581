"""The version is stated once, and each package's copy of it is up to date."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import sidecar
from tests.support.npm_packages import pack
from tests.support.wire import ROOT

SCRIPT = ROOT / ".ci" / "version.py"


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), "--check", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_every_copy_of_the_version_is_up_to_date() -> None:
    done = check()
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("tag", "code"), [(f"v{sidecar.__version__}", 0), ("v99.0.0", 1)])
def test_a_release_needs_the_tag_of_its_version(tag: str, code: int) -> None:
    done = check("--tag", tag)
    assert done.returncode == code, done.stderr


def test_npm_spells_a_release_candidate_in_its_own_way() -> None:
    program = f"import runpy; print(runpy.run_path({str(SCRIPT)!r})['for_npm']('1.2.3rc1'))"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "1.2.3-rc.1\n"


PLATFORMS = ("darwin-arm64", "linux-x64")
NPM_VERSION = runpy.run_path(str(SCRIPT))["for_npm"](sidecar.__version__)


def release(
    folder: Path,
    *,
    without: str = "",
    version: str = NPM_VERSION,
    pin: str = NPM_VERSION,
    inside: str = sidecar.__version__,
    glibc: str = "2.35",
) -> str:
    """Return why a release of these packages is refused, or nothing."""
    names = {name: f"@qwen-tts-sidecar/{name}" for name in PLATFORMS}
    pins = dict.fromkeys(names.values(), pin)
    client = {"name": "qwen-tts-sidecar", "version": NPM_VERSION}
    pack(folder, "client", package={**client, "optionalDependencies": pins})
    for platform, name in names.items():
        if platform != without:
            manifest = {"version": inside, "platform": platform}
            if platform == "linux-x64":
                manifest["glibc"] = glibc
            package = {"name": name, "version": version}
            pack(folder, platform, package=package, manifest=manifest)
    done = check("--packages", str(folder))
    assert (done.returncode == 0) == (done.stderr == "")
    return done.stderr


def test_a_release_has_a_package_for_each_platform_of_exactly_its_version(tmp_path: Path) -> None:
    assert release(tmp_path) == ""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"without": "darwin-arm64"}, "depends on .*darwin-arm64.* has .*linux-x64"),
        ({"version": "99.0.0"}, "has version 99.0.0, not"),
        ({"pin": f"^{NPM_VERSION}"}, "wants @qwen-tts-sidecar/.* not exactly"),
        ({"inside": "99.0.0"}, "contains the sidecar 99.0.0 for"),
        ({"glibc": "2.36"}, "needs glibc 2.36"),
    ],
)
def test_npm_packages_that_do_not_fit_are_not_released(
    tmp_path: Path, change: dict[str, str], reason: str
) -> None:
    assert re.search(reason, release(tmp_path, **change))


def test_the_platforms_are_those_that_the_client_knows() -> None:
    text = (ROOT / "clients/typescript/src/platform.ts").read_text("utf-8")
    found = re.search(r"export const PACKAGED: readonly string\[\] = (\[.*?\]);", text)
    assert found
    packed = runpy.run_path(str(ROOT / "packaging" / "npm.py"))["PLATFORMS"]
    assert json.loads(found[1]) == list(packed) == list(PLATFORMS)
