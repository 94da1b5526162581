"""Ray and Serve on one machine, all of it on the loopback where Ray can.

Ray's replicas listen on every interface all the same, without an option for it: run it in a network
namespace or behind a firewall. `qwen-tts-cluster doctor` lists what can be reached.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qwen_tts_cluster.errors import SettingsError
from qwen_tts_cluster.settings import Settings

# What Ray keeps between its processes: answers go straight to the clients, so next to nothing.
_OBJECT_STORE_BYTES = 80 * 1024 * 1024


@dataclass(frozen=True)
class Machine:
    """How Ray runs on this machine.

    Attributes:
        folder: for Ray's sockets, logs and spilled objects; it is emptied at the start and removed
            at the end. Ray needs a path of less than some 60 characters.
        host: the address of Serve's HTTP server.
        port: its port.
        cpus: how many CPUs there are for replicas, as Ray counts them.
        gpus: likewise; None counts those of the machine.
    """

    folder: Path
    host: str = "127.0.0.1"
    port: int = 8000
    cpus: int | None = None
    gpus: int | None = None


def environment(machine: Machine) -> Mapping[str, str]:
    """Return the variables that Ray reads when it is imported.

    Its token is made, readable by its owner only: whoever has it can run code on the machine.
    """
    token = machine.folder / "token"
    return {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token),
        # On Linux, Ray takes the address of the first interface in place of the loopback's, unless
        # it is told to behave as on macOS.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        # Ray would have its workers, and with them each sidecar, give way to all other programs.
        "RAY_worker_niceness": "0",
        # How soon the policy sees what the replicas count, in seconds; Ray's default is 10.
        "RAY_SERVE_REPLICA_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "1",
        "RAY_SERVE_HANDLE_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "1",
    }


def start(machine: Machine, applications: Mapping[str, Settings]) -> None:
    """Start Ray, Serve, and the applications, and wait until they answer.

    Args:
        applications: by the path that they are served under, such as `/`.

    Raises:
        SettingsError: Ray was imported before, so it has read other variables.
    """
    if "ray" in sys.modules:
        raise SettingsError("Ray is imported already: start it before anything imports it.")
    prepare(machine.folder)
    os.environ.update(environment(machine))
    import ray
    from ray import serve

    from qwen_tts_cluster.app import bind

    more: dict[str, Any] = {"_node_ip_address": "127.0.0.1"}
    ray.init(
        num_cpus=machine.cpus,
        num_gpus=machine.gpus,
        include_dashboard=False,
        object_store_memory=_OBJECT_STORE_BYTES,
        _temp_dir=str(machine.folder),
        log_to_driver=False,
        **more,
    )
    serve.start(http_options={"host": machine.host, "port": machine.port})
    for prefix, settings in applications.items():
        serve.run(bind(settings), name=settings.name, route_prefix=prefix)


def stop(machine: Machine) -> None:
    """End the applications, Serve and Ray, and remove what they have written."""
    import ray
    from ray import serve

    serve.shutdown()
    ray.shutdown()
    shutil.rmtree(machine.folder, ignore_errors=True)


def prepare(folder: Path) -> None:
    """Make an empty folder for Ray, with a token in it.

    What a session before has left may hold audio that was spilled to the disk.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    token = folder / "token"
    token.touch(mode=0o600)
    token.write_text(secrets.token_hex(32))
