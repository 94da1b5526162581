"""Markdown tables, and the units in them."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def failures(result: Mapping[str, Any]) -> str:
    """Return a line for each engine that has no row."""
    failed: dict[str, str] = result.get("failed", {})
    lines = [f"- *{engine}* failed: {reason}" for engine, reason in failed.items()]
    return "\n\n" + "\n".join(lines) if lines else ""


def medians(answers: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Key by key, over the runs."""
    return {key: statistics.median(answer[key] for answer in answers) for key in answers[0]}


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def mb(size: float) -> str:
    return f"{size / 1e6:.0f} MB"


def ratio(value: float, base: float | None) -> str:
    return f"{value / base:.1f}" if base else "—"
