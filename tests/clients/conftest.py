from __future__ import annotations

import pytest

from tests.clients import package


@pytest.fixture(scope="session")
def typescript(testrun_uid: str) -> None:
    """Install and build the TypeScript package, whose folder is `package.PACKAGE`."""
    package.build(testrun_uid)
