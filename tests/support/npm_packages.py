"""Archives as npm packs them."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path


def pack(folder: Path, name: str, **files: object) -> None:
    """Write an npm package of JSON files: `package=…` is its package.json."""
    with tarfile.open(folder / f"{name}.tgz", "w:gz") as archive:
        for file, content in files.items():
            data = json.dumps(content).encode()
            info = tarfile.TarInfo(f"package/{file}.json")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
