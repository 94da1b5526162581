"""The programs on the pages, as compilers see them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from docs.site.pages import ROOT
from tests.clients.package import PACKAGE
from tests.docs.blocks import Block, written_in
from tests.support import installing

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(900)]

HOSTS = ROOT / "tests" / "clients" / "hosts"

# What a block may use without declaring it: its reader has these already.
TYPESCRIPT = """
declare const answer: AsyncIterable<string>;
declare function play(audio: Uint8Array): void;
declare const tts: import("qwen-tts-sidecar").Sidecar;
"""
JAVASCRIPT = """
declare module "vscode";
declare const window: any;
declare const createSidecar: typeof import("qwen-tts-sidecar").createSidecar;
declare const OpenAI: typeof import("openai").default;
declare var held: any, tts: any, stop: any;
"""
PYTHON = """\
# pyright: basic, reportOptionalMemberAccess=false, reportTypedDictNotRequiredAccess=false
from __future__ import annotations
"""
# An example that is the inside of an asynchronous function.
INSIDE = """\
from collections.abc import AsyncIterator, Callable
from qwen_tts_client import Sidecar
play: Callable[[bytes], object]
answer_of_a_language_model: Callable[[], AsyncIterator[str]]
tts: Sidecar
token: str
"""
# tests/clients/test_directing.py and test_conversations.py run their examples, whose literals are
# not typed as a program's would be.
RUN = ("docs/directing.md", "docs/conversations.md")


def name_of(block: Block) -> str:
    return re.sub(r"\W", "_", str(block))


def fresh(name: str) -> Path:
    folder = ROOT / "build" / "docs" / "code" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def packages(folder: Path) -> None:
    """Let the programs in a folder import what their readers have installed."""
    modules = folder / "node_modules"
    (modules / "@ai-sdk").mkdir(parents=True)
    (modules / "qwen-tts-sidecar").symlink_to(PACKAGE)
    for name in ("openai", "@types", "bun-types"):
        (modules / name).symlink_to(PACKAGE / "node_modules" / name)
    for name in ("ai", "@ai-sdk/openai"):
        (modules / name).symlink_to(HOSTS / "node_modules" / name)


def compile_all(folder: Path, config: dict[str, object]) -> str:
    """Return what the compiler says about the programs of a folder."""
    options = {"noEmit": True, "target": "esnext", "module": "preserve", "skipLibCheck": True}
    given: dict[str, object] = config.pop("compilerOptions")  # type: ignore[assignment]
    (folder / "tsconfig.json").write_text(
        json.dumps({"compilerOptions": {**options, **given}, **config})
    )
    tsc = PACKAGE / "node_modules" / "typescript" / "bin" / "tsc"
    done = subprocess.run(
        ["node", tsc, "-p", folder], capture_output=True, text=True, timeout=200, check=False
    )
    assert (done.returncode == 0) == (not done.stdout)
    return done.stdout


def test_typescript(typescript: Path) -> None:
    del typescript
    installing.npm(HOSTS)
    folder = fresh("typescript")
    packages(folder)
    found = written_in("ts")
    for block in found:
        (folder / f"{name_of(block)}.ts").write_text(f"{block.code}\nexport {{}};\n", "utf-8")
    (folder / "declared.d.ts").write_text(TYPESCRIPT)
    options = {
        "strict": True,
        "noUncheckedIndexedAccess": True,
        "lib": ["esnext", "dom", "dom.iterable"],
        "types": ["bun-types"],
    }
    assert compile_all(folder, {"compilerOptions": options, "include": ["*.ts"]}) == ""
    assert len(found) > 15


def test_javascript(typescript: Path) -> None:
    """Names and members are checked; the programs have no types of their own."""
    del typescript
    folder = fresh("javascript")
    installing.npm(HOSTS)
    packages(folder)
    found = written_in("js")
    for block in found:
        is_module = "require(" not in block.code
        suffix, end = ("mjs", "\nexport {};\n") if is_module else ("cjs", "")
        (folder / f"{name_of(block)}.{suffix}").write_text(f"{block.code}{end}", "utf-8")
    (folder / "declared.d.ts").write_text(JAVASCRIPT)
    options = {
        "allowJs": True,
        "checkJs": True,
        "strict": False,
        "allowUnusedLabels": True,
        "lib": ["esnext"],
        "types": ["node"],
    }
    config = {"compilerOptions": options, "include": ["*.mjs", "*.cjs", "*.d.ts"]}
    assert compile_all(folder, config) == ""
    assert len(found) > 5


def test_python() -> None:
    python = installing.python(ROOT / "tests" / "docs" / "requirements.txt")
    folder = fresh("python")
    found = [one for one in written_in("python") if one.page not in RUN]
    for block in found:
        (folder / f"{name_of(block)}.py").write_text(module_of(block), "utf-8")
    pattern = "lib/python*/site-packages"
    installed = [next(Path(one).parents[1].glob(pattern)) for one in (python, sys.executable)]
    paths = [str(one) for one in (ROOT / "clients" / "python", *installed)]
    (folder / "pyrightconfig.json").write_text(json.dumps({"extraPaths": paths}))
    done = subprocess.run(
        [Path(sys.executable).with_name("pyright"), "-p", folder],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert len(found) > 12


def module_of(block: Block) -> str:
    """Return a block as a module: what has `await` outside of a function is put into one."""
    try:
        compile(block.code, str(block), "exec")
    except SyntaxError:
        body = "".join(f"    {line}\n" for line in block.code.splitlines())
        return f"{PYTHON}{INSIDE}async def example() -> None:\n{body}"
    return PYTHON + block.code
