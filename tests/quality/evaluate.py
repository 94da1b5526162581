"""`python -m tests.quality.evaluate FOLDER`: how well a checkpoint speaks, beside its teacher.

It speaks the held-out sentences through the real process, with fixed seeds, and prints tables in
markdown. `--runaway 500` also tries random texts; `--sweep` compares temperatures.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from tests.quality.recogniser import SAMPLE_RATE, Recogniser, Samples
from tests.quality.runaway import check, random_texts
from tests.quality.scoring import Score, score, spoken_form
from tests.quality.speaking import speak_all, spoken_seconds, with_seeds
from tests.support.harness import Message, Sidecar, sidecar
from training.flite import VOICES, Flite
from training.heldout import held_out
from training.normaliser import normalise

_SWEPT_SENTENCES = 40
_SWEPT_TEMPERATURES = (0.3, 0.6, 0.9)
_TIMED_SENTENCES = 10


@dataclass(frozen=True)
class Reading:
    """One text, spoken by one voice.

    Attributes:
        seconds: of speech, without silence around it.
        ended: the finish reason, or the type of the error.
    """

    text: str
    transcript: str
    seconds: float
    ended: str

    @property
    def right(self) -> bool:
        return spoken_form(self.text) == spoken_form(self.transcript)


@dataclass(frozen=True)
class Figures:
    """One speaker's measurements; `teacher` is None where flite or such a voice is missing."""

    speaker: str
    readings: list[Reading]
    teacher: list[Reading] | None
    cost: float

    @property
    def durations(self) -> list[float]:
        """Return our duration ÷ the teacher's for each sentence."""
        return [
            ours.seconds / theirs.seconds
            for ours, theirs in zip(self.readings, self.teacher or self.readings, strict=True)
            if theirs.seconds
        ]


@cache
def recogniser() -> Recogniser:
    return Recogniser()


def rate(readings: Sequence[Reading]) -> Score:
    return score([r.text for r in readings], [r.transcript for r in readings])


def _reading(text: str, samples: Samples, ended: str) -> Reading:
    transcript = recogniser().transcribe(samples) if len(samples) else ""
    return Reading(text, transcript, spoken_seconds(samples, SAMPLE_RATE), ended)


def read(process: Sidecar, texts: Sequence[str], common: Message) -> list[Reading]:
    """Let the voice read the texts; return its readings."""
    spoken = speak_all(process, with_seeds(texts, common))
    return [_reading(one.text, one.samples, one.reason) for one in spoken]


def teacher(speaker: str, texts: Sequence[str]) -> list[Reading] | None:
    """Let the teacher read them, from the same normalised text as in training."""
    if speaker not in VOICES:
        return None
    try:
        voice = Flite(speaker)
    except OSError:
        return None
    readings = []
    for text in texts:
        samples, rate = voice.speak(normalise(text))
        heard = soxr.resample(samples.astype(np.float32) / 32768, rate, SAMPLE_RATE)
        readings.append(_reading(text, heard, "stop"))
    return readings


def cost(process: Sidecar, texts: Sequence[str], common: Message) -> float:
    """Return the median compute ÷ audio of one stream that has the machine to itself."""
    spoken = speak_all(process, with_seeds(texts, common), in_flight=1)
    return float(np.median([one.cost for one in spoken]))


def measure(process: Sidecar, speaker: str, texts: Sequence[str], common: Message) -> Figures:
    common = {**common, "voice": speaker}
    timed = cost(process, texts[:_TIMED_SENTENCES], common)
    return Figures(speaker, read(process, texts, common), teacher(speaker, texts), timed)


# --- tables --------------------------------------------------------------------------------------


def _row(*cells: object) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def _accuracy(readings: Sequence[Reading] | None) -> tuple[str, str, str]:
    if readings is None:
        return "not measured", "–", "–"
    wer, cer = rate(readings)
    right = sum(reading.right for reading in readings)
    return f"{wer:.1%}", f"{cer:.1%}", f"{right} of {len(readings)}"


def _table(figures: Sequence[Figures]) -> str:
    lines = [
        _row(
            "speaker", "WER", "CER", "word-perfect", "teacher's WER", "CER", "word-perfect",
            "duration ÷ teacher's: median (5–95 %)", "compute ÷ audio", "ended",
        ),
        _row(*["---"] * 10),
    ]  # fmt: skip
    for one in figures:
        low, middle, high = np.percentile(one.durations, (5, 50, 95))
        ratio = f"{middle:.2f} ({low:.2f}–{high:.2f})" if one.teacher else "not measured"
        ended = ", ".join(f"{n} {why}" for why, n in Counter(r.ended for r in one.readings).items())
        lines.append(
            _row(
                one.speaker,
                *_accuracy(one.readings),
                *_accuracy(one.teacher),
                ratio,
                f"{one.cost:.2f}",
                ended,
            )
        )
    return "\n".join(lines)


def wrong_ones(readings: Sequence[Reading]) -> str:
    """Return the sentences that were not heard as written."""
    return "\n".join(
        f"- {reading.text}\n  → {reading.transcript or '(nothing)'}"
        for reading in readings
        if not reading.right
    )


def _json(figures: Sequence[Figures]) -> list[dict[str, Any]]:
    return [
        {
            **asdict(one),
            "score": rate(one.readings)._asdict(),
            "teacherScore": rate(one.teacher)._asdict() if one.teacher else None,
        }
        for one in figures
    ]


def sweep(process: Sidecar, speakers: Sequence[str], common: Message) -> None:
    """Print the WER over temperatures: of the first codebook, down, and of the others, across."""
    texts = held_out(_SWEPT_SENTENCES)
    print(_row("temperature", *(f"others {t}" for t in _SWEPT_TEMPERATURES)))
    print(_row(*["---"] * (1 + len(_SWEPT_TEMPERATURES))))
    for first in _SWEPT_TEMPERATURES:
        cells = [f"{first}"]
        for others in _SWEPT_TEMPERATURES:
            sampling = _merged(common.get("sampling", {}), first, others)
            readings = [
                reading
                for speaker in speakers
                for reading in read(
                    process, texts, {**common, "voice": speaker, "sampling": sampling}
                )
            ]
            cells.append(f"{rate(readings).wer:.1%}")
        print(_row(*cells), flush=True)


# --- the command line ----------------------------------------------------------------------------


def _merged(sampling: Message, first: float | None, others: float | None) -> Message:
    subtalker = {**sampling.get("subtalker", {}), "temperature": others}
    return {**sampling, "temperature": first, "subtalker": subtalker}


def _common(args: argparse.Namespace) -> Message:
    """Return the params of every request; None stands for the checkpoint's own default."""
    sampling = {
        "temperature": args.temperature,
        "topK": args.top_k,
        "subtalker": {"temperature": args.subtalker_temperature, "topK": args.subtalker_top_k},
    }
    return {
        "model": str(args.checkpoint.resolve()),
        "textMode": args.text_mode,
        "sampling": sampling,
        "seed": args.seed,
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.quality.evaluate", description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--speakers", nargs="+", help="default: all that the checkpoint has")
    parser.add_argument("--sentences", type=int, default=100, help="of training/heldout.txt")
    parser.add_argument("--runaway", type=int, default=0, metavar="N", help="try N random texts")
    parser.add_argument("--sweep", action="store_true", help="compare temperatures, nothing else")
    parser.add_argument("--text-mode", choices=["full", "stream"], default="full")
    parser.add_argument("--temperature", type=float)
    parser.add_argument("--top-k", type=int)
    parser.add_argument("--subtalker-temperature", type=float)
    parser.add_argument("--subtalker-top-k", type=int)
    parser.add_argument("--seed", type=int, default=0, help="of the first text; they count up")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write every reading there")
    return parser.parse_args()


def main() -> None:
    args = _arguments()
    common = _common(args)
    with sidecar() as process:
        voices = process.call("model/load", {"model": common["model"]})["voices"]
        speakers = args.speakers or voices
        if args.sweep:
            sweep(process, speakers, common)
            return
        texts = held_out(args.sentences)
        figures = [measure(process, speaker, texts, common) for speaker in speakers]
        print(_table(figures))
        for one in figures:
            print(f"\nNot heard as written, {one.speaker}:\n{wrong_ones(one.readings)}")
        if args.json:
            args.json.write_text(json.dumps(_json(figures), indent=1))
        if args.runaway:
            texts = random_texts(args.runaway)
            print(f"\n{check(process, texts, speakers, common)}")


if __name__ == "__main__":
    main()
