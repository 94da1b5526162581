"""Write the Homebrew formula of a release: its wheel, and every package that uv.lock has for macOS.

python packaging/homebrew.py dist/*.whl > qwen-tts-sidecar.rb

All packages are installed from wheels, as pip would. Homebrew's own rule is to build from source,
but some are written in Rust, C++ and Metal and take long to build. So this formula is for a tap.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

from packaging.pylock import PackageWheel, PylockSelectError
from packaging.utils import parse_wheel_filename

import locked
from platforms import PLATFORMS, Platform

PYTHON = "3.13"
# What needs an extra with pip, and is small.
EXTRAS = ("play", "speed")

_FORMULA = """\
# packaging/homebrew.py wrote this from uv.lock.
class QwenTtsSidecar < Formula
  include Language::Python::Virtualenv

  desc "Qwen3-TTS in a child process: JSON-RPC on stdin, streamed speech on stdout"
  homepage "https://pypi.org/project/qwen-tts-sidecar/"
  url "{url}", using: :nounzip
  version "{version}"
  sha256 "{sha256}"
  license "MIT"

  depends_on arch: :arm64
  depends_on macos: :sonoma
  depends_on "python@{python}"

  # Homebrew would give each library the path of its file as its name. The header of a library in a
  # wheel may have no room for that, and nothing needs it: the libraries find each other by @rpath.
  preserve_rpath

{resources}
  def install
    wheels = buildpath/"wheels"
    resources.each do |package|
      package.stage {{ wheels.install Dir["*.whl"] }}
    end
    virtualenv_create(libexec, "python{python}", system_site_packages: false)
    system "python{python}", "-m", "pip", "--python=#{{libexec}}/bin/python", "install",
           "--no-index", "--no-deps", "--no-compile",
           *buildpath.glob("*.whl"), *wheels.glob("*.whl")
    bin.install_symlink libexec/"bin/qwen-tts-sidecar"
    generate_completions_from_executable(bin/"qwen-tts-sidecar", "completion")
  end

  test do
    system bin/"qwen-tts-sidecar", "say", "Hello there.", "--output", testpath/"hello.wav"
    assert_equal "RIFF", (testpath/"hello.wav").binread(4)
  end
end
"""
_RESOURCE = """\
  resource "{name}" do
    url "{url}", using: :nounzip
    sha256 "{sha256}"
  end
"""


def formula(
    wheel: Path, platform: Platform, python: str = PYTHON, extras: tuple[str, ...] = EXTRAS
) -> str:
    """Return the formula that installs a wheel of this project, with the locked packages.

    Raises `ValueError` if a package has no wheel for the platform, or the file is not a wheel
    of this project.
    """
    name, version, _, _ = parse_wheel_filename(wheel.name)
    if name != "qwen-tts-sidecar":
        raise ValueError(f"{wheel} is not a wheel of qwen-tts-sidecar.")
    resources: list[str] = []
    for package, file in locked.select(platform, python, *extras):
        if not isinstance(file, PackageWheel) or file.url is None:
            raise ValueError(f"{package.name} has no wheel for {platform.system}.")
        resources.append(
            _RESOURCE.format(name=package.name, url=file.url, sha256=file.hashes["sha256"])
        )
    return _FORMULA.format(
        # PyPI's address of a file that is known by its name alone.
        url=f"https://files.pythonhosted.org/packages/py3/q/{name}/{wheel.name}",
        version=version,
        sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        python=python,
        resources="\n".join(resources),
    )


def main() -> None:
    """Write the formula for macOS to stdout."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("wheel", type=Path, help="the wheel that is released")
    try:
        text = formula(parser.parse_args().wheel, PLATFORMS["darwin-arm64"])
    except (OSError, ValueError, PylockSelectError) as error:
        parser.error(str(error))
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
