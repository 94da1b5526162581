"""The npm packages as a user has them: installed from their archives into empty projects, they
speak with nothing but what npm installed. There is no Python on the PATH, and HOME is empty.

The tree of this platform is packed and installed once. For the other package managers and for
Electron's archive a small package takes its place, whose program starts that of the tree.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import tarfile
import wave
from pathlib import Path
from typing import Any

import pytest

from tests.clients.package import PACKAGE
from tests.support.installing import ROOT, npm, unavailable
from tests.support.wheels import run

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(900)]

TOOLS = Path(__file__).parent / "tools"
BUN = PACKAGE / "node_modules" / ".bin" / "bun"
VERSION = json.loads((PACKAGE / "package.json").read_text("utf-8"))["version"]
PLATFORMS = ("darwin-arm64", "linux-x64")
PLATFORM = "darwin-arm64" if sys.platform == "darwin" else "linux-x64"
# With sources, and with declarations and maps for both formats.
LARGEST_CLIENT = 250_000
LARGEST_PLATFORM = 150_000_000


def of_readme(runtime: str) -> str:
    """Return the lines that the README gives for a runtime, which write hello.wav."""
    readme = (PACKAGE / "README.md").read_text("utf-8")
    found = re.search(rf"In \*\*{runtime}\*\*:\n\n```ts\n(.*?)```", readme, re.DOTALL)
    assert found, f"the README has no lines for {runtime}"
    return found[1]


def as_commonjs(program: str) -> str:
    required = re.sub(r'import (\{.*\}) from (".*");', r"const \1 = require(\2);", program)
    return f"(async () => {{\n{required}\n}})();\n"


def node() -> str:
    return shutil.which("node") or unavailable("node is not installed")


def build(out: Path, *arguments: str | Path) -> Path:
    """Return the one archive that packaging/npm.py writes into an empty folder."""
    run(sys.executable, ROOT / "packaging/npm.py", "--out", out, *arguments, cwd=ROOT)
    (archive,) = out.iterdir()
    return archive


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return all variables that the programs get: an empty PATH, and an empty HOME."""
    return {
        "PATH": str(tmp_path_factory.mktemp("path")),
        "HOME": str(tmp_path_factory.mktemp("home")),
    }


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the archive of the client."""
    npm(PACKAGE)
    return build(tmp_path_factory.mktemp("client"), "client")


@pytest.fixture(scope="module")
def platform(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the archive of this platform's package."""
    return build(tmp_path_factory.mktemp("platform"), "platform", tree)


@pytest.fixture(scope="module")
def small(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return a dependency for each platform, on a package whose program starts that of the tree."""
    archives: dict[str, str] = {}
    for name in PLATFORMS:
        place = tmp_path_factory.mktemp("small")
        launcher = place / name / "bin" / "qwen-tts-sidecar"
        launcher.parent.mkdir(parents=True)
        launcher.write_text(f'#!/bin/sh\nexec "{tree}/bin/qwen-tts-sidecar" "$@"\n')
        launcher.chmod(0o755)
        (place / name / "manifest.json").write_text(json.dumps({"platform": name}))
        archive = build(tmp_path_factory.mktemp("archive"), "platform", place / name)
        archives[f"@qwen-tts-sidecar/{name}"] = f"file:{archive}"
    return archives


def project(folder: Path, client: Path, **fields: Any) -> Path:
    """Make a project that depends on the client; `overrides` are for what no registry has yet."""
    folder.mkdir(parents=True)
    manifest = {"private": True, "dependencies": {"qwen-tts-sidecar": f"file:{client}"}, **fields}
    (folder / "package.json").write_text(json.dumps(manifest))
    (folder / "speak.mjs").write_text(of_readme("Node"), "utf-8")
    (folder / "speak.cjs").write_text(as_commonjs(of_readme("Node")), "utf-8")
    (folder / "speak.ts").write_text(of_readme("Bun"), "utf-8")
    return folder


def npm_install(folder: Path, *options: str) -> None:
    # npm does without an optional package that it cannot get.
    run("npm", "install", "--offline", "--no-audit", "--no-fund", *options, cwd=folder)


@pytest.fixture(scope="module")
def installed(client: Path, platform: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with both packages, whose path has a space and other letters than ASCII."""
    overrides = {f"@qwen-tts-sidecar/{PLATFORM}": f"file:{platform}"}
    folder = tmp_path_factory.mktemp("npm") / "Mön Projekt" / "äpp"
    npm_install(project(folder, client, overrides=overrides))
    return folder


@pytest.fixture(scope="module")
def light(client: Path, small: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with the client and the small package."""
    folder = project(tmp_path_factory.mktemp("light") / "app", client, overrides=small)
    npm_install(folder)
    return folder


@pytest.fixture(scope="module")
def omitted(client: Path, small: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with the client alone."""
    folder = project(tmp_path_factory.mktemp("omitted") / "app", client, overrides=small)
    npm_install(folder, "--omit=optional")
    return folder


def speaks(*command: str | Path, cwd: Path, env: dict[str, str]) -> None:
    """Check that a program writes hello.wav into its working folder."""
    cwd.mkdir(exist_ok=True)
    run(*command, cwd=cwd, env=env)
    with wave.open(str(cwd / "hello.wav")) as file:
        assert file.getframerate() == 24000
        assert file.getnframes() > 24000 / 4


def test_the_client_depends_on_its_own_version_of_each_platform(client: Path) -> None:
    assert client.name == f"qwen-tts-sidecar-{VERSION}.tgz"
    assert client.stat().st_size <= LARGEST_CLIENT
    with tarfile.open(client) as archive:
        file = archive.extractfile("package/package.json")
        assert file
        manifest = json.load(file)
    wanted = {f"@qwen-tts-sidecar/{platform}": VERSION for platform in PLATFORMS}
    assert manifest["optionalDependencies"] == wanted
    assert {"bin", "dependencies"}.isdisjoint(manifest)


def test_a_platform_is_installed_with_every_file_as_it_was(platform: Path, installed: Path) -> None:
    assert platform.name == f"qwen-tts-sidecar-{PLATFORM}-{VERSION}.tgz"
    assert platform.stat().st_size <= LARGEST_PLATFORM
    folder = installed / "node_modules" / "@qwen-tts-sidecar" / PLATFORM
    files = json.loads((folder / "manifest.json").read_text("utf-8"))["files"]
    for name, digest in files.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name
    assert os.access(folder / "bin" / "qwen-tts-sidecar", os.X_OK)
    package = json.loads((folder / "package.json").read_text("utf-8"))
    system, processor = PLATFORM.split("-")
    assert (package["os"], package["cpu"]) == ([system], [processor])
    assert package.get("libc") == (["glibc"] if system == "linux" else None)
    assert package["version"] == VERSION
    assert package["preferUnplugged"] is True
    assert {"bin", "scripts", "dependencies"}.isdisjoint(package)


@pytest.mark.parametrize("file", ["speak.mjs", "speak.cjs", "speak.ts"])
def test_the_lines_of_the_readme(installed: Path, bare: dict[str, str], file: str) -> None:
    # From another folder: the package is found from where it is installed.
    runtime = BUN if file == "speak.ts" else node()
    speaks(runtime, installed / file, cwd=installed / file.replace(".", " "), env=bare)


def test_a_compiled_program_with_the_package_beside_it(
    installed: Path, bare: dict[str, str], tmp_path: Path
) -> None:
    run(BUN, "build", "--compile", "speak.ts", "--outfile", tmp_path / "speak", cwd=installed)
    package = installed / "node_modules" / "@qwen-tts-sidecar" / PLATFORM
    shutil.copytree(package, tmp_path / "qwen-tts-sidecar", copy_function=os.link)
    speaks(tmp_path / "speak", cwd=tmp_path / "elsewhere", env=bare)


@pytest.mark.parametrize(("suffix", "form"), [("mjs", "esm"), ("cjs", "cjs")])
def test_a_bundle_beside_the_package(
    omitted: Path, light: Path, bare: dict[str, str], tmp_path: Path, suffix: str, form: str
) -> None:
    # Bundled where the client has no package, so that it is found from the bundle only.
    bundle = tmp_path / f"main.{suffix}"
    options = (f"--format={form}", "--target=node", "--outfile", bundle)
    run(BUN, "build", f"speak.{suffix}", *options, cwd=omitted)
    scope = Path("node_modules") / "@qwen-tts-sidecar"
    shutil.copytree(light / scope, tmp_path / scope)
    speaks(node(), bundle, cwd=tmp_path / "elsewhere", env=bare)


@pytest.mark.parametrize("runtime", ["node", "bun"])
def test_without_optional_dependencies_the_error_says_what_to_install(
    omitted: Path, bare: dict[str, str], runtime: str
) -> None:
    with pytest.raises(AssertionError) as failure:
        run(node() if runtime == "node" else BUN, "speak.mjs", cwd=omitted, env=bare)
    installing = f"@qwen-tts-sidecar/{PLATFORM}, is not installed"
    for part in ("SidecarNotFoundError", installing, "--omit=optional", "pip install"):
        assert part in str(failure.value)


def test_bun_installs_it(
    client: Path, small: dict[str, str], bare: dict[str, str], tmp_path: Path
) -> None:
    paths = {name: path.removeprefix("file:") for name, path in small.items()}
    folder = project(tmp_path / "app", client, overrides=paths)
    run(BUN, "install", cwd=folder)
    speaks(BUN, folder / "speak.ts", cwd=folder, env=bare)


def test_pnpm_installs_it_where_only_the_client_finds_it(
    client: Path, small: dict[str, str], bare: dict[str, str], tmp_path: Path
) -> None:
    npm(TOOLS)
    folder = project(tmp_path / "app", client, pnpm={"overrides": small})
    pnpm = (TOOLS / "node_modules/pnpm/bin/pnpm.cjs", "--config.hoist=false")
    run(node(), *pnpm, "install", "--store-dir", tmp_path / "store", cwd=folder)
    assert not (folder / "node_modules" / "@qwen-tts-sidecar").exists()
    speaks(node(), folder / "speak.mjs", cwd=folder, env=bare)
    speaks(BUN, folder / "speak.ts", cwd=folder, env=bare)


def test_yarn_installs_it_outside_its_archives(
    client: Path, small: dict[str, str], bare: dict[str, str], tmp_path: Path
) -> None:
    npm(TOOLS)
    folder = project(tmp_path / "app", client, resolutions=small)
    (folder / "yarn.lock").touch()
    settings = {"YARN_GLOBAL_FOLDER": str(tmp_path / "global"), "YARN_ENABLE_TELEMETRY": "0"}
    yarn = TOOLS / "node_modules/@yarnpkg/cli-dist/bin/yarn.js"
    run(node(), yarn, "install", "--no-immutable", cwd=folder, env={**os.environ, **settings})
    assert not (folder / "node_modules").exists(), "this is not Plug'n'Play"
    speaks(node(), "--require", folder / ".pnp.cjs", folder / "speak.cjs", cwd=folder, env=bare)


def in_archive(light: Path, folder: Path, *options: str) -> list[str | Path]:
    """Pack the project as Electron's packagers do; return a command that runs it like Electron.

    The archive and the folder beside it are the real ones. asar-node gives Node's `fs` and
    `require` what Electron's have, from Electron's source. This does not show that Electron itself
    starts a program there, nor anything of signed or sandboxed apps.
    """
    npm(TOOLS)
    app = folder / "app"
    shutil.copytree(light / "node_modules", app / "node_modules")
    (app / "package.json").write_text('{ "main": "main.js" }')
    (app / "main.js").write_text((light / "speak.cjs").read_text("utf-8"), "utf-8")
    asar = TOOLS / "node_modules/@electron/asar/bin/asar.js"
    run(node(), asar, "pack", app, folder / "resources/app.asar", *options, cwd=folder)
    shutil.rmtree(app)
    hooks = TOOLS / "node_modules/asar-node/lib/autorun/index.js"
    return [node(), "--require", hooks, folder / "resources/app.asar"]


def test_in_an_electron_app(light: Path, bare: dict[str, str], tmp_path: Path) -> None:
    unpack = ("--unpack-dir", "**/node_modules/@qwen-tts-sidecar/**")
    speaks(*in_archive(light, tmp_path, *unpack), cwd=tmp_path / "work", env=bare)


def test_in_an_electron_app_without_asar_unpack(
    light: Path, bare: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(AssertionError, match="asarUnpack"):
        run(*in_archive(light, tmp_path), cwd=tmp_path, env=bare)
