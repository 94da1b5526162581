"""`python -m training.aligner.evaluate [--sentences N]`: prints how far the letters aligner is off.

Held-out sentences, by flite (whose times are true) and by the bundled voice in both text modes (its
reference is `training.aligner.reference`); then how well it tells that words are not those spoken.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sidecar.models.aligners.letters import WEIGHTS, LettersAligner
from training.aligner.bundled import SAMPLE_RATE, Request, speak_all
from training.aligner.cases import Case, of_bundled, of_flite
from training.flite import VOICES, Flite
from training.heldout import held_out

Group = tuple[str, list[Case]]
_LATE = 0.1  # seconds, which a listener would notice


def flite_cases(texts: list[str], name: str, *, other_speaker: bool = False) -> list[Case]:
    """Let one of flite's voices speak."""
    voice = Flite(name)
    if other_speaker:
        voice.change(1.15, 1.1)
    return [made[0] for text in texts if (made := of_flite(text, voice)) is not None]


def bundled_cases(texts: list[str]) -> Iterator[Group]:
    """Let the bundled voice speak each text with each voice in each mode."""
    rows = list(product(texts, ("full", "stream"), VOICES))
    requests = [Request(text, voice, mode, seed) for seed, (text, mode, voice) in enumerate(rows)]
    spoken = speak_all(requests)
    voices = {name: Flite(name) for name in VOICES}
    for mode, name in product(("full", "stream"), VOICES):
        made = [
            of_bundled(request.text, samples, SAMPLE_RATE, voices[name])
            for request, samples in zip(requests, spoken, strict=True)
            if (request.mode, request.voice) == (mode, name)
        ]
        yield f"bundled {name}, {mode}", [case for case in made if case is not None]


def measure(aligner: LettersAligner, cases: list[Case]) -> tuple[str, NDArray, float]:
    """Return a row of the table, the loss of each case, and processor time ÷ audio."""
    losses, starts, ends = [], [], []
    used = time.process_time()
    aligned = [aligner.align_with_loss(case.samples, case.rate, case.units) for case in cases]
    used = time.process_time() - used
    for case, found in zip(cases, aligned, strict=True):
        if found is None:
            raise SystemExit(f"nothing was aligned: {case.units}")
        times = np.array(found[0])
        starts.append(np.abs(times[:, 0] - case.starts))
        ends.append(np.abs(times[:, 1] - case.ends))
        losses.append(found[1])
    start, end = np.concatenate(starts) * 1000, np.concatenate(ends) * 1000
    cells = [len(start), *(f"{np.percentile(start, share):.0f}" for share in (50, 90, 95, 99))]
    late = int((start > _LATE * 1000).sum())
    cells += [f"{start.max():.0f}", f"{late} ({late / len(start):.1%})"]
    cells += [f"{np.median(end):.0f} / {np.percentile(end, 95):.0f}"]
    seconds = sum(len(case.samples) / case.rate for case in cases)
    return " | ".join(map(str, cells)), np.array(losses), used / seconds


def mismatched(aligner: LettersAligner, cases: list[Case]) -> NDArray:
    """Return the losses of each case's audio with the words of another."""
    shift = len(cases) // 2
    pairs = zip(cases, cases[shift:] + cases[:shift], strict=True)
    found = [aligner.align_with_loss(one.samples, one.rate, other.units) for one, other in pairs]
    return np.array([loss for one in found if one is not None for loss in one[1:]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentences", type=int, help="the first so many; all by default")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    args = parser.parse_args()
    texts, aligner = held_out(args.sentences), LettersAligner(args.weights)
    groups: list[Group] = [(f"flite {name}", flite_cases(texts, name)) for name in VOICES]
    groups.append(("flite awb", flite_cases(texts, "awb", other_speaker=True)))
    groups += bundled_cases(texts)
    print("| speech | words | median | 90 % | 95 % | 99 % | most | > 100 ms | end: median / 95 % |")
    print("|---|---|---|---|---|---|---|---|---|")
    rows = []
    for name, cases in groups:
        row, losses, cost = measure(aligner, cases)
        print(f"| {name} | {row} |", flush=True)
        rows.append((name, losses, mismatched(aligner, cases), cost))
    print("\n| speech | loss: median | most | of others' words: least | median | compute ÷ audio |")
    print("|---|---|---|---|---|---|")
    for name, losses, others, cost in rows:
        cells = [np.median(losses), losses.max(), others.min(), np.median(others)]
        print(f"| {name} | {' | '.join(f'{cell:.2f}' for cell in cells)} | {cost:.3f} |")


if __name__ == "__main__":
    main()
