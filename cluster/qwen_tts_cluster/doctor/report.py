"""All findings, for a person or as JSON."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from pathlib import Path

from qwen_tts_cluster.access import Keys
from qwen_tts_cluster.doctor import surroundings
from qwen_tts_cluster.doctor.finding import Finding, Level
from qwen_tts_cluster.doctor.listeners import find_listeners
from qwen_tts_cluster.errors import SettingsError
from qwen_tts_cluster.settings import read_settings_file


def examine(
    environment: Mapping[str, str], settings: Path | None = None, folder: Path | None = None
) -> list[Finding]:
    """Return the findings about this machine. Nothing is started or changed.

    Args:
        environment: the variables that Ray is started with.
        settings: a file of settings to check.
        folder: Ray's temporary folder; None is the one that it takes by itself.
    """
    findings = [
        Finding("versions", Level.OK, f"{name} {version}")
        for name, version in {
            **surroundings.versions(),
            "Python": platform.python_version(),
        }.items()
    ]
    findings += _settings(settings)
    findings += surroundings.examine_token(environment)
    notes = list(surroundings.unwanted_settings(environment))
    findings += [Finding("variables", Level.NOTE, text) for text in notes]
    findings += _disk(folder)
    return [*findings, *_listeners()]


def render(findings: list[Finding]) -> str:
    """Return the report as text."""
    width = max(len(finding.topic) for finding in findings)
    lines = [f"{f.level:<5}  {f.topic:<{width}}  {f.text}" for f in findings]
    return "\n".join(lines)


def _settings(file: Path | None) -> Iterator[Finding]:
    if file is None:
        yield Finding("settings", Level.NOTE, "none were named: --settings FILE checks them")
        return
    try:
        settings = read_settings_file(file)
        keys = Keys.read(settings.access)
    except SettingsError as error:
        yield Finding("settings", Level.FAULT, str(error))
        return
    yield Finding("settings", Level.OK, f"{file} is right")
    if keys.are_open:
        yield Finding("settings", Level.FAULT, "access.isOpen: anybody may ask, without a key")


def _disk(folder: Path | None) -> Iterator[Finding]:
    for spilled, size in surroundings.spilled_bytes(folder).items():
        text = f"Ray has written {size / 1e6:.1f} MB to {spilled}, which may be speech"
        yield Finding("disk", Level.NOTE, text)


def _listeners() -> Iterator[Finding]:
    listeners = find_listeners()
    outside = [listener for listener in listeners if not listener.is_local]
    local = len(listeners) - len(outside)
    yield Finding("ports", Level.OK, f"{local} listeners of Ray are on the loopback")
    for listener in outside:
        where = f"{listener.address} port {listener.port}"
        text = f"{listener.process} (process {listener.pid}) listens on {where}"
        yield Finding("ports", Level.FAULT, text)
