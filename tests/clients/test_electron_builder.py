"""The Electron example, packed by electron-builder itself, with an empty program for Electron's.

What runs inside it is tested in clients/typescript/test/electron-app.test.ts, and by the release
workflow with the real Electron.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clients.package import PACKAGE, execute
from tests.support.installing import npm

pytestmark = [
    pytest.mark.hosts,
    pytest.mark.timeout(900),
    pytest.mark.skipif(sys.platform != "linux", reason="packs for Linux"),
]

HERE = Path(__file__).parent / "electron_builder"
EXAMPLE = PACKAGE / "examples" / "electron"
LARGEST_ARCHIVE = 150_000


def pack(app: Path, *options: str | Path) -> subprocess.CompletedProcess[str]:
    """Run electron-builder in an app's folder."""
    return subprocess.run(
        [HERE / "node_modules/.bin/electron-builder", "--dir", "--linux", "--x64", *options],
        cwd=app,
        env={**os.environ, "CONFIGURATION": str(EXAMPLE / "electron-builder.yml")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def app(typescript: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the example's folder before packing, with a small sidecar as its npm package."""
    del typescript
    npm(HERE)
    folder = tmp_path_factory.mktemp("electron") / "Mön App"
    folder.mkdir()
    for name in ("package.json", "electron-builder.yml", "entitlements.mac.plist"):
        shutil.copy(EXAMPLE / name, folder)
    execute("npm", "exec", "--", "sh", "examples/electron/build.sh", str(folder / "dist"))
    sidecar = folder / "node_modules/@qwen-tts-sidecar/linux-x64"
    for name in ("bin/qwen-tts-sidecar", "package.json", "python/lib/__pycache__/module.pyc"):
        (sidecar / name).parent.mkdir(parents=True, exist_ok=True)
        (sidecar / name).write_text("{}")
    launcher = sidecar / "bin" / "qwen-tts-sidecar"
    launcher.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m sidecar "$@"\n')
    launcher.chmod(0o755)
    electron = folder / "electron"
    (electron / "resources").mkdir(parents=True)
    (electron / "electron").write_text("#!/bin/sh\n")
    (electron / "electron").chmod(0o755)
    return folder


def test_the_sidecar_is_outside_the_archive_and_whole(app: Path) -> None:
    config = ("--config", HERE / "without_fuses.cjs", "-c.electronDist=electron")
    done = pack(app, *config, "-c.electronVersion=41.7.1")
    assert done.returncode == 0, done.stdout[-3000:]
    resources = app / "release" / "linux-unpacked" / "resources"
    files = {str(file.relative_to(resources)) for file in resources.rglob("*") if file.is_file()}
    inside = ("bin/qwen-tts-sidecar", "package.json", "python/lib/__pycache__/module.pyc")
    assert files == {"app.asar", *(f"qwen-tts-sidecar/{name}" for name in inside)}
    launcher = resources / "qwen-tts-sidecar" / "bin" / "qwen-tts-sidecar"
    version = subprocess.run(
        [launcher, "--version"], capture_output=True, text=True, timeout=60, check=True
    )
    assert version.stdout.startswith("qwen-tts-sidecar ")
    archive = resources / "app.asar"
    assert archive.stat().st_size < LARGEST_ARCHIVE
    listed = subprocess.run(
        [HERE / "node_modules/.bin/asar", "list", archive],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    page = ("index.html", "pcm-worklet.js", "renderer.js", "style.css")
    assert set(listed.stdout.split()) == {
        *("/package.json", "/dist", "/dist/page"),
        *(f"/dist/{name}.cjs" for name in ("main", "preload", "speech-process")),
        *(f"/dist/page/{name}" for name in page),
    }


def test_the_whole_configuration_is_accepted(app: Path) -> None:
    """The last step sets the fuses, and finds that this is not Electron's program."""
    done = pack(app, "-c.electronDist=electron", "-c.electronVersion=41.7.1")
    assert "Could not find sentinel in the provided Electron binary" in done.stdout
