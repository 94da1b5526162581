"""The report as text for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sidecar.installation import to_install
from sidecar.memory import format_bytes

_FIT = {"well": "yes", "alone": "with few other programs running", "no": "no"}


def as_text(report: dict[str, Any]) -> str:
    """Return a table of facts, a table of models, and what to do."""
    rows = list(_facts(report))
    width = max(len(name) for name, _ in rows)
    lines = [f"{name:<{width}}  {value}" for name, value in rows]
    lines += ["", "model       memory   fits (memory to speak one stream with the largest variant)"]
    lines += [
        f"{row.name:<10}  {format_bytes(row.need_bytes):>7}  {_FIT[row.fit]}"
        for row in report["sizes"]
    ]
    lines += ["", *(f"advice: {line}" for line in report["advice"])]
    lines += [f"BROKEN: {line}" for line in report["broken"]]
    return "\n".join(lines)


def _facts(report: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "qwen-tts-sidecar", report["version"]
    yield "platform", report["platform"]
    yield "python", report["python"]
    if bundle := report.get("bundle"):
        yield "bundle", f"{bundle['platform']}, in {bundle['path']}"
    for name, version in report["packages"].items():
        yield name, version or "not installed"
    yield "backend", report.get("backend", "none")
    if kernels := report.get("frameKernels"):
        yield "frame kernels", kernels
    yield "BLAS", report.get("blas", "MLX's own reference BLAS")
    memory = report["memory"]
    available = format_bytes(memory["availableBytes"])
    yield "memory", f"{format_bytes(memory['totalBytes'])}, {available} available"
    if own := memory.get("deviceBytes"):
        yield "GPU memory", format_bytes(own)
    if limit := memory.get("limitBytes"):
        yield "for models", f"{format_bytes(limit)}, unless --memory-limit is given"
    yield from _cache(report["cache"])
    if exported := report["exported"]:
        yield "exported models", ", ".join(_exported(one) for one in exported)
    yield "hub", _hub(report["hub"])
    for extra in report["extras"]:
        yield f"extra {extra['name']}", _extra(extra)
    sound = report["sound"] or {"problem": "not checked: the extra play is not installed"}
    yield "sound output", sound.get("device") or sound["problem"]
    yield "bundled voice", report["bundled"]
    yield "self-test", _self_test(report.get("selfTest"))


def _cache(cache: dict[str, Any]) -> Iterator[tuple[str, str]]:
    offline = "; offline mode" if "offline" in cache else ""
    mirror = f"; from {cache['endpoint']}" if "endpoint" in cache else ""
    yield "hub cache", f"{cache['path']}, {format_bytes(cache['freeBytes'])} free{offline}{mirror}"
    models = [
        f"{one['model']} ({format_bytes(one['diskBytes'])}"
        f"{', incomplete' if 'missingFiles' in one else ''})"
        for one in cache["models"]
    ]
    yield "cached models", ", ".join(models) or "none"


def _exported(one: dict[str, Any]) -> str:
    return (
        f"{one['model']} (cannot be used)" if "fault" in one else f"{one['model']} in {one['path']}"
    )


def _hub(hub: dict[str, Any]) -> str:
    if "reachable" not in hub:
        return f"{hub['host']}, not checked"
    if hub["reachable"]:
        return f"{hub['host']} answers in {hub['answerMs']:.0f} ms"
    return f"{hub['host']} cannot be reached: {hub['problem']}"


def _extra(extra: dict[str, Any]) -> str:
    if extra["installed"]:
        return f"installed, for {extra['use']}"
    missing, packages = ", ".join(extra["missing"]), " ".join(extra["install"])
    return f"not installed, for {extra['use']} (no {missing}): {to_install(packages)}"


def _self_test(test: dict[str, Any] | None) -> str:
    if test is None:
        return "not run"
    if test["outcome"] == "failed":
        return f"failed: {test['error']}"
    parts = [f"loaded in {test['loadMs']:.0f} ms"]
    if "firstAudioMs" in test:
        parts.append(f"first audio after {test['firstAudioMs']:.0f} ms")
    if "realTimeFactor" in test:
        parts.append(f"real-time factor {test['realTimeFactor']:.2f}")
    return ("spoke: " if test["outcome"] == "spoke" else "too slow: ") + ", ".join(parts)
