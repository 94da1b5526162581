"""The models that fit a machine, and the output of `doctor` for this one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
import tomllib
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.cli.doctor import fit, report, surroundings, text
from sidecar.memory import DEFAULT_LIMIT
from sidecar.models import backend
from sidecar.models.inventory import Entry
from sidecar.models.known import KNOWN
from tests.support.command import COMMAND
from tests.support.hub_server import hub_server

GIB = 2**30
CATALOGUE = [Entry(alias, "known", known.repo, known) for alias, known in KNOWN.items()]


@pytest.mark.parametrize(
    ("gibibytes", "own", "on_cpu", "expected"),
    [
        (16, False, False, "On this machine, use 0.6B bf16 or 1.7B 4-bit."),
        (8, False, False, "On this machine, use 0.6B 4-bit, with few other programs running."),
        (32, False, False, "On this machine, use 1.7B bf16 or 0.6B bf16."),
        (4, True, False, "On this machine, use 0.6B bf16 or 1.7B 4-bit."),
        (2, False, False, "This machine has too little memory for Qwen3-TTS; the bundled voice"),
        (24, False, True, "On this machine, use 0.6B bf16."),
    ],
)
def test_advice(gibibytes: int, own: bool, on_cpu: bool, expected: str) -> None:
    memory = gibibytes * GIB
    rows = fit.sizes(CATALOGUE, memory, DEFAULT_LIMIT.of(memory), own=own, on_cpu=on_cpu)
    assert fit.advice(rows, on_cpu=on_cpu).startswith(expected)
    assert [row.need_bytes for row in rows] == sorted(row.need_bytes for row in rows)


@given(st.integers(1, 512), st.integers(0, 512), st.booleans(), st.booleans())
def test_more_memory_never_fits_less(memory: int, more: int, own: bool, on_cpu: bool) -> None:
    order = ["no", "alone", "well"]

    def ranks(gibibytes: int) -> list[int]:
        machine = gibibytes * GIB
        rows = fit.sizes(CATALOGUE, machine, DEFAULT_LIMIT.of(machine), own=own, on_cpu=on_cpu)
        return [order.index(row.fit) for row in rows]

    for before, after in zip(ranks(memory), ranks(memory + more), strict=True):
        assert before <= after


@pytest.mark.parametrize("contained", [2**30, 2**60])
def test_a_container_has_what_it_may_use(monkeypatch: pytest.MonkeyPatch, contained: int) -> None:
    backend.prepare()
    for module in (report, backend):
        monkeypatch.setattr(module, "physical_bytes", lambda: contained)
    monkeypatch.setattr(backend, "name", lambda: "cpu")
    found = report.collect(speak=False, network=False)
    machine = psutil.virtual_memory().total
    memory = found["memory"]
    assert memory["totalBytes"] == min(machine, contained)
    assert 0 < memory["availableBytes"] <= memory["totalBytes"]
    assert memory["limitBytes"] == DEFAULT_LIMIT.of(contained)
    if contained < machine:
        assert found["advice"][0].startswith("This machine has too little")


def doctor(home: Path, *args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "doctor", *args],
        env={**os.environ, "HF_HUB_CACHE": str(home / "hub"), **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_it_speaks_and_says_how_fast_for_programs(tmp_path: Path) -> None:
    done = doctor(tmp_path, "--json", "--offline")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    test = found["selfTest"]
    assert test["outcome"] in ("spoke", "slow")  # slow is a finding, and no fault
    assert 0 < test["firstAudioMs"] < 5000
    assert test["realTimeFactor"] > 0
    assert found["broken"] == []
    assert found["cache"] == {
        "path": str(tmp_path / "hub"),
        "writable": True,
        "freeBytes": found["cache"]["freeBytes"],
        "models": [],
        "offline": True,
    }
    assert found["memory"]["totalBytes"] >= found["memory"]["availableBytes"] > 0
    assert len(found["sizes"]) == 8
    assert found["hub"] == {"host": found["hub"]["host"]}  # not asked
    assert [extra["name"] for extra in found["extras"]] == [*surroundings.EXTRAS]
    assert not (tmp_path / "hub").exists()  # it only looks


def test_what_is_needed_and_broken_is_an_exit_code(tmp_path: Path) -> None:
    (tmp_path / "mlx").mkdir()
    (tmp_path / "mlx" / "__init__.py").write_text("raise ImportError('no such driver')\n")
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = doctor(tmp_path, "--offline", PYTHONPATH=path)
    assert done.returncode == 1
    assert "BROKEN: MLX does not work: no such driver" in done.stdout
    assert "Traceback" not in done.stderr
    assert "self-test" in done.stdout


PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
NOT_FOR_USERS = {"cpu", "cuda12", "cuda13", "bench", "dev", "docs", "quality"}
# Distribution → its module, where the two names differ.
MODULES = {"phonemizer-fork": "phonemizer", "espeakng-loader": "espeakng_loader"}


def test_every_extra_is_looked_for_by_what_it_installs() -> None:
    project = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    expected = {
        name: [re.split(r"[^\w-]", requirement)[0] for requirement in requirements]
        for name, requirements in extras.items()
        if name not in NOT_FOR_USERS
    }
    assert {
        name: sorted(MODULES.get(one, one) for one in distributions)
        for name, distributions in expected.items()
    } == {name: sorted(modules) for name, modules in surroundings.EXTRAS.items()}


def test_a_hub_that_answers_is_reachable(tmp_path: Path) -> None:
    with hub_server() as hub:
        environment = hub.environment(tmp_path) | {"HF_TOKEN": "hf_secret"}
        found = json.loads(doctor(tmp_path, "--json", "--no-test", **environment).stdout)
    assert found["hub"]["reachable"] is True
    assert found["hub"]["answerMs"] > 0
    assert "problem" not in found["hub"]
    assert len(hub.requests) == 1
    assert hub.tokens == set()


def test_a_hub_that_is_gone_is_said_and_breaks_nothing(tmp_path: Path) -> None:
    nobody = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_OFFLINE": "0"}
    done = doctor(tmp_path, "--no-test", **nobody)
    assert done.returncode == 0, done.stdout
    assert "127.0.0.1:9 cannot be reached: " in done.stdout
    assert "advice: 127.0.0.1:9 cannot be reached" in done.stdout


def test_a_silent_hub_is_waited_for_no_longer_than_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(surroundings, "_ask", lambda *_: threading.Event().wait(60))
    monkeypatch.setattr(surroundings.client, "is_offline", lambda: False)
    found = surroundings.hub(ask=True, seconds=0.1)
    assert (found["reachable"], found["problem"]) == (False, "no answer within 0.1 s")


SOUND = """
class PortAudioError(Exception):
    pass

def query_devices(kind):
    {}
"""


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (SOUND.format("return {'name': 'A loudspeaker'}"), "A loudspeaker"),
        (SOUND.format("raise PortAudioError(-1)"), "PortAudio finds no output device"),
        ("raise OSError('PortAudio library not found')", "PortAudio library not found; install"),
    ],
    ids=["one", "none", "no library"],
)
def test_what_play_would_play_on_is_said(tmp_path: Path, module: str, expected: str) -> None:
    (tmp_path / "sounddevice.py").write_text(module)
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = doctor(tmp_path, "--no-test", "--offline", PYTHONPATH=path)
    (row,) = (line for line in done.stdout.splitlines() if line.startswith("sound output"))
    assert expected in row
    assert done.stdout.count(expected) == (1 if expected == "A loudspeaker" else 2)
    assert done.returncode == 0


def test_an_extra_that_is_not_installed_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nowhere = dict.fromkeys(surroundings.EXTRAS, ("no_such_module",))
    monkeypatch.setattr(surroundings, "EXTRAS", nowhere)
    found = report.collect(speak=False, network=False)
    assert {extra["installed"] for extra in found["extras"]} == {False}
    said = text.as_text(found)
    for name in nowhere:
        assert "(no no_such_module): run pip install no_such_module" in said
        assert re.search(rf"{name}\b.*not installed", said)
