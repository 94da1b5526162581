"""The Homebrew formula, made of uv.lock: what it declares, and what its `install` does.

Homebrew itself is not needed. homebrew.rb stands in for the part of it that the formula uses, and
on Linux it runs the same formula with the packages of Linux. CI runs Homebrew on a Mac.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import parse_wheel_filename

import homebrew
import locked
from platforms import PLATFORMS
from tests.support.installing import debian
from tests.support.wheels import HERE, run
from tests.support.wire import ROOT

STAND_IN = Path(__file__).with_name("homebrew.rb")
pytestmark = [pytest.mark.hosts, pytest.mark.timeout(600)]


def load(formula: str, folder: Path, env: dict[str, str], *install: Path) -> dict[str, Any]:
    """Return what a formula declares; install it, too, if a wheel and a folder are given."""
    path = folder / "qwen-tts-sidecar.rb"
    path.write_text(formula, "utf-8")
    return json.loads(run(debian("ruby", "ruby"), "-w", STAND_IN, path, *install, env=env))


def test_every_package_of_the_lock_is_a_resource(
    built: tuple[Path, Path], tmp_path: Path, environment: dict[str, str]
) -> None:
    command = (sys.executable, ROOT / "packaging" / "homebrew.py", built[0])
    declared = load(run(*command, env=environment), tmp_path, environment)
    assert declared["version"] == parse_wheel_filename(built[0].name)[1].public
    assert declared["url"].endswith(f"/{built[0].name}")
    assert declared["dependencies"] == [{"arch": "arm64"}, {"macos": "sonoma"}, "python@3.13"]
    lock = (ROOT / "uv.lock").read_text("utf-8")
    for one in declared["resources"]:
        assert f'url = "{one["url"]}", hash = "sha256:{one["sha256"]}"' in lock
    files = {one["name"]: one["url"].rpartition("/")[2] for one in declared["resources"]}
    assert {"mlx", "mlx-metal", "mlx-audio", "numpy", "sounddevice", "libsonic"} <= set(files)
    chosen = locked.select(PLATFORMS["darwin-arm64"], "3.13", *homebrew.EXTRAS)
    assert set(files) == {str(package.name) for package, _ in chosen}
    platforms = {name: parse_wheel_filename(file)[3] for name, file in files.items()}
    for name, tags in platforms.items():
        assert any(tag.platform.startswith(("any", "macosx_")) for tag in tags), name
    assert any(tag.platform == "macosx_14_0_arm64" for tag in platforms["mlx-metal"])


def test_the_formula_installs_a_command_that_speaks(
    built: tuple[Path, Path], tmp_path: Path, environment: dict[str, str]
) -> None:
    name = "darwin-arm64" if sys.platform == "darwin" else "linux-x64"
    extras = ("cpu", *homebrew.EXTRAS) if sys.platform == "linux" else homebrew.EXTRAS
    formula = homebrew.formula(built[0], PLATFORMS[name], HERE, extras)
    load(formula, tmp_path, environment, built[0], tmp_path / "prefix")
    assert (tmp_path / "prefix" / "test" / "hello.wav").stat().st_size > 20_000


def test_another_wheel_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"other-1-py3-none-any\.whl is not a wheel of qwen-tts"):
        homebrew.formula(tmp_path / "other-1-py3-none-any.whl", PLATFORMS["darwin-arm64"])
