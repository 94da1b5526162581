"""The site as it is published. MkDocs fails at a link or an anchor that leads nowhere."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from docs.site.pages import sources

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(900)]


class Fetched(HTMLParser):
    """Collects what a browser fetches by itself to show a page."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.paragraphs: list[str] = []
        self._is_paragraph = False
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "p":
            self._is_paragraph = True
            self.paragraphs.append("")
        if given.get("src"):
            self.addresses.append(given["src"] or "")
        # A canonical address names a page; the others are fetched.
        if tag == "link" and given.get("rel") not in ("canonical", "prev", "next"):
            self.addresses.append(given.get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        self._is_paragraph = self._is_paragraph and tag != "p"

    def handle_data(self, data: str) -> None:
        if self._is_paragraph:
            self.paragraphs[-1] += data


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Fetched]:
    """Return the pages of the site, without the sources that they link to."""
    found = {file.relative_to(site).as_posix(): Fetched(file) for file in site.rglob("*.html")}
    return {name: page for name, page in found.items() if not name.startswith("source/")}


def test_every_page_is_there(site: Path) -> None:
    for place in sources().values():
        name = place.removesuffix(".md")
        file = f"{name}.html" if name.endswith("index") else f"{name}/index.html"
        assert (site / file).is_file(), place


def test_a_page_fetches_nothing_from_other_hosts(pages: dict[str, Fetched]) -> None:
    assert len(pages) > 40
    for name, page in pages.items():
        assert page.addresses, name
        outside = [one for one in page.addresses if re.match(r"(https?:)?//", one)]
        assert outside == [], name


def test_lists_are_lists(pages: dict[str, Fetched]) -> None:
    """A line of a paragraph that begins like an item was meant to be one."""
    for name, page in pages.items():
        for text in page.paragraphs:
            assert not re.search(r"\n\s*([-*]|\d+\.) ", text), f"{name}: {text[:200]}"


def test_the_search_needs_no_server_and_finds_errors_and_methods(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text("utf-8"))
    titles = {re.sub("<.*?>", "", one["title"]) for one in index["docs"]}
    assert {"unknownModel", "speech/synthesize", "Quick start: Bun"} <= titles
    assert {"createSidecar", "Sidecar.synthesize_text", "SynthesizeParams"} <= titles


def test_the_reference_of_typescript_has_what_is_exported(site: Path, typescript: Path) -> None:
    page = (site / "reference" / "typescript" / "index.html").read_text("utf-8")
    sources = [
        (typescript / "src" / name).read_text("utf-8") for name in ("remote.ts", "openai.ts")
    ]
    lines = [
        line for text in sources for line in re.findall(r"^export (?:type )?\{(.*)\}", text, re.M)
    ]
    names = {re.sub(r"^\s*type ", "", one).strip() for line in lines for one in line.split(",")}
    names -= {"ERROR_CODES", "PROTOCOL_VERSION"}  # of the protocol, which has its own reference
    assert len(names) > 20
    missing = [name for name in names if f"<code>{name}</code>" not in page]
    assert missing == []
    assert page.count('<div class="highlight">') > 60  # signatures and examples
