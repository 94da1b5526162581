"""Score how texts are read and split: `python -m bench.text FILE.jsonl [--json OUT]`.

Each line of FILE is one case: an object with `language`, `kind`, `text` and `expected`, a list of
readings of which any is right. A case without `kind` is about the ends of sentences, and its
`expected` is the list of the sentences. OUT receives the same objects with `said`, in the order of
FILE. Case, hyphens, commas, "and", spaces and punctuation do not count in a reading; white space
does not count in a sentence.
"""

from __future__ import annotations

import argparse
import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

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
    rows = [titles] + [
        (language, kind, str(count.total()), *(str(count[verdict]) for verdict in VERDICTS))
        for (language, kind), count in sorted(counts.items(), key=_order)
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if at < 2 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def _order(item: tuple[tuple[str, str], Counter[str]]) -> tuple[str, bool, str]:
    language, kind = item[0]
    return language, kind == "all", kind


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.text", description="Score how texts are read and split."
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="cases, one a line")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the cases with `said`")
    options = parser.parse_args()
    results = list(score(case for file in options.files for case in read_cases(file)))
    if options.json:
        lines = (json.dumps(case, ensure_ascii=False) for case, _ in results)
        options.json.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    print(tabulate(results))


if __name__ == "__main__":
    main()
