"""`python -m tests.support.fetcher`: resolves models for tests, one per line, in one process.

The hub client reads its environment once, at import. This process starts with the environment of a
test hub; each line of its input is a model's name as a JSON string, and each answer a JSON object.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import msgspec

from sidecar.errors import SidecarError
from sidecar.models import catalog
from sidecar.models.catalog import Fetching
from sidecar.models.hub.download import Progress


def resolve(name: str) -> dict[str, Any]:
    """Return the outcome: `path` or the error's parts, and every `progress` that was reported."""
    reports: list[Progress] = []
    end: dict[str, Any] = {}
    try:
        end["path"] = str(catalog.resolve(name, Fetching(reports.append)).path)
    except SidecarError as error:
        end |= {"type": error.type, "code": error.code, "said": error.advice}
        end |= {"field": error.field, "figures": msgspec.to_builtins(error.figures)}
    return {**end, "progress": [msgspec.to_builtins(one) for one in reports]}


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(resolve(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
