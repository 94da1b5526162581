"""Say where this Python would import `sidecar` from, and whether that is the sidecar.

It is run by another Python, `python3 -P _probe.py`, and does not run the package. It prints one
line of JSON: `found`, a path or null, and `is_ours`, whether that belongs to the distribution
qwen-tts-sidecar, installed or editable.
"""

from __future__ import annotations

import json
from importlib import metadata, util
from pathlib import Path
from urllib.parse import unquote, urlsplit


def _is_ours(found: str) -> bool:
    try:
        ours = metadata.distribution("qwen-tts-sidecar")
    except metadata.PackageNotFoundError:
        return False
    source = json.loads(ours.read_text("direct_url.json") or "{}")
    editable = source.get("dir_info", {}).get("editable", False)
    url: str = source.get("url", "")
    folder = unquote(urlsplit(url).path) if editable else str(ours.locate_file(""))
    return Path(found).resolve() == Path(folder).resolve() / "sidecar" / "__init__.py"


def main() -> None:
    spec = util.find_spec("sidecar")
    found = spec and (spec.origin or str(list(spec.submodule_search_locations or [])))
    print(json.dumps({"found": found, "is_ours": bool(found) and _is_ours(found)}))


if __name__ == "__main__":
    main()
