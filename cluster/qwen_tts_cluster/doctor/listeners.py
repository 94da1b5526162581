"""The sockets on which Ray's processes listen."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import msgspec
import psutil

# Parts of the command lines of Ray's processes: its own programs, its workers and its agents.
_COMMANDS = ("/ray/core/src/ray/", "ray::", "/ray/dashboard/", "/ray/_private/", "/ray/_raylet")
# The library of every program that has called `ray.init`.
_LIBRARY = "_raylet.so"


class Listener(msgspec.Struct, frozen=True, order=True):
    """A port that accepts connections.

    Attributes:
        address: of the interface; `0.0.0.0` and `::` are all of them.
        process: the beginning of the command line, without arguments that may be secret.
    """

    address: str
    port: int
    pid: int
    process: str

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches it."""
        address = ipaddress.ip_address(self.address.split("%")[0])
        mapped = getattr(address, "ipv4_mapped", None)
        return (mapped or address).is_loopback


def find_listeners() -> list[Listener]:
    """Return the listeners of Ray's processes and of what they have started.

    Of the processes of other users, only root sees the sockets.
    """
    found: set[Listener] = set()
    for pid, address, port in _listening():
        try:
            process = psutil.Process(pid)
            if any(_is_ray(relative) for relative in [process, *process.parents()]):
                found.add(Listener(address, port, pid, _name(process)))
        except psutil.Error:  # It has ended, or is another user's.
            continue
    return sorted(found)


def _listening() -> Iterator[tuple[int, str, int]]:
    """Yield process, address and port of each listener."""
    try:
        sockets = [(socket.pid, socket) for socket in psutil.net_connections(kind="inet")]
    except psutil.AccessDenied:  # macOS shows each user only the own ones, process by process.
        sockets = [(pid, socket) for pid in psutil.pids() for socket in _sockets_of(pid)]
    for pid, socket in cast("list[tuple[int | None, Any]]", sockets):
        if pid is not None and socket.status == psutil.CONN_LISTEN:
            yield pid, socket.laddr.ip, socket.laddr.port


def _sockets_of(pid: int) -> list[Any]:
    try:
        return psutil.Process(pid).net_connections(kind="inet")
    except psutil.Error:
        return []


def _is_ray(process: psutil.Process) -> bool:
    command = " ".join(process.cmdline())
    return any(part in command for part in _COMMANDS) or _has_library(process.pid)


def _has_library(pid: int) -> bool:
    """Return whether a process has loaded Ray; on macOS, which does not say, False."""
    try:
        return _LIBRARY in Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return False


def _name(process: psutil.Process) -> str:
    words = process.cmdline()
    if words and words[0].startswith("ray::"):
        return words[0]
    return next((Path(w).name for w in words if any(c in w for c in _COMMANDS)), process.name())
