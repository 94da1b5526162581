"""What fits a machine, and what `doctor` says about this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.doctor import findings, fit
from sidecar.memory import DEFAULT_LIMIT
from sidecar.models import backend

GIB = 2**30


@pytest.mark.parametrize(
    ("gibibytes", "own", "on_cpu", "expected"),
    [
        (16, False, False, "16 GB: 0.6B bf16 or 1.7B 4-bit."),
        (8, False, False, "8 GB: 0.6B 4-bit, with little else running."),
        (32, False, False, "32 GB: 1.7B bf16 or 0.6B bf16."),
        (4, True, False, "4 GB: 0.6B bf16 or 1.7B 4-bit."),
        (2, False, False, "2 GB: too little for Qwen3-TTS; the bundled voice speaks."),
        (24, False, True, "24 GB: 0.6B bf16."),
    ],
)
def test_advice(gibibytes: int, own: bool, on_cpu: bool, expected: str) -> None:
    memory = gibibytes * GIB
    rows = fit.sizes(memory, DEFAULT_LIMIT.of(memory), own=own, on_cpu=on_cpu)
    assert fit.advice(rows, memory, on_cpu=on_cpu) == expected


@given(st.integers(1, 512), st.integers(0, 512), st.booleans(), st.booleans())
def test_more_memory_never_fits_less(memory: int, more: int, own: bool, on_cpu: bool) -> None:
    order = ["no", "alone", "well"]

    def ranks(gibibytes: int) -> list[int]:
        machine = gibibytes * GIB
        rows = fit.sizes(machine, DEFAULT_LIMIT.of(machine), own=own, on_cpu=on_cpu)
        return [order.index(row.fit) for row in rows]

    for before, after in zip(ranks(memory), ranks(memory + more), strict=True):
        assert before <= after


@pytest.mark.parametrize("contained", [2**30, 2**60])
def test_a_container_has_what_it_may_use(monkeypatch: pytest.MonkeyPatch, contained: int) -> None:
    backend.prepare()
    for module in (findings, backend):
        monkeypatch.setattr(module, "physical_bytes", lambda: contained)
    monkeypatch.setattr(backend, "name", lambda: "cpu")
    found = findings.look(speak=False)
    machine = psutil.virtual_memory().total
    assert found.memory.total_bytes == min(machine, contained)
    assert 0 < found.memory.available_bytes <= found.memory.total_bytes
    assert found.memory.limit_bytes == DEFAULT_LIMIT.of(contained)
    if contained < machine:
        assert found.advice[0].startswith("1 GB: too little")


def doctor(home: Path, *args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sidecar", "doctor", *args],
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
    assert not (tmp_path / "hub").exists()  # it only looks


def test_what_is_needed_and_broken_is_an_exit_code(tmp_path: Path) -> None:
    (tmp_path / "mlx").mkdir()
    (tmp_path / "mlx" / "__init__.py").write_text("raise ImportError('no such driver')\n")
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = doctor(tmp_path, PYTHONPATH=path)
    assert done.returncode == 1
    assert "BROKEN: MLX cannot be used: no such driver" in done.stdout
    assert "Traceback" not in done.stderr
    assert "self-test" in done.stdout
