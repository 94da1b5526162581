"""Foreign clients of OpenAI's API, as they are, against the servers of the README in Bun and Node.

Their packages are large, and are installed here at the versions of hosts/requirements.txt and
hosts/package-lock.json: `make test-hosts`.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.package import ENVIRONMENT, PACKAGE
from tests.support.installing import npm, python

HOSTS = Path(__file__).parent / "hosts"
KEY = "a key of this test"
SERVERS = {
    "bun": [str(PACKAGE / "node_modules" / ".bin" / "bun"), "examples/bun-server.ts"],
    "node": ["node", "test/fixtures/node-server.mjs"],
}

# The packages may have to be installed first; each client has a bound of its own.
pytestmark = [pytest.mark.hosts, pytest.mark.timeout(900)]
TIMEOUT = 300.0


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest, typescript: None) -> Iterator[str]:
    """Yield the URL of a server on a free port, which requires the key."""
    del typescript
    settings = {"PORT": "0", "SPEECH_API_KEY": KEY, "UNSUPPORTED_INSTRUCTIONS": "ignore"}
    process = subprocess.Popen(
        SERVERS[request.param],
        cwd=PACKAGE,
        env={**os.environ, **ENVIRONMENT, **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        # A server that does not come up ends its stdout, or the test's own bound ends it.
        found = re.match(r"listening on (\S+?)/?\n", process.stdout.readline())
        assert found, "the server did not come up; its stderr says why"
        yield found[1]
    finally:
        process.terminate()
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()


def converse(server: str, *command: str | Path) -> None:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT,
        cwd=HOSTS,
        env={**os.environ, "DOOR_URL": server, "DOOR_KEY": KEY},
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]


@pytest.mark.parametrize("script", ["openai_sdk.py", "litellm_client.py"])
def test_python_clients(server: str, script: str) -> None:
    converse(server, python(HOSTS / "requirements.txt"), HOSTS / script)


def test_the_ai_sdk(server: str) -> None:
    npm(HOSTS)
    converse(server, "node", HOSTS / "ai_sdk.mjs")
