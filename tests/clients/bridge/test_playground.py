"""The command `playground`: who gets its page, who may connect, and how it ends."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from tests.clients.bridge.running import Client
from tests.support.harness import ROOT, TIMEOUT

COMMAND = (sys.executable, "-P", "-m", "sidecar", "playground", "--no-open")


def start(*words: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *words],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class Playground:
    """A playground that listens; `token` is what its address has after the #."""

    def __init__(self, file: Path) -> None:
        self.process = start("--port", "0", "--token-file", str(file))
        assert self.process.stdout
        line = self.process.stdout.readline()
        found = re.fullmatch(r"http://(127\.0\.0\.1:(\d+))/#([\w-]{43})\n", line)
        assert found, line
        self.host, self.port, self.token = found[1], int(found[2]), found[3]

    def get(self, path: str = "/", **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        connection.request("GET", path, headers={"Host": self.host, **headers})
        return connection.getresponse()

    def end(self, number: int) -> tuple[int, str]:
        """End it by a signal; return the exit code and what it wrote to stderr."""
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=TIMEOUT)
        return self.process.returncode, errors


@pytest.fixture(scope="module")
def playground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playground]:
    running = Playground(tmp_path_factory.mktemp("playground") / "token")
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.communicate(timeout=TIMEOUT)


def test_the_page_may_do_nothing_but_use_its_own_server(playground: Playground) -> None:
    answer = playground.get()
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert policy[:3] == ["default-src 'none'", "script-src 'self'", "style-src 'self'"]
    assert f"connect-src 'self' ws://{playground.host}" in policy
    assert {"frame-ancestors 'none'", "require-trusted-types-for 'script'"} <= set(policy)
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    page = answer.read().decode()
    assert playground.token not in page
    for name in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert playground.get(f"/{name}").status == 200, name


@pytest.mark.parametrize("path", ["/../cli/main.py", "/token", "//", "/index.html/", "/%2e%2e/"])
def test_nothing_else_can_be_had(playground: Playground, path: str) -> None:
    assert playground.get(path).status == 404


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", ""])
def test_another_name_of_this_machine_gets_nothing(playground: Playground, host: str) -> None:
    """A page from elsewhere can give its own name the address 127.0.0.1."""
    answer = playground.get(Host=host.format(port=playground.port))
    assert answer.status == 421
    assert b"<" not in answer.read()


def test_the_page_itself_may_connect_with_the_token(playground: Playground) -> None:
    address = f"ws://{playground.host}"
    own = f"http://{playground.host}"
    with Client(address, token=playground.token, origin=own) as client:
        assert client.call("ping")["uptimeMs"] > 0
    for token, origin, status in (
        ("wrong", own, 401),
        (playground.token, "http://evil.example", 403),
        (playground.token, f"https://{playground.host}", 403),
        (playground.token, "http://localhost:1", 403),
    ):
        with pytest.raises(InvalidStatus) as refused:
            Client(address, token=token, origin=origin)
        assert refused.value.response.status_code == status


def test_a_port_that_is_named_and_in_use_is_an_error(playground: Playground) -> None:
    other = start("--port", str(playground.port))
    out, errors = other.communicate(timeout=TIMEOUT)
    assert (other.returncode, out) == (1, "")
    assert errors.startswith(f"error: Port {playground.port} is in use.\nhint: ")


def test_it_ends_by_ctrl_c_and_has_told_nobody_the_token(playground: Playground) -> None:
    code, errors = playground.end(signal.SIGINT)
    assert code == 130
    assert playground.token not in errors
    assert "Traceback" not in errors


def test_a_token_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("two words\n")
    process = start("--token-file", str(tmp_path / "token"))
    out, errors = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, out) == (1, "")
    assert errors.lower().startswith("error: the token in ")
    assert "two words" not in errors
