"""What a replica of Ray Serve costs: first audio, whole time and CPU of a speech, against pipes.

`python -m bench.cluster` has one sidecar on its pipes and another one behind `qwen-tts-cluster
run`, and lets them say the same sentences in turn, as `bench.bridge` does. It needs the variable
`QWEN_TTS_CLUSTER`: the Python of an environment with Ray, such as the one that the tests of the
cluster make, build/environments/cluster/bin/python.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from qwen_tts_client import connect

from bench import bridge, sidecars, suite
from bench.child import ROOT, ChildFailed
from bench.options import Options

TITLE = "The cluster's share"
_KEY = "of-the-benchmark"


def run(options: Options) -> dict[str, Any]:
    runs = options.run_count(full=10, quick=3)
    with (
        _cluster(options.model) as (address, processes),
        sidecars.running(options.model, options.seconds()) as pipes,
        connect(address, _KEY) as remote,
    ):
        replica = _named(processes, "ray::ServeReplica")
        [sidecar] = replica.children()
        servers = [_named(processes, "ray::ProxyActor").pid, replica.pid]
        return bridge.compare(pipes, remote, servers, sidecar.pid, runs, options.frames)


@contextmanager
def _cluster(model: str) -> Iterator[tuple[str, list[psutil.Process]]]:
    """Run a cluster with one replica; yield its address and its processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "sidecar", "--model", model]
    settings = {"backend": {"sidecar": {"command": command}}, "resources": {"cpus": 0.5}}
    paths = os.pathsep.join(str(ROOT / part) for part in ("cluster", "clients/python", ""))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "settings.json"
        file.write_text(json.dumps(settings))
        process = subprocess.Popen(
            [os.environ["QWEN_TTS_CLUSTER"], "-m", "qwen_tts_cluster.main", "run", str(file),
             "--port", str(port)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": paths, "QWEN_TTS_CLUSTER_KEY": _KEY},
            stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        try:
            assert process.stdout
            for line in process.stdout:
                if line.startswith("Listening on "):
                    break
            else:
                raise ChildFailed("the cluster did not start; its messages say why")
            yield f"ws://127.0.0.1:{port}", psutil.Process(process.pid).children(recursive=True)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def _named(processes: list[psutil.Process], name: str) -> psutil.Process:
    return next(one for one in processes if " ".join(one.cmdline()).startswith(name))


def report(result: dict[str, Any]) -> str:
    return bridge.report_ratios("cluster ÷ pipes", "Serve's proxy and the replica", result)


if __name__ == "__main__":
    suite.main(["cluster"])
