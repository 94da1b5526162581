"""What `qwen-tts-cluster doctor` finds."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from qwen_tts_cluster import main
from qwen_tts_cluster.doctor import Level, examine, render
from qwen_tts_cluster.doctor.listeners import Listener

GOOD = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}


def found(environment: dict[str, str], **more: Any) -> dict[tuple[str, Level], str]:
    findings = examine(environment, **more)
    assert all(finding.text in render(findings) for finding in findings)
    return {(finding.topic, finding.level): finding.text for finding in findings}


def test_the_state_of_the_token(tmp_path: Path) -> None:
    token = tmp_path / "token"
    given = {**GOOD, "RAY_AUTH_TOKEN_PATH": str(token)}
    assert "none yet" in found(given)["token", Level.NOTE]
    token.write_text("s3cret" * 8)
    token.chmod(0o644)
    assert "chmod 600" in found(given)["token", Level.FAULT]
    token.chmod(0o600)
    assert ("token", Level.OK) in found(given)
    token.write_text("s3cret")
    assert "32" in found(given)["token", Level.FAULT]
    assert "s3cret" not in render(examine(given))
    assert ("token", Level.FAULT) in found({**given, "RAY_AUTH_MODE": "disabled"})
    assert "s3cret" not in render(examine({**GOOD, "RAY_AUTH_TOKEN": "s3cret"}))


def test_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    for content, level in [
        ("access: {isOpen: true}", Level.FAULT),
        ("nonesuch: 1", Level.FAULT),
        ("{", Level.FAULT),
        ("access: {keysFile: /no/such/file}", Level.FAULT),
        ("name: speech", Level.OK),
    ]:
        file.write_text(content)
        assert ("settings", level) in found(GOOD, settings=file), content
    assert ("settings", Level.FAULT) in found(GOOD, settings=tmp_path / "missing.yaml")


def test_what_was_spilled(tmp_path: Path) -> None:
    assert ("disk", Level.NOTE) not in found(GOOD, folder=tmp_path)
    spilled = tmp_path / "session_1" / "ray_spilled_objects_2"
    spilled.mkdir(parents=True)
    (spilled / "object").write_bytes(bytes(2_000_000))
    assert "2.0 MB" in found(GOOD, folder=tmp_path)["disk", Level.NOTE]


@contextmanager
def process_of_ray(host: str) -> Iterator[int]:
    """Run a process that calls itself a worker of Ray, and listens; yield its port."""
    listens = (
        "import socket, sys; s = socket.create_server((sys.argv[1], 0)); "
        "print(s.getsockname()[1], flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        ["ray::a worker", "-c", listens, host],
        executable=sys.executable,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        yield int(process.stdout.readline())
        process.stdin.close()


@pytest.mark.parametrize(("host", "is_fault"), [("127.0.0.1", False), ("0.0.0.0", True)])
def test_listeners_of_ray(host: str, is_fault: bool) -> None:
    with process_of_ray(host) as port, socket.create_server(("0.0.0.0", 0)) as another:
        other = another.getsockname()[1]
        faults = [f.text for f in examine(GOOD) if (f.topic, f.level) == ("ports", Level.FAULT)]
    named = [text for text in faults if text.endswith(f"{host} port {port}")]
    assert bool(named) == is_fault
    assert all(text.startswith("ray::a worker (process ") for text in named)
    assert not [text for text in faults if text.endswith(f" {other}")]


def test_addresses_of_the_loopback() -> None:
    addresses = [
        "127.0.0.1",
        "127.8.8.8",
        "::1",
        "::ffff:127.0.0.1",
        "::",
        "10.0.0.1",
        "fe80::1%lo",
    ]
    local = [Listener(address, 1, 1, "x").is_local for address in addresses]
    assert local == [True, True, True, True, False, False, False]


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("nonesuch: 1")
    assert main.main(["doctor", "--json", "--settings", str(file)]) == 1
    findings = json.loads(capsys.readouterr().out)
    assert {"topic", "level", "text"} == set(findings[0])
    assert main.main(["run", str(file)]) == 2
    assert "nonesuch" in capsys.readouterr().err
