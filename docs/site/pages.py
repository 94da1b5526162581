"""Which files of the repository are pages of the site, and where they are in it."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]

# The pages that are neither in docs/ nor the README of a client.
_ELSEWHERE = {
    "README.md": "index.md",
    "protocol/README.md": "protocol/index.md",
    "protocol/websocket.md": "protocol/websocket.md",
    "protocol/vectors/README.md": "protocol/vectors.md",
    "clients/README.md": "clients/index.md",
    "clients/typescript/examples/electron/README.md": "clients/electron.md",
    "CHANGELOG.md": "project/changelog.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/reporting.md",
    "bench/RESULTS.md": "project/benchmarks.md",
    "training/README.md": "project/training.md",
}
# For those who work on the repository; not pages.
_LEFT_OUT = {"docs/media/README.md"}


def sources() -> dict[str, str]:
    """Return where each page is in the site, by its path in the repository."""
    pages = dict(_ELSEWHERE)
    for file in sorted((ROOT / "docs").rglob("*.md")):
        path = file.relative_to(ROOT).as_posix()
        if path not in _LEFT_OUT:
            pages[path] = path.removeprefix("docs/")
    for file in sorted((ROOT / "clients").glob("*/README.md")):
        pages[file.relative_to(ROOT).as_posix()] = f"clients/{file.parent.name}.md"
    return pages


def place(path: str, pages: dict[str, str]) -> str | None:
    """Return where a file of the repository is in the site; None for a folder without a page.

    A file that is not a page, such as an example's source, is a copy that readers can open.
    """
    if path in pages:
        return pages[path]
    if (ROOT / path).is_dir():
        return pages.get(f"{path.rstrip('/')}/README.md")
    if path.startswith("docs/media/"):
        return path.removeprefix("docs/")
    return str(PurePosixPath("source", path))
