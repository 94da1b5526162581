"""The TypeScript client: its own tests, under Node and Bun, against this checkout's sidecar.

The tests themselves are in clients/typescript/test. Needed: Node ≥ 20 with npm, and Chromium for
the playground; everything else comes from the npm registry by the lock file.
"""

from __future__ import annotations

import pytest

from tests.clients.package import chromium, execute

# The packages, or a browser, may have to be installed first; each command has a bound of its own.
pytestmark = [pytest.mark.timeout(900), pytest.mark.usefixtures("typescript")]


def node_test(name: str) -> None:
    execute("node", "--test", f"build/esm/test/{name}.test.js")


def test_generated_types_and_versions() -> None:
    node_test("contract")


def test_the_playground_is_built() -> None:
    node_test("playground-parts")


def test_types() -> None:
    execute("npm", "run", "typecheck")


def test_what_an_editor_shows() -> None:
    node_test("api")


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["all", "openai", "electron", "pack"],
)
def test_node(name: str) -> None:
    node_test(name)


@pytest.mark.hosts  # other programs of OpenAI's API, all examples, and what the playground copies
@pytest.mark.parametrize(
    "name", ["openai-servers", "openai-package", "examples", "playground-copies"]
)
def test_node_with_others(name: str) -> None:
    node_test(name)


@pytest.mark.hosts
def test_vectors() -> None:
    """The runner was written from their README alone; tests/protocol has the same conversations."""
    node_test("vectors")


@pytest.mark.slow
def test_commonjs() -> None:
    execute("node", "--test", "build/cjs/test/commonjs.js")


@pytest.mark.hosts  # the same tests as Node's
@pytest.mark.parametrize("name", ["all", "openai"])
def test_bun(name: str) -> None:
    execute("node_modules/.bin/bun", "test", f"./test/{name}.test.ts", "--timeout", "60000")


@pytest.mark.hosts  # Chromium may have to be installed
@pytest.mark.parametrize(
    "name", ["playground", "playground-making", "openai-browser", "electron-app"]
)
def test_browser(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("CHROMIUM", chromium())
    node_test(name)
