"""`python -m training.aligner.evaluate [FIRST-LAST]`: prints how far the letters aligner is off.

Held-out sentences, by flite (whose times are true) and by the bundled voice in both text modes (its
reference is `training.aligner.reference`); then how often it is not sure, of the right words and of
wrong ones. Seeds are by a sentence's place in heldout.txt, so any part repeats what the whole says.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from sidecar.models.aligners.letters import WEIGHTS, Doubt, LettersAligner
from training.aligner.bundled import SAMPLE_RATE, Request, speak_all
from training.aligner.cases import Case, of_bundled, of_flite
from training.flite import MANY_VOICES, VOICES, Flite
from training.heldout import held_out

Group = tuple[str, list[Case]]
_LATE = 0.1  # seconds, which a listener would notice


def flite_cases(texts: list[str], name: str, *, other_speaker: bool = False) -> list[Case]:
    """Let one of flite's voices speak."""
    voice = Flite(name)
    if other_speaker:
        voice.change(1.15, 1.1)
    return [made[0] for text in texts if (made := of_flite(text, voice)) is not None]


def bundled_cases(chosen: range) -> Iterator[Group]:
    """Let the bundled voice speak each chosen sentence with each voice in each mode."""
    rows = list(product(held_out(), ("full", "stream"), VOICES))
    requests = [Request(text, voice, mode, seed) for seed, (text, mode, voice) in enumerate(rows)]
    each = len(requests) // len(held_out())
    requests = requests[chosen.start * each : chosen.stop * each]
    spoken = speak_all(requests)
    voices = {name: Flite(name) for name in VOICES}
    for mode, name in product(("full", "stream"), VOICES):
        made = [
            of_bundled(request.text, samples, SAMPLE_RATE, voices[name])
            for request, samples in zip(requests, spoken, strict=True)
            if (request.mode, request.voice) == (mode, name)
        ]
        yield f"bundled {name}, {mode}", [case for case in made if case is not None]


def align(aligner: LettersAligner, case: Case, units: Sequence[str]) -> tuple[NDArray, Doubt]:
    """Return times [words, 2] in seconds, however unsure they are."""
    found = aligner.align_with_doubt(case.samples, case.rate, units)
    if found is None:
        raise SystemExit(f"nothing was aligned: {units}")
    return np.array(found[0]), found[1]


def errors(aligner: LettersAligner, cases: list[Case]) -> str:
    """Return a row of the table of errors, whether the aligner is sure or not."""
    rows = [(align(aligner, case, case.units), case) for case in cases]
    start = 1000 * np.concatenate([abs(found[0][:, 0] - case.starts) for found, case in rows])
    end = 1000 * np.concatenate([abs(found[0][:, 1] - case.ends) for found, case in rows])
    late = [(abs(found[0][:, 0] - case.starts) > _LATE).sum() for found, case in rows]
    kept = [count for count, (found, _) in zip(late, rows, strict=True) if found[1].sure]
    cells = [len(start), *(f"{np.percentile(start, share):.0f}" for share in (50, 90, 95, 99))]
    cells += [f"{start.max():.0f}", f"{np.median(end):.0f} / {np.percentile(end, 95):.0f}"]
    cells += [f"{len(rows) - len(kept)} of {len(rows)}", f"{sum(late)} → {sum(kept)}"]
    return " | ".join(map(str, cells))


def unsure(aligner: LettersAligner, cases: list[Case], random: Random) -> str:
    """Return a row of the table of wrong words: how often the aligner is not sure of them."""
    words = [unit for case in cases for unit in case.units]
    counts: Counter[str] = Counter()
    for case, other in zip(cases, cases[1:] + cases[:1], strict=True):
        half, one = len(case.units) // 2, random.randrange(len(case.units))
        right = case.units[one]
        like = [
            word
            for word in words
            if abs(len(word) - len(right)) <= 1 and word.lower() != right.lower()
        ]
        wrong = {
            "one": [*case.units[:one], random.choice(like), *case.units[one + 1 :]],
            "half": [*case.units[:half], *other.units[half:]],
            "all": other.units,
        }
        for name, units in wrong.items():
            found = aligner.align_with_doubt(case.samples, case.rate, units)
            counts[name] += found is None or not found[1].sure
    used = time.process_time()
    for case in cases:
        align(aligner, case, case.units)
    used = time.process_time() - used
    seconds = sum(len(case.samples) / case.rate for case in cases)
    cells = [f"{counts[name]} of {len(cases)}" for name in ("one", "half", "all")]
    return " | ".join([*cells, f"{used / seconds:.3f}"])


def _part(text: str) -> range:
    first, last = map(int, text.split("-"))
    return range(first - 1, last)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sentences", nargs="?", type=_part, help="as in 1-40; all by default")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    args = parser.parse_args()
    chosen = args.sentences or range(len(held_out()))
    texts, aligner = held_out()[chosen.start : chosen.stop], LettersAligner(args.weights)
    groups: list[Group] = [(f"flite {name}", flite_cases(texts, name)) for name in MANY_VOICES]
    groups.append(("flite awb, changed", flite_cases(texts, "awb", other_speaker=True)))
    groups += bundled_cases(chosen)
    print("| speech | words | median | 90 % | 95 % | 99 % | most | end: median / 95 % |", end="")
    print(" not sure | > 100 ms: all → sure |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, cases in groups:
        print(f"| {name} | {errors(aligner, cases)} |", flush=True)
    print("\n| not sure, of | one other word | another half | another sentence | compute ÷ audio |")
    print("|---|---|---|---|---|")
    for name, cases in groups:
        print(f"| {name} | {unsure(aligner, cases, Random(1))} |", flush=True)


if __name__ == "__main__":
    main()
