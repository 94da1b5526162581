"""Runs Ray and Serve in a network namespace of their own: in the environment of requirements.txt.

The first line of stdin is what to run; then each line is a request, answered by a line on stdout.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import socket
import struct
import sys
from pathlib import Path
from typing import Any

_NEW_NETWORK = 0x40000000  # CLONE_NEWNET
_SET_FLAGS, _UP = 0x8914, 0x1  # SIOCSIFFLAGS, IFF_UP


def isolate() -> bool:
    """Move to a new network that has a loopback only; return whether that was possible."""
    if ctypes.CDLL(None).unshare(_NEW_NETWORK) != 0:
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh14x", b"lo", _UP))
    return True


def main() -> None:
    """Start what the first line says, and answer until the end of stdin."""
    wanted: dict[str, Any] = json.loads(sys.stdin.readline())
    is_isolated = sys.platform == "linux" and isolate()
    # Ray's workers must not write to the pipe of this process.
    answers, sys.stdout = sys.stdout, sys.stderr

    from qwen_tts_cluster import start

    def answer(content: Any) -> None:
        answers.write(json.dumps(content) + "\n")
        answers.flush()

    answer({"isolated": is_isolated})
    machine = start.Machine(Path(wanted["folder"]), port=_free_port(), cpus=wanted["cpus"])
    start.start(machine, _settings(wanted["applications"]))
    from qwen_tts_cluster.app import bind
    from ray import serve

    answer({"port": machine.port})
    for line in sys.stdin:
        request: dict[str, Any] = json.loads(line)
        if "run" in request:
            for prefix, settings in _settings(request["run"]).items():
                serve.run(bind(settings), name=settings.name, route_prefix=prefix)
            answer({})
        elif "delete" in request:
            serve.delete(request["delete"])
            answer({})
        else:
            name = request["application"]
            deployments = serve.status().applications[name].deployments
            (deployment,) = deployments.values()
            answer(dict(deployment.replica_states))
    start.stop(machine)


def _settings(applications: dict[str, Any]) -> dict[str, Any]:
    from qwen_tts_cluster.settings import read_settings

    return {prefix: read_settings(given) for prefix, given in applications.items()}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


if __name__ == "__main__":
    main()
