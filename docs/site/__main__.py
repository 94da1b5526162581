"""Stage the pages, write the reference beside them, and build the site.

The result is build/docs/site; any web server can serve it. Node and the built TypeScript client are
needed for the reference of that client: `make docs` builds it first.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys

from docs.site import protocol_reference, python_reference, staging
from docs.site.pages import ROOT

PAGES = ROOT / "build" / "docs" / "pages"
SITE = ROOT / "build" / "docs" / "site"
_TYPESCRIPT = ROOT / "clients" / "typescript" / "scripts" / "reference.mjs"


def prepare() -> None:
    """Write everything that MkDocs reads to build/docs/pages."""
    shutil.rmtree(PAGES, ignore_errors=True)
    staging.stage(PAGES)
    staging.write(PAGES / "reference" / "protocol.md", protocol_reference.render())
    staging.write(PAGES / "reference" / "python.md", python_reference.render())
    typescript = subprocess.run(
        ["node", str(_TYPESCRIPT)], stdout=subprocess.PIPE, encoding="utf-8", check=True
    )
    staging.write(PAGES / "reference" / "typescript.md", typescript.stdout)


def main() -> int:
    """Return MkDocs' exit code, which is not 0 if a page has a link that leads nowhere."""
    parser = argparse.ArgumentParser(prog="python -m docs.site", description=__doc__)
    parser.parse_args()
    prepare()
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--clean"]
    code = subprocess.run(build, cwd=ROOT, check=False).returncode
    if code == 0:
        print(f"The site is in {SITE.relative_to(ROOT)}.")
        print(f"To read it: {sys.executable} -m http.server -d {SITE.relative_to(ROOT)}")
    return code


if __name__ == "__main__":
    raise SystemExit(main())
