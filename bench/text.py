"""Score how texts are read and split: `python -m bench.text FILE.jsonl [--json OUT | --time]`.

Each line of FILE is one case: an object with `language`, `kind`, `text` and `expected`, a list of
readings of which any is right. A case without `kind` is about the ends of sentences, and its
`expected` is the list of the sentences. OUT receives the same objects with `said`, in the order of
FILE. Case, hyphens, commas, "and", spaces and punctuation do not count in a reading; white space
does not count in a sentence.

With `--time` the costs are measured instead, in CPU time of this process or of a new one.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import files
from pathlib import Path
from typing import Any

from sidecar.text.languages import detect_latin
from sidecar.text.markup import Markup
from sidecar.text.sentences import SentenceSplitter
from sidecar.text.speakable import make_speakable

Case = dict[str, Any]

AS_EXPECTED, AS_WRITTEN, OTHER = "as expected", "as written", "other"
VERDICTS = (AS_EXPECTED, AS_WRITTEN, OTHER)
# The kind of a case about the ends of sentences.
BOUNDARIES = "boundaries"

_AND = re.compile(r"\band\b")
_NO_LIMIT = 10**9


def read_cases(file: Path) -> list[Case]:
    """Read a file with one JSON object a line."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


def say(case: Case) -> str | list[str]:
    """Return what is said of a case's text, or its sentences if the case is about their ends."""
    if "kind" in case:
        return make_speakable(case["text"], case["language"])
    splitter = SentenceSplitter(case["language"], limit=_NO_LIMIT, least=0)
    markup = Markup()
    found = splitter.finish([*markup.feed(case["text"]), *markup.finish()])
    return [case["text"][one.start : one.end].strip() for one in found]


def judge(case: Case, said: str | list[str]) -> str:
    """Return one of `VERDICTS`."""
    if isinstance(said, list):
        fold_all = [_join(part) for part in case["expected"]]
        return AS_EXPECTED if [_join(part) for part in said] == fold_all else OTHER
    if fold(said) in map(fold, case["expected"]):
        return AS_EXPECTED
    return AS_WRITTEN if fold(said) == fold(case["text"]) else OTHER


def fold(text: str) -> str:
    """Return a text without what two right readings may differ in."""
    text = _AND.sub(" ", unicodedata.normalize("NFKC", text).casefold())
    return "".join(char for char in text if unicodedata.category(char)[0] not in "PZC")


def _join(text: str) -> str:
    return "".join(text.split())


def score(cases: Iterable[Case]) -> Iterator[tuple[Case, str]]:
    """Yield each case with what was said, and the verdict on it."""
    for case in cases:
        said = say(case)
        yield {**case, "said": said}, judge(case, said)


def tabulate(results: Iterable[tuple[Case, str]]) -> str:
    """Return a table of language and kind by verdict, with sums for each language."""
    counts: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for case, verdict in results:
        for kind in (case.get("kind", BOUNDARIES), "all"):
            counts[case["language"], kind][verdict] += 1
    titles = ("language", "kind", "cases", *VERDICTS)
    rows = (
        (language, kind, str(count.total()), *(str(count[verdict]) for verdict in VERDICTS))
        for (language, kind), count in sorted(counts.items(), key=_order)
    )
    return _align([titles, *rows], texts=2)


def _align(rows: Iterable[tuple[str, ...]], texts: int) -> str:
    """Return a table; all columns but the first `texts` are numbers."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if at < texts else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def _order(item: tuple[tuple[str, str], Counter[str]]) -> tuple[str, bool, str]:
    language, kind = item[0]
    return language, kind == "all", kind


def measure(cases: list[Case]) -> str:
    """Return a table of what the preparation of these texts costs."""
    rows: list[tuple[str, str]] = []
    for language in sorted({case["language"] for case in cases if "kind" in case}):
        some = [case for case in cases if case["language"] == language and "kind" in case]
        size = sum(len(case["text"]) for case in some) / 1000
        make_speakable("On 2026-11-23", language)  # the library is loaded
        for title in ("", ", once more"):
            seconds = _time(lambda of=some: [say(case) for case in of])
            rows.append(
                (f"ms for 1,000 characters, {language}{title}", f"{1e3 * seconds / size:.1f}")
            )
    sentence = "Der Zug nach Bremen hat heute leider etwas Verspätung. "
    first = _time(lambda: detect_latin("Guten Tag."))
    rows.append(("ms to detect a language, for the first time", f"{1e3 * first:.1f}"))
    for title, text in (("of a sentence", sentence), ("of 2000 characters", sentence * 36)):
        seconds = _time(lambda of=text: [detect_latin(f"{at} {of}") for at in range(100)]) / 100
        rows.append((f"ms to detect the language {title}", f"{1e3 * seconds:.3f}"))
    for module in ("sidecar.text.speakable", "sidecar.text.english, sidecar.text.han"):
        code = (
            f"import time; t = time.process_time(); import {module}; print(time.process_time() - t)"
        )
        seconds = float(subprocess.check_output([sys.executable, "-c", code]))
        rows.append((f"ms to import {module}", f"{1e3 * seconds:.0f}"))
    sizes = [
        Path(f.locate()).stat().st_size
        for name in ("wetext", "kaldifst")
        for f in files(name) or ()
    ]
    rows.append(("MB of wetext and kaldifst", f"{sum(sizes) / 1e6:.0f}"))
    return _align(rows, texts=1)


def _time(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.text", description="Score how texts are read and split."
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="cases, one a line")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the cases with `said`")
    parser.add_argument("--time", action="store_true", help="measure what it costs instead")
    options = parser.parse_args()
    cases = [case for file in options.files for case in read_cases(file)]
    if options.time:
        print(measure(cases))
        return
    results = list(score(cases))
    if options.json:
        lines = (json.dumps(case, ensure_ascii=False) for case, _ in results)
        options.json.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    print(tabulate(results))


if __name__ == "__main__":
    main()
