from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.internal.conjecture import providers

from sidecar.models import backend
from tests.support.harness import ROOT, Sidecar, sidecar
from tests.support.installing import untested

# A process ignores what its parent ignores, and the tests may have been started by `nohup`.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# On CUDA, products of float32 have ten bits otherwise, too few for the official codes.
os.environ.setdefault("MLX_ENABLE_TF32", "0")
# Before any test imports MLX: without OpenBLAS under it the suite takes several times as long.
backend.prepare()

# Where this is set, as in many images of containers, each of the several hundred processes that the
# tests start would compile all modules again: a tenth of a second of processor time for each.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# With this package, which is for addresses in other alphabets, importing jsonschema takes two
# seconds of processor time, ten times as long as without. No schema here has such a format.
sys.modules["rfc3987_syntax"] = None  # pyright: ignore[reportArgumentType]

# The same examples on every run; no deadline, since the machine may be busy.
settings.register_profile("fixed", derandomize=True, deadline=None, print_blob=False)
settings.load_profile("fixed")
# The examples must not depend on the modules that other tests of the same worker have imported, but
# Hypothesis also draws constants from them, and has no setting for that; these are its empty ones.
_no_constants = providers._local_constants  # pyright: ignore[reportPrivateUsage]
assert callable(providers._get_local_constants)  # pyright: ignore[reportPrivateUsage]
providers._get_local_constants = lambda: _no_constants

# The golden folder is named by the variable, made by `make goldens`, or lies beside the checkout.
_FETCHED = ROOT / "build" / "golden"
_GOLDEN = _FETCHED if _FETCHED.is_dir() else ROOT.parent / "shared" / "golden"
GOLDEN = Path(os.environ.get("QWEN_TTS_GOLDEN", _GOLDEN))

# Of `make test-hosts`. Those that wait for the bundle of test_bundle.py are not beside it.
_LONG = (
    "test_on_ray.py",
    "test_bundle.py",
    "test_wheel.py",
    "test_typescript.py",
    "test_client_wheel.py",
    "test_kokoro.py",
    "test_npm.py",
    "test_interpreter.py",
)


@pytest.fixture(scope="module", autouse=True)
def data_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Set a data folder for each test file; saved voices reach neither the user's folder nor the
    next file's (on Linux; macOS has no such variable)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(scope="module")
def server() -> Iterator[Sidecar]:
    """Yield a process shared by the tests of one file; they leave nothing running in it."""
    with sidecar() as process:
        yield process


@pytest.fixture(scope="session")
def golden() -> Path:
    """Return the folder of the official model's outputs, or skip the test."""
    if not GOLDEN.is_dir():
        message = f"no golden references in {GOLDEN}; `make goldens` gets them"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return GOLDEN


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out files without a test for `-m hosts`: importing all costs each worker seconds."""
    if config.option.markexpr != "hosts" or not collection_path.name.startswith("test_"):
        return None
    is_among = collection_path.is_dir() or "mark.hosts" in collection_path.read_text("utf-8")
    return None if is_among else True


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin `-m hosts` with the files that take minutes, so that all workers end together."""
    if config.option.markexpr == "hosts":
        rank = {name: at for at, name in enumerate(_LONG)}
        items.sort(key=lambda item: rank.get(item.path.name, len(rank)))


def pytest_collection_finish() -> None:
    """Keep the thousands of collected tests out of every collection of garbage."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send a worker's list of what was not tested to the process that prints it."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["untested"] = untested


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_testnodedown(node: Any) -> None:
    # A worker that crashed has sent nothing.
    untested.extend(getattr(node, "workeroutput", {}).get("untested", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if untested:
        terminalreporter.section("NOT tested, for want of what they need", sep="!", yellow=True)
        for reason in dict.fromkeys(untested):
            terminalreporter.line(reason)
