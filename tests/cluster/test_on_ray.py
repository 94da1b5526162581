"""All tests of the cluster that need Ray: one file, so that one worker of pytest has them all, and
Ray is started once. They are in the modules that are imported here.

They run with the bundled voice, real sockets, and a network of their own where that can be made.
"""

from __future__ import annotations

import pytest

_PARTS = ("speech", "faults", "scaling", "door", "memory")
pytest.register_assert_rewrite(*(f"tests.cluster.on_ray_{part}" for part in _PARTS))

from tests.cluster.on_ray_door import *  # noqa: E402, F403
from tests.cluster.on_ray_faults import *  # noqa: E402, F403
from tests.cluster.on_ray_memory import *  # noqa: E402, F403
from tests.cluster.on_ray_scaling import *  # noqa: E402, F403
from tests.cluster.on_ray_speech import *  # noqa: E402, F403
from tests.cluster.running import IS_LONG  # noqa: E402

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(3600 if IS_LONG else 900)]
