"""`python -m bench.plot RUN.json PLOT.svg`: a run of the suite as a picture.

Bars for the first audio and compute ÷ audio of one stream, by engine, and the aggregate compute ÷
audio over the number of streams; a row of the three for each model.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench import engines

Rows = Mapping[str, Mapping[str, Any]]

_COLOURS = {
    engines.OURS: "#1b7f79",
    engines.MLX_AUDIO: "#b0b7bf",
    engines.MLX_AUDIO_TUNED: "#7d8790",
    engines.MLX_AUDIO_BATCH: "#d8a657",
    engines.FASTER: "#8f5f9e",
}


def draw(report: Mapping[str, Any], file: Path) -> None:
    """Write the picture; the file's suffix says which format.

    Raises:
        ValueError: the run has nothing that is drawn.
    """
    pyplot = _pyplot()
    models = [model for model in report["models"] if _drawable(model["results"])]
    if not models:
        raise ValueError("the run has neither first_audio nor streams")
    figure, axes = pyplot.subplots(
        len(models), 3, figsize=(12, 0.6 + 2.9 * len(models)), squeeze=False, layout="constrained"
    )
    for row, model in zip(axes, models, strict=True):
        single, streams = _single(model["results"]), _streams(model["results"])
        _bars(row[0], single, "first", 1000, "first audio, ms")
        _bars(row[1], single, "factor", 1, "compute ÷ audio, one stream")
        _curves(row[2], streams)
        row[0].set_ylabel(model["model"], fontsize=9)
    handles = [pyplot.Rectangle((0, 0), 1, 1, color=colour) for colour in _COLOURS.values()]
    figure.legend(handles, _COLOURS, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    figure.suptitle(_title(report["machine"]), fontsize=10)
    figure.savefig(file)


def _pyplot() -> Any:
    try:
        import matplotlib  # pyright: ignore[reportMissingImports]
    except ImportError:
        sys.exit("the plot needs matplotlib: python -m pip install matplotlib")
    matplotlib.use("Agg")
    # Text stays text, so that the file is small and can be searched.
    matplotlib.rcParams["svg.fonttype"] = "none"
    from matplotlib import pyplot  # pyright: ignore[reportMissingImports]

    return pyplot


def _drawable(results: Mapping[str, Any]) -> bool:
    return bool(_single(results) or _streams(results))


def _single(results: Mapping[str, Any]) -> Rows:
    """first, factor by engine: from first_audio, or from streams where there is one alone."""
    if "first_audio" in results:
        return results["first_audio"]["rows"]
    return {
        engine: {"first": counts["1"]["worst_first"], "factor": counts["1"]["aggregate"]}
        for engine, counts in _streams(results).items()
        if "1" in counts and engine != engines.MLX_AUDIO_BATCH
    }


def _streams(results: Mapping[str, Any]) -> Rows:
    return results.get("streams", {}).get("rows", {})


def _bars(axis: Any, rows: Rows, key: str, scale: float, title: str) -> None:
    values = [row[key] * scale for row in rows.values()]
    bars = axis.bar(range(len(values)), values, color=[_COLOURS[engine] for engine in rows])
    axis.bar_label(bars, fmt="%.0f" if scale > 1 else "%.3g", fontsize=9)
    axis.set_xticks([])
    axis.margins(y=0.15)
    _finish(axis, title)


def _curves(axis: Any, rows: Rows) -> None:
    for engine, counts in rows.items():
        numbers = [int(count) for count in counts]
        values = [row["aggregate"] for row in counts.values()]
        axis.plot(numbers, values, marker="o", color=_COLOURS[engine])
        axis.set_xticks(numbers)
    axis.set_ylim(bottom=0)
    _finish(axis, "compute ÷ audio in all, by number of streams")


def _finish(axis: Any, title: str) -> None:
    axis.set_title(title, fontsize=9)
    axis.spines[["top", "right"]].set_visible(False)


def _title(machine: Mapping[str, Any]) -> str:
    device = machine["cpu"] if machine["backend"] == "cpu" else machine["device"]
    return f"{device} · mlx {machine['versions']['mlx']} · {machine['date']} · less is better"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path, help="what `python -m bench --json` wrote")
    parser.add_argument("picture", type=Path)
    arguments = parser.parse_args()
    try:
        draw(json.loads(arguments.run.read_text("utf-8")), arguments.picture)
    except ValueError as error:
        sys.exit(f"{arguments.run}: {error}")


if __name__ == "__main__":
    main()
