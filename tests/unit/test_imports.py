"""The imports between the files of tests; import-linter checks the rest."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.support.wire import ROOT


def imported(file: Path) -> set[str]:
    """Return the full names of all that a file imports."""
    names = set[str]()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_no_file_imports_a_file_of_tests() -> None:
    found = {
        f"{file.relative_to(ROOT)} imports {name}"
        for file in (ROOT / "tests").rglob("*.py")
        for name in imported(file)
        if name.startswith("tests.") and ".test_" in name
    }
    assert not found, "what two files of tests need belongs in tests/support"
