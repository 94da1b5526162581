"""The findings for people, and for programs."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from sidecar.cli.doctor.findings import Findings
from sidecar.cli.doctor.selftest import SelfTest
from sidecar.cli.doctor.surroundings import Extra, Hub, Sound
from sidecar.memory import readable

_FIT = {"well": "yes", "alone": "with little else running", "no": "no"}


def as_json(findings: Findings) -> str:
    return msgspec.json.format(msgspec.json.encode(findings)).decode()


def as_text(findings: Findings) -> str:
    """A table of facts, one of models, and what to do."""
    rows = list(_facts(findings))
    width = max(len(name) for name, _ in rows)
    lines = [f"{name:<{width}}  {value}" for name, value in rows]
    lines += [
        "",
        "model       memory   fits (memory to speak one stream; Base, the largest variant)",
    ]
    lines += [
        f"{row.name:<10}  {readable(row.need_bytes):>7}  {_FIT[row.fit]}" for row in findings.sizes
    ]
    lines += ["", *(f"advice: {line}" for line in findings.advice)]
    lines += [f"BROKEN: {line}" for line in findings.broken]
    return "\n".join(lines)


def _facts(findings: Findings) -> Iterator[tuple[str, str]]:
    yield "qwen-tts-sidecar", findings.version
    yield "platform", findings.platform
    yield "python", findings.python
    for name, version in findings.packages.items():
        yield name, version or "not installed"
    yield "backend", findings.backend or "none"
    yield "BLAS", findings.blas or "the reference one, inside MLX"
    memory = findings.memory
    yield "memory", f"{readable(memory.total_bytes)}, {readable(memory.available_bytes)} available"
    if memory.device_bytes:
        yield "GPU memory", readable(memory.device_bytes)
    if memory.limit_bytes:
        yield "for models", f"{readable(memory.limit_bytes)}, unless --memory-limit says otherwise"
    where = findings.cache
    offline = "; offline mode" if where.offline else ""
    mirror = f"; from {where.endpoint}" if where.endpoint else ""
    yield "hub cache", f"{where.path}, {readable(where.free_bytes)} free{offline}{mirror}"
    cached = [
        f"{one.model} ({readable(one.disk_bytes)}{', incomplete' if one.missing_files else ''})"
        for one in where.models
    ]
    yield "cached models", ", ".join(cached) or "none"
    yield "hub", _hub(findings.hub)
    for extra in findings.extras:
        yield f"extra {extra.name}", _extra(extra)
    yield "sound output", _sound(findings.sound)
    yield "bundled voice", findings.bundled
    yield "self-test", _spoken(findings.self_test)


def _spoken(test: SelfTest | None) -> str:
    if test is None:
        return "not run"
    if test.outcome == "failed":
        return f"failed: {test.error}"
    parts = [f"loaded in {test.load_ms or 0:.0f} ms"]
    if test.first_audio_ms is not None:
        parts.append(f"first audio after {test.first_audio_ms:.0f} ms")
    if test.real_time_factor is not None:
        parts.append(f"real-time factor {test.real_time_factor:.2f}")
    return ("spoke: " if test.outcome == "spoke" else "too slow: ") + ", ".join(parts)


def _hub(hub: Hub) -> str:
    if hub.reachable is None:
        return f"{hub.host}, not asked"
    if hub.reachable:
        return f"{hub.host} answers in {hub.answer_ms or 0:.0f} ms"
    return f"{hub.host} cannot be reached: {hub.problem}"


def _extra(extra: Extra) -> str:
    if extra.installed:
        return f"installed, for {extra.use}"
    lacking = ", ".join(extra.missing)
    packages = " ".join(extra.install)
    return f"not installed, for {extra.use} (no {lacking}): pip install {packages}"


def _sound(sound: Sound) -> str:
    return sound.device or sound.problem or "not asked: the extra play is not installed"
