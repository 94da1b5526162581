"""The site's pages, as far as that needs no MkDocs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from docs.site import protocol_reference, python_reference
from docs.site.pages import ROOT, sources
from docs.site.staging import BrokenLink, as_python_markdown, fences, stage, with_links
from tests.support.wire import SCHEMA

NAV = (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:")[2]
GENERATED = {"reference/protocol.md", "reference/typescript.md", "reference/python.md"}


def test_every_page_in_the_navigation_exists() -> None:
    named = re.findall(r"([\w/-]+\.md)$", NAV, re.MULTILINE)
    assert len(named) > 30
    assert set(named) <= {*sources().values(), *GENERATED}
    assert len(named) == len(set(named))


def test_every_page_can_be_staged(tmp_path: Path) -> None:
    """A link to a file that does not exist fails here, too."""
    stage(tmp_path)
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.md")} >= {
        *sources().values()
    }
    # Files that pages link to are copies, so that a reader of the site alone has them.
    assert json.loads((tmp_path / "source/protocol/schema.json").read_text("utf-8")) == SCHEMA
    assert (tmp_path / "media/sample.mp3").stat().st_size > 10_000


def test_every_error_has_an_entry_in_troubleshooting() -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
    entries = re.findall(r"^### `(\w+)`\n\n(\S.+)", page, re.MULTILINE)
    names = [name for name, _ in entries]
    assert sorted(names) == sorted(SCHEMA["errors"])


def test_the_reference_has_every_method_error_and_type() -> None:
    page = protocol_reference.render()
    for name in SCHEMA["methods"]:
        assert f"### `{name}`\n" in page
    for name, definition in SCHEMA["$defs"].items():
        assert f"### {name}\n" in page
        for field in definition.get("properties", {}):
            assert f"| `{field}` |" in page
    for name, code in SCHEMA["errors"].items():
        assert f"[`{name}`](../troubleshooting.md#{name.lower()}) | {code} |" in page


def test_the_reference_of_python_has_everything_that_is_exported() -> None:
    import qwen_tts_client

    page = python_reference.render()
    for name in qwen_tts_client.__all__:
        assert name.startswith("_") or f"## `{name}`\n" in page
    assert "### `Sidecar.synthesize_text`\n" in page
    for is_code, part in fences(page):
        assert not is_code or part.endswith("```\n")


def links(text: str, source: str = "docs/models.md") -> str:
    return with_links(text, source, sources(), {})


@pytest.mark.parametrize(
    ("written", "in_the_site"),
    [
        ("[a](cli.md)", "[a](cli.md)"),
        ("[a](../protocol/README.md#b)", "[a](protocol/index.md#b)"),
        ("[a](../README.md)", "[a](index.md)"),
        ("[a](../clients/python/README.md)", "[a](clients/python.md)"),
        ("[a](../protocol/schema.json)", "[a](source/protocol/schema.json)"),
        ("[`a`](../clients/neovim/lua/qwen_tts)", "`a`"),
        ("[a](https://example.com) `[b](c.md)`", "[a](https://example.com) `[b](c.md)`"),
        ("[a](#b)", "[a](#b)"),
        ("| `a \\| b` | c |", "| `a | b` | c |"),
        ("```\n[a](../README.md)\n```\n", "```\n[a](../README.md)\n```\n"),
    ],
)
def test_links_lead_to_places_in_the_site(written: str, in_the_site: str) -> None:
    assert links(written) == in_the_site


def test_sound_can_be_heard_on_the_page() -> None:
    assert links("[hear](media/sample.mp3)").startswith("<audio controls")


def test_a_link_to_no_file_is_an_error() -> None:
    with pytest.raises(BrokenLink, match=r"docs/models\.md links to nonesuch\.md"):
        links("[a](nonesuch.md)")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("text:\n- a\n- b\n", "text:\n\n- a\n- b\n"),
        ("- a\n  b\n- c\n", "- a\n    b\n- c\n"),
        ("1. a\n   - b\n     c\n2. d\n", "1. a\n    - b\n        c\n2. d\n"),
        (
            "1. a\n\n   ```sh\n   b\n     c\n   ```\n",
            "1. a\n\n    ```sh\n    b\n      c\n    ```\n",
        ),
        ("- a\n\nb\n", "- a\n\nb\n"),
        ("```\n- a\n  b\n```\n", "```\n- a\n  b\n```\n"),
    ],
)
def test_lists_are_as_python_markdown_reads_them(written: str, read: str) -> None:
    assert as_python_markdown(written) == read
