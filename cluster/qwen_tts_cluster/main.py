"""The command `qwen-tts-cluster`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path

import msgspec

from qwen_tts_cluster import doctor, start
from qwen_tts_cluster.errors import SettingsError
from qwen_tts_cluster.settings import read_settings_file
from qwen_tts_cluster.version import VERSION


def main(arguments: list[str] | None = None) -> int:
    """Run the command, and return its exit code: 1 for a fault that was found, 2 for a mistake."""
    options = _parser().parse_args(arguments)
    try:
        return _doctor(options) if options.command == "doctor" else _run(options)
    except SettingsError as error:
        print(f"qwen-tts-cluster: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="qwen-tts-cluster", description="Speech from several machines and GPUs, by Ray Serve."
    )
    parser.add_argument("--version", action="version", version=f"qwen-tts-cluster {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True)

    examined = commands.add_parser(
        "doctor",
        help="say what is wrong on this machine: settings, Ray's token, ports that others reach",
        description="Says what is wrong on this machine. Nothing is started or changed. The exit "
        "code is 1 if there is a fault.",
    )
    examined.add_argument("--settings", type=Path, metavar="FILE", help="settings to check")
    examined.add_argument(
        "--folder", type=Path, help="Ray's folder for temporary files (default: Ray's own)"
    )
    examined.add_argument("--json", action="store_true", help="write JSON")

    served = commands.add_parser(
        "run",
        help="start Ray and one application on this machine, on the loopback",
        description="Starts Ray and one application on this machine, and ends them at SIGINT or "
        "SIGTERM. Ray's replicas listen on every interface all the same: run it behind a firewall, "
        "or in a network namespace.",
    )
    served.add_argument("settings", type=Path, metavar="FILE", help="the settings, YAML or JSON")
    served.add_argument(
        "--host", default="127.0.0.1", help="address of HTTP (default: %(default)s)"
    )
    served.add_argument("--port", type=int, default=8000, help="its port (default: %(default)s)")
    served.add_argument(
        "--folder",
        type=Path,
        help="for Ray's temporary files: a new one, which is removed at the end (default: one in "
        "the system's folder for them)",
    )
    return parser


def _doctor(options: argparse.Namespace) -> int:
    findings = doctor.examine(os.environ, options.settings, options.folder)
    print(msgspec.json.encode(findings).decode() if options.json else doctor.render(findings))
    return int(any(finding.level is doctor.Level.FAULT for finding in findings))


def _run(options: argparse.Namespace) -> int:
    settings = read_settings_file(options.settings)
    folder: Path | None = options.folder
    if folder is not None and folder.exists():
        raise SettingsError(f"--folder {folder} exists; its content would be removed.")
    # Ray needs a short path.
    chosen = folder or Path(tempfile.mkdtemp(prefix="qtc"))
    machine = start.Machine(chosen, host=options.host, port=options.port)
    ended = threading.Event()
    try:
        start.start(machine, {"/": settings})
        # Only now, since Ray sets a handler of its own, which ends the process at once.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: ended.set())
        print(f"Listening on http://{options.host}:{options.port}/", flush=True)
        ended.wait()
    finally:
        start.stop(machine)
    return 0


if __name__ == "__main__":
    sys.exit(main())
