"""The extension for VS Code, outside VS Code: its types, its parts, and what is packed.

The parts' tests are in clients/vscode/test. tests/clients/vscode runs the extension in its host.
"""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.clients.package import PACKAGE, chromium
from tests.support import installing
from tests.support.wire import ROOT

EXTENSION = ROOT / "clients" / "vscode"
# The archive has 45 kB, of which the bundled code is the most.
LARGEST = 80_000

# The packages may have to be installed first.
pytestmark = pytest.mark.timeout(900)


def execute(*command: str) -> None:
    """Run a command in the extension's folder; fail with its output."""
    done = subprocess.run(
        command,
        cwd=EXTENSION,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-6000:]}"


def test_types_and_parts() -> None:
    installing.npm(EXTENSION)
    execute("npm", "run", "typecheck")
    execute("npm", "test")


@pytest.mark.hosts  # Chromium may have to be installed
def test_sound_that_a_browser_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """It needs the puppeteer of the TypeScript package, too."""
    monkeypatch.setenv("CHROMIUM", chromium())
    installing.npm(EXTENSION)
    installing.npm(PACKAGE)
    execute("npm", "run", "test:browser")


@pytest.mark.hosts  # The packer has three hundred packages.
def test_what_is_packed(tmp_path: Path) -> None:
    installing.npm(EXTENSION)
    installing.npm(EXTENSION / "packing")
    execute("npm", "run", "package", "--", str(tmp_path))
    (archive,) = tmp_path.glob("*.vsix")
    assert archive.stat().st_size < LARGEST
    with zipfile.ZipFile(archive) as file:
        names = {name.removeprefix("extension/") for name in file.namelist()}
        manifest = json.loads(file.read("extension/package.json"))
    assert names == {
        "[Content_Types].xml",
        "extension.vsixmanifest",
        "LICENSE.txt",
        "changelog.md",
        "package.json",
        "readme.md",
        "dist/extension.js",
        "dist/webview/player.css",
        "dist/webview/player.js",
        "dist/webview/worklet.js",
        "media/icon.png",
        "media/view.svg",
    }
    assert archive.name == f"qwen-tts-vscode-{manifest['version']}.vsix"


def test_a_workspace_cannot_choose_what_is_run() -> None:
    manifest = json.loads((EXTENSION / "package.json").read_text("utf-8"))
    settings = manifest["contributes"]["configuration"]["properties"]
    machine = {name for name, setting in settings.items() if setting["scope"] == "machine"}
    assert machine == {
        "qwenTts.sidecarPath",
        "qwenTts.sidecarArgs",
        "qwenTts.model",
        "qwenTts.idleMinutes",
        "qwenTts.bridge.url",
        "qwenTts.bridge.tokenFile",
    }
    assert manifest["capabilities"]["untrustedWorkspaces"]["supported"] is True


def test_the_licence_is_that_of_the_project() -> None:
    assert (EXTENSION / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
