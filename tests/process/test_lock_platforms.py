"""Every supported platform and Python has a wheel of each locked package: nothing is compiled."""

from __future__ import annotations

import tomllib

import pytest
from packaging.pylock import PackageSdist, PylockSelectError
from packaging.tags import mac_platforms

import locked
from platforms import PLATFORMS
from tests.support.wire import ROOT

EXTRAS = ("cpu", "cuda12", "cuda13", "play", "speed", "media")
# Of Kokoro's num2words, in pure Python. tests/packages/test_wheel.py builds it without a compiler.
OF_KOKORO = {"docopt"}
# README's table says so. The sidecar never imports it: mlx-audio requires it for files of sound.
COMPILED = {"linux-arm64": {"miniaudio"}}


@pytest.mark.parametrize("python", locked.PYTHONS)
@pytest.mark.parametrize("name", PLATFORMS)
def test_nothing_is_compiled(name: str, python: str) -> None:
    chosen = locked.select(PLATFORMS[name], python, *EXTRAS)
    sources = {package.name for package, file in chosen if isinstance(file, PackageSdist)}
    assert sources == COMPILED.get(name, set())
    names = {str(package.name) for package, _ in chosen}
    backend = "mlx-metal" if name.startswith("darwin") else "mlx-cpu"
    assert {"mlx", backend, "mlx-audio", "tokenizers", "sounddevice", "libsonic", "av"} <= names


@pytest.mark.parametrize("python", locked.PYTHONS)
@pytest.mark.parametrize("name", PLATFORMS)
def test_kokoro_compiles_nothing_more(name: str, python: str) -> None:
    chosen = locked.select(PLATFORMS[name], python, "kokoro")
    sources = {package.name for package, file in chosen if isinstance(file, PackageSdist)}
    assert sources == OF_KOKORO | COMPILED.get(name, set())


@pytest.mark.parametrize(
    ("name", "tags"),
    [
        ("darwin-arm64", [*mac_platforms((13, 0), "arm64")]),
        ("darwin-arm64", [*mac_platforms((15, 0), "x86_64")]),
        ("linux-x64", [f"manylinux_2_{minor}_x86_64" for minor in range(34, 4, -1)]),
        ("linux-arm64", [f"manylinux_2_{minor}_aarch64" for minor in range(34, 16, -1)]),
        ("linux-x64", ["musllinux_1_2_x86_64", "musllinux_1_1_x86_64"]),
    ],
    ids=["macOS 13", "Intel Mac", "glibc 2.34", "glibc 2.34 on arm64", "musl"],
)
def test_what_readme_excludes_has_no_wheels(name: str, tags: list[str]) -> None:
    with pytest.raises(PylockSelectError, match="mlx"):
        locked.select(PLATFORMS[name], "3.13", "cpu", accepted=tags)


def test_readme_and_the_classifiers_name_these_pythons() -> None:
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]
    python = "Programming Language :: Python :: "
    assert [f"{python}{version}" for version in locked.PYTHONS] == [
        one for one in classifiers if one.startswith(python)
    ]
    readme = (ROOT / "README.md").read_text("utf-8")
    assert f"| Python {locked.PYTHONS[0]} to {locked.PYTHONS[-1]} |" in readme
    assert "| macOS 14 or newer on Apple silicon |" in readme
    assert "| Linux on x86-64, glibc 2.35 or newer; CPU |" in readme
    assert "| Linux on arm64, glibc 2.35 or newer; CPU |" in readme
