"""`python -m tests.support.hub_process REPO …`: a hub in a process, for tests in other languages.

It serves the bundled voice as each repository, and prints one line of JSON: `url`, and
`environment` for a sidecar with a new, empty cache. Then each line of its input is a command, which
it answers with a line of JSON: the `bytes` of files that have gone out, and the `ranges` that were
asked for. The commands are `slow` (large files come in small pieces), `wrong` (they come with a
changed byte), `fine` (neither), and `sent` (no change). It ends with its input.
"""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from sidecar.models import catalog
from tests.support.hub import Trouble
from tests.support.hub_server import hub_server

_LARGE = "/cdn/"


def _troubles(command: str) -> list[Trouble]:
    match command:
        case "slow":
            return [Trouble(_LARGE, 1e9, drip_seconds=0.01)]
        case "wrong":
            return [Trouble(_LARGE, 1e9, flip_at=1000)]
        case _:
            return []


def _say(value: Any) -> None:
    print(json.dumps(value), flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as home, hub_server() as hub:
        for repo in sys.argv[1:]:
            hub.serve(repo, catalog.BUNDLED_PATH)
        _say({"url": hub.url, "environment": hub.environment(Path(home))})
        with contextlib.suppress(KeyboardInterrupt):
            for line in sys.stdin:
                command = line.strip()
                if command != "sent":
                    for trouble in hub.troubles:
                        trouble.drip_seconds = 0.0  # also of the answers that are being sent
                    hub.troubles[:] = _troubles(command)
                _say({"bytes": sum(hub.sent.values()), "ranges": [r for _, r in hub.ranges]})


if __name__ == "__main__":
    main()
