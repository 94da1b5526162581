"""The extra `kokoro` lists the packages that misaki's pronunciation imports, and no others."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from sidecar.cli.doctor import surroundings

PYPROJECT = Path(__file__).parents[3] / "pyproject.toml"
# English, the languages of espeak, and what mlx-audio's pipeline imports with them.
MODULES = ("en", "espeak", "token", "data/__init__")
LARGE = re.compile(r"torch|nvidia|triton|cuda|transformers|tensorflow|jax", re.IGNORECASE)
# Measured: 57 distributions, 412 MB, including 73 MB of numpy, which the sidecar needs anyway.
MOST_BYTES = 600_000_000

pytestmark = pytest.mark.skipif(
    sys.version_info >= (3, 13), reason="NOT TESTED: misaki cannot be installed with Python 3.13"
)


def requirements() -> list[str]:
    project = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]
    return project["optional-dependencies"]["kokoro"]


def imported(file: Path) -> set[str]:
    """Return the third-party packages that a module imports anywhere in its code."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names) - {"misaki"}


def test_it_is_what_misaki_imports() -> None:
    """The installed release is checked; its own declared dependencies are not listed again."""
    folder = Path(next(iter(importlib.util.find_spec("misaki").submodule_search_locations)))  # type: ignore[union-attr,arg-type]
    files = [folder / f"{name}.py" for name in MODULES if (folder / f"{name}.py").is_file()]
    assert len(files) >= 3
    wanted = set().union(*map(imported, files))
    own = {
        re.split(r"[^\w-]", one)[0] for one in metadata.requires("misaki") or () if ";" not in one
    }
    assert wanted - own - {"numpy"} == set(surroundings.EXTRAS["kokoro"]) - {"misaki"}


def test_it_asks_for_no_extra_of_others() -> None:
    """`misaki[en]` brings spacy-curated-transformers, and that brings PyTorch."""
    for requirement in requirements():
        assert "[" not in requirement
        assert not LARGE.search(requirement)


@pytest.mark.hosts
def test_what_is_resolved_has_no_pytorch(tmp_path: Path) -> None:
    """The registry resolves it with the sidecar itself, as on a machine with nothing installed."""
    report = tmp_path / "report.json"
    options = ("--dry-run", "--quiet", "--ignore-installed", "--report", str(report))
    pip(*options, f"{PYPROJECT.parent}[cpu,kokoro]")
    rows: list[dict[str, Any]] = json.loads(report.read_text("utf-8"))["install"]
    names = {row["metadata"]["name"].lower() for row in rows}
    assert {"misaki", "spacy", "phonemizer-fork", "espeakng-loader", "num2words"} <= names
    # mlx-audio itself depends on transformers, which does without PyTorch.
    assert {name for name in names if LARGE.search(name)} <= {"transformers"}


@pytest.mark.hosts
@pytest.mark.timeout(900)
def test_exactly_this_pronounces(tmp_path: Path) -> None:
    """The extra is installed into its own folder, and the interpreter sees only that folder."""
    pip("--quiet", "--ignore-installed", "--target", str(tmp_path), *requirements())
    assert sum(f.stat().st_size for f in tmp_path.rglob("*") if f.is_file()) < MOST_BYTES
    script = f"""
import sys
sys.path[:] = [path for path in sys.path if "site-packages" not in path] + [{str(tmp_path)!r}]
import misaki.en, misaki.espeak
from misaki.token import MToken
fallback = misaki.espeak.EspeakFallback(british=False)
word = MToken(text="Kowalczyk", tag="NNP", whitespace="", phonemes=None)
print(fallback(word)[0], misaki.espeak.EspeakG2P(language="es")("Hola.")[0], sep="|")
print(sorted(name for name in sys.modules if name in ("torch", "transformers")))
"""
    done = subprocess.run(
        [sys.executable, "-S", "-c", script], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    said, loaded = done.stdout.splitlines()
    assert all(part.strip() for part in said.split("|")), said
    assert loaded == "[]"


def pip(*arguments: str) -> None:
    """Run pip's resolver without regard to the packages that are installed here."""
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=800)
    assert done.returncode == 0, done.stderr
