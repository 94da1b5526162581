"""`python -m training.more TEXTS.jsonl.gz OUT.jsonl.gz`: TEXTS, and after them what runs away.

A talker that is there can be refined on them (`training.speech --first`, `training.train_talker
--start --prefer`): oddities up to 200 characters, which a teacher spells for up to 45 seconds,
above all long strings of letters, and several sentences at once.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from pathlib import Path
from random import Random

from training import oddments
from training.heldout import held_out
from training.texts import ODDITIES, Corpus, joined, write
from training.tokenizer import read_texts

_SEED = 2


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.more", description=__doc__)
    parser.add_argument("texts", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--oddities", type=int, default=4000)
    parser.add_argument("--gibberish", type=int, default=6000)
    parser.add_argument("--long", type=int, default=800)
    args = parser.parse_args()
    random, texts = Random(_SEED), list(read_texts(args.texts))
    counts = Counter(word for text in texts for word in re.findall("[A-Za-z]{1,18}", text))
    words = [word for word, count in counts.items() if count > 2]
    corpus = Corpus(held_out())
    corpus.fill(oddments.odd(words, random), args.oddities, ODDITIES)
    corpus.fill(oddments.gibberish(random), args.gibberish, ODDITIES)
    corpus.fill(joined(texts, 250, random), args.long, ODDITIES)
    more = list(corpus.texts.values())
    random.shuffle(more)
    write([*texts, *more], args.out)
    print(f"{len(more)} texts more, from number {len(texts)} on")


if __name__ == "__main__":
    main()
