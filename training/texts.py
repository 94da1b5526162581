"""`python -m training.texts OUT.jsonl.gz [--root FOLDER]`: the texts that the teacher reads.

The greater part is prose from Debian packages (`training.sources`); the rest is generated: what
software says, single words, lists, and texts that are no language at all, since a voice must come
to an end on any text. Everything is seeded, and written in random order, one JSON string per line.

A text is written as a user would write it. Two are the same if their spoken forms are, and what is
spoken of a held-out sentence is in none.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from random import Random

from training import oddments, templates
from training.heldout import held_out
from training.normaliser import normalise
from training.sources import SOURCES, Source, american_words, wordnet_words

COUNT = 160_000
_SEED = 1
_MAX_WRITTEN, _MAX_SPOKEN = 200, 230
# Letters and signs are spelled; how long that takes is the speech stage's to judge.
_MAX_SPELLED = 700
# Shares of all texts; the sources have what is left, in proportion to theirs.
_TEMPLATES, _WORDS, _LISTS, _ODD, _JOINED, _LONG, _TOP_UP = 0.12, 0.06, 0.04, 0.05, 0.04, 0.02, 0.09
ODDITIES = "oddities"
_FREQUENT_WORDS, _AT_LEAST = 20_000, 5

_CLEAN = re.compile(r"[A-Za-z0-9éèêàâçñöüïô ,.?!'’\"“”;:()&%$€£°/+–—…-]+")
# Tripled letters, very long words, camel case, shouting, long numbers, paths and rulers.
_BROKEN = re.compile(r"(?i:([a-z])\1\1|[a-z]{19})|\.{4}|[a-z][A-Z]|[A-Z]{4}|\d{5}|\w[/:]\w|--")
_SLURS = re.compile(
    r"\b(?:nigg|fag(?:s|got)|kike|spic\b|chink|gook|wetback|dago|wop\b|coon\b|darkie|retard|cunt"
    r"|fuck|shit|bitch|whore|slut|rape|rapis|nazi|pussy|cock\b|dyke|tranny|negro|jew\b|jewess)",
    re.IGNORECASE,
)


class Corpus:
    """The texts so far.

    Attributes:
        texts: by their spoken forms.
        counts: of texts and of characters, by where they are from.
    """

    def __init__(self, held_out: Iterable[str]) -> None:
        self._held_out = [_words_only(normalise(sentence)) for sentence in held_out]
        self.texts: dict[str, str] = {}
        self.counts: dict[str, Counter[str]] = {}

    def add(self, text: str, source: str) -> bool:
        """Return whether the text was new and can be spoken."""
        if not 1 <= len(text) <= (_MAX_WRITTEN if source != ODDITIES else _MAX_SPELLED):
            return False
        spoken = normalise(text)
        words = _words_only(spoken)
        longest = _MAX_SPELLED if source == ODDITIES else _MAX_SPOKEN
        if not words.strip() or len(spoken) > longest or spoken in self.texts:
            return False
        if any(sentence in words for sentence in self._held_out):
            return False
        self.texts[spoken] = text
        self.counts.setdefault(source, Counter()).update(texts=1, characters=len(text))
        return True

    def fill(self, texts: Iterator[str], count: float, source: str) -> None:
        """Add texts until there are `count` more, or no more texts."""
        missing = round(count)
        for text in texts:
            if missing <= 0:
                return
            missing -= self.add(text, source)


def _words_only(spoken: str) -> str:
    """With a space around every word."""
    words = re.findall("[a-z']+", spoken)
    return f" {' '.join(words)} "


def _is_clean(text: str, known: set[str]) -> bool:
    """Return whether it is English prose: mostly letters, mostly words of the dictionary."""
    words = re.findall(r"[a-z]+", text.lower())
    letters = sum(map(len, words))
    return (
        bool(_CLEAN.fullmatch(text))
        and not _BROKEN.search(text)
        and not _SLURS.search(text)
        and letters >= 0.72 * len(text)
        and sum(word in known for word in words) >= 0.8 * len(words)
    )


_QUESTION = re.compile(
    r"(?:(?:what|who|where|why|how|when) )?(?:do|does|did|is|are|was|were|can|could|will|would) "
    r"(?:i|you|he|she|it|we|they|the|this|that|there|your|my|his|her|these|those)\b",
    re.IGNORECASE,
)


def _styled(text: str, random: Random) -> str:
    """Dictionary examples have no capital and no end; most people's sentences have both."""
    text = text.rstrip(" ,;:")
    if re.search("[.?!][\"'”’)]*$", text) or random.random() < 0.2:
        return text
    return text[:1].upper() + text[1:] + ("?" if _QUESTION.match(text) else ".")


def _read(source: Source, roots: Iterable[Path]) -> list[str]:
    for root in roots:
        if texts := list(dict.fromkeys(source.read(root))):
            return texts
    raise SystemExit(f"{source.name} is missing: install {source.packages}, or give --root")


def joined(texts: list[str], least: int, random: Random) -> Iterator[str]:
    """Two or three sentences after each other, or as many as make `least` characters."""
    ended = [text for text in texts if text[-1] in ".?!" and 2 < len(text) < 80]
    while True:
        joined, wanted = random.choice(ended), random.choice((2, 2, 3))
        separator = random.choice((" ",) * 9 + ("\n",))
        count = 1
        while len(joined) < least or (not least and count < wanted):
            joined, count = joined + separator + random.choice(ended), count + 1
        yield joined


def _words(texts: Iterable[str]) -> Counter[str]:
    """In how many texts each word is."""
    return Counter(chain.from_iterable(dict.fromkeys(_words_only(text).split()) for text in texts))


def _with_rare_words(corpus: Corpus, pool: list[str], frequent: list[str]) -> Iterator[str]:
    """Return texts from the pool with a word that the corpus has too seldom; first with two."""
    seen = _words(corpus.texts)
    missing = {word: _AT_LEAST - seen[word] for word in frequent}
    for least in (3, 2, 1):
        for text in pool:
            words = dict.fromkeys(re.findall("[a-z']+", text.lower()))
            rare = [word for word in words if missing.get(word, 0) > 0]
            if len(rare) >= least:
                missing.update({word: missing[word] - 1 for word in rare})
                yield text


def collect(count: int, roots: list[Path]) -> Corpus:
    """Read and generate `count` texts."""
    random = Random(_SEED)
    corpus = Corpus(held_out())
    american = list(chain.from_iterable(map(american_words, roots)))
    wordnet = list(dict.fromkeys(chain.from_iterable(map(wordnet_words, roots))))
    known = {word.lower() for word in american} | set(wordnet)
    plain = [word for word in dict.fromkeys(american) if re.fullmatch("[A-Za-z]{1,18}", word)]
    plain = [word for word in plain if not _SLURS.search(word)]
    if not plain:
        raise SystemExit("no American words found: install wamerican, or give --root")

    pool: list[str] = []
    of_sources = 1 - (_TEMPLATES + _WORDS + _LISTS + _ODD + _JOINED + _LONG + _TOP_UP)
    shares = sum(source.share for source in SOURCES)
    for source in SOURCES:
        texts = [text for text in _read(source, roots) if text and _is_clean(text, known)]
        random.shuffle(texts)
        texts = [styled for text in texts if (styled := _styled(text, random))]
        share = of_sources * source.share / shares
        rest = iter(texts)
        corpus.fill(rest, share * count, source.name)
        pool += rest
    random.shuffle(pool)
    counted = _words(chain(corpus.texts, (text.lower() for text in pool)))
    frequent = [word for word, _ in counted.most_common(_FREQUENT_WORDS)]

    generated: list[tuple[str, Callable[[], Iterator[str]], float]] = [
        ("frequent words", lambda: _with_rare_words(corpus, pool, frequent), _TOP_UP),
        ("several sentences", lambda: joined(list(corpus.texts.values()), 0, random), _JOINED),
        ("long texts", lambda: joined(list(corpus.texts.values()), 150, random), _LONG),
        ("templates", lambda: templates.sentences(random), _TEMPLATES),
        ("words", lambda: oddments.single([*plain, *frequent * 2, *wordnet[::8]], random), _WORDS),
        ("lists", lambda: oddments.lists(plain, random), _LISTS),
        (ODDITIES, lambda: oddments.odd(plain, random), _ODD),
    ]
    for name, texts, share in generated:
        corpus.fill(texts(), share * count, name)
    corpus.fill(iter(pool), count - len(corpus.texts), "more prose")
    return corpus


def _table(corpus: Corpus) -> str:
    about = {source.name: source[1:3] for source in SOURCES}
    about |= {"words": ("wamerican, wordnet-base", "free"), "lists": ("wamerican", "free")}
    rows = ["| source | texts | characters | packages | licence |", "|---|---|---|---|---|"]
    for name, counts in corpus.counts.items():
        packages, licence = about.get(name, ("", ""))
        rows.append(
            f"| {name} | {counts['texts']} | {counts['characters']} | {packages} | {licence} |"
        )
    total = sum(corpus.counts.values(), Counter())
    return "\n".join([*rows, f"| all | {total['texts']} | {total['characters']} | | |"])


def write(texts: Iterable[str], file: Path) -> None:
    """One JSON string per line, compressed."""
    file.parent.mkdir(parents=True, exist_ok=True)
    # Without a time of day in its header the file is the same every time.
    lines = "".join(f"{json.dumps(text, ensure_ascii=False)}\n" for text in texts)
    file.write_bytes(gzip.compress(lines.encode(), mtime=0))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.texts", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--root", type=Path, help="where packages are unpacked (dpkg -x)")
    args = parser.parse_args()
    corpus = collect(args.count, [*([args.root] if args.root else []), Path("/")])
    texts = list(corpus.texts.values())
    Random(_SEED).shuffle(texts)
    write(texts, args.out)
    print(_table(corpus))


if __name__ == "__main__":
    main()
