"""The tests' own client of the process: what it says where the process is gone."""

from __future__ import annotations

import pytest

from tests.support.harness import ProcessEndedError, sidecar


def test_a_request_to_a_process_that_has_ended_says_how_it_ended() -> None:
    command = ["/bin/sh", "-c", "echo This is why. >&2; exit 3"]
    with sidecar(command=command, initialize=False) as process:
        process.process.wait(60)
        with pytest.raises(ProcessEndedError, match=r"ended with exit code 3 [\s\S]*This is why\."):
            process.request("model/list", {})
