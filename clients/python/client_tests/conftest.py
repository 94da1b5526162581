from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from typing import cast

import pytest

from client_tests.support import COMMAND
from qwen_tts_client import Sidecar


def pytest_configure(config: pytest.Config) -> None:
    """Name the mark of tests that the repository runs apart, where each Python is tried."""
    config.addinivalue_line("markers", "hosts: repeats with several processes what others show")


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Yield the one event loop of all tests, so that they can share a sidecar."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield loop
    loop.run_until_complete(loop.shutdown_asyncgens())
    asyncio.set_event_loop(None)
    loop.close()


@pytest.fixture(scope="session")
def tts(
    loop: asyncio.AbstractEventLoop, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sidecar]:
    """Yield one sidecar for all tests that do not change its state."""
    # An empty folder, so that voices saved on this machine do not affect the tests.
    voices = str(tmp_path_factory.mktemp("voices"))
    tts = Sidecar(COMMAND, args=["--voices-dir", voices], restart=False)
    loop.run_until_complete(tts.start())
    yield tts
    loop.run_until_complete(tts.close())


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine function in the event loop."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    loop = cast(asyncio.AbstractEventLoop, pyfuncitem.funcargs["loop"])
    names = inspect.signature(pyfuncitem.obj).parameters
    loop.run_until_complete(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the event loop to each test that is a coroutine function."""
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            item.fixturenames.insert(0, "loop")
