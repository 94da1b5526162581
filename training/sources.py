"""English prose from Debian packages, sentence by sentence.

Each is in Debian main, and its licence in usr/share/doc/PACKAGE/copyright; the table at the end
names them. What is not installed is looked for in another folder: `apt-get download PACKAGE` and
`dpkg -x PACKAGE.deb FOLDER` need no dependencies, of which the games have many.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

Reader = Callable[[Path], Iterator[str]]

_ABBREVIATED = ("[A-Z]", "Mr", "Ms", "Dr", "St", "Mrs", "etc", "vs", "Capt")
_NO_END = "".join(rf"(?<!\b{short}\.)" for short in _ABBREVIATED)
_SENTENCE_END = re.compile(rf"{_NO_END}(?:(?<=[.!?])|(?<=[.!?][\"'”’)]))\s+(?=[\"'“‘(]?[A-Z0-9])")
_QUOTES = str.maketrans("", "", '"“”')


def sentences(paragraph: str) -> Iterator[str]:
    """Split at what ends a sentence. A double quote whose partner is elsewhere goes."""
    for sentence in _SENTENCE_END.split(" ".join(paragraph.split())):
        both = sentence.count('"') % 2 == 0 and sentence.count("“") == sentence.count("”")
        yield (sentence if both else sentence.translate(_QUOTES)).strip()


def _wordnet(root: Path) -> Iterator[str]:
    for file in sorted(root.glob("usr/share/wordnet/data.*")):
        for line in file.read_text("latin-1").splitlines():
            if not line.startswith(" "):
                yield line.partition(" | ")[2].strip()


def wordnet_examples(root: Path) -> Iterator[str]:
    for gloss in _wordnet(root):
        yield from re.findall(r'"([^"]+)"', gloss)


def wordnet_glosses(root: Path) -> Iterator[str]:
    for gloss in _wordnet(root):
        definition = gloss.partition('"')[0]
        yield from (part.strip() for part in re.sub(r"\([^)]*\)", "", definition).split(";"))


def wordnet_words(root: Path) -> Iterator[str]:
    """Single words, and two-word terms."""
    for file in sorted(root.glob("usr/share/wordnet/index.*")):
        for line in file.read_text("latin-1").splitlines():
            word = line.partition(" ")[0].replace("_", " ")
            if re.fullmatch(r"[a-z']+(?:[ -][a-z']+)?", word):
                yield word


def american_words(root: Path) -> Iterator[str]:
    for file in root.glob("usr/share/dict/american-english"):
        yield from file.read_text("utf-8").split()


def _ding(root: Path) -> Iterator[str]:
    """Return the English sentences of a German dictionary: everyday speech, questions too."""
    for file in root.glob("usr/share/trans/de-en"):
        for line in file.read_text("utf-8").splitlines():
            english = re.sub(r"\[[^]]*\]|\{[^}]*\}|\([^)]*\)", "", line.partition(" :: ")[2])
            for phrase in re.split(r"[|;]", english):
                phrase = " ".join(phrase.split())
                if re.match(r"[A-Z][^/]*[.?!]$", phrase) and phrase.count(" ") > 0:
                    yield phrase


def _originals(catalogue: bytes) -> Iterator[str]:
    """Return a .mo file's keys. \\x04 separates a context, \\0 a plural."""
    count, table = struct.unpack_from("<II", catalogue, 8)
    for i in range(count):
        length, start = struct.unpack_from("<II", catalogue, table + 8 * i)
        key = catalogue[start : start + length].decode("utf-8", "ignore")
        yield key.split("\x04")[-1].split("\0")[0]


def _catalogues(pattern: str) -> Reader:
    """Return the untranslated side of a game's message catalogues: dialogue and narration."""

    def read(root: Path) -> Iterator[str]:
        seen: set[str] = set()
        for file in sorted(root.glob(pattern)):
            for message in _originals(file.read_bytes()):
                message = re.sub(r"^[a-z_ ]+\^|</?[a-z]+>", "", message)
                if message not in seen and not re.search(r"[%${}<>#|~\\]|^\S*$", message):
                    seen.add(message)
                    yield from chain.from_iterable(map(sentences, message.split("\n\n")))

    return read


def _endless_sky(root: Path) -> Iterator[str]:
    for file in sorted(root.glob("usr/share/games/endless-sky/data/*.txt")):
        for line in file.read_text("utf-8").splitlines():
            spoken = re.fullmatch(r"\s+`\s*(.*)`", line)
            if spoken and not re.search("[<>]", spoken[1]):
                yield from sentences(spoken[1].strip("()"))


def _fillets(root: Path) -> Iterator[str]:
    for file in sorted(root.glob("usr/share/games/fillets-ng/script/*/*dialogs_en.lua")):
        for line in re.findall(r'^dialogId\(.*?, "((?:[^"\\]|\\")*)"\)', file.read_text(), re.M):
            yield from sentences(line.replace('\\"', '"'))


def _austen(root: Path) -> Iterator[str]:
    """Jane Austen's novels, as lines in an R database: length, then bytes, in a zlib stream."""
    for file in root.glob("usr/lib/R/site-library/janeaustenr/data/Rdata.rdb"):
        data, start = file.read_bytes(), 0
        while (start := data.find(b"x\x9c", start)) >= 0:
            stream = zlib.decompressobj()
            try:
                raw = stream.decompress(data[start:])
            except zlib.error:
                start += 1
                continue
            start = len(data) - len(stream.unused_data)
            yield from _paragraphs(_r_strings(raw))


def _r_strings(raw: bytes) -> Iterator[str]:
    mark, at = b"\x00\x04\x00\x09", 0
    while (at := raw.find(mark, at)) >= 0:
        end = at + 8 + int.from_bytes(raw[at + 4 : at + 8], "big")
        yield raw[at + 8 : end].decode("utf-8", "ignore")
        at = end


def _paragraphs(lines: Iterator[str]) -> Iterator[str]:
    paragraph: list[str] = []
    for line in lines:
        if line.strip():
            paragraph.append(line)
        else:
            yield from sentences(" ".join(paragraph).replace("_", "").replace("--", ", "))
            paragraph.clear()


_FORTUNES = (
    "computers cookie debian definitions education food fortunes goedel humorists kids law linux"
    " literature magic medicine miscellaneous news paradoxum people pets platitudes riddles"
    " science sports tao wisdom work"
)


def _fortunes(root: Path) -> Iterator[str]:
    for name in _FORTUNES.split():
        for file in root.glob(f"usr/share/games/fortunes/{name}"):
            for cookie in re.split(r"^%$", file.read_text("utf-8", "replace"), flags=re.M):
                text = re.split(r"\n\s*--|\n\t\t|\n[QA]:", cookie)[0]
                if not re.search(r"[\x08\\|{}<>_*#]|\n {4,}", text):
                    yield from sentences(re.sub(r"^\s*[QA]:", "", text))


def _gnome_help(root: Path) -> Iterator[str]:
    for file in sorted(root.glob("usr/share/help/C/gnome-help/*.page")):
        for paragraph in ElementTree.parse(file).iter("{http://projectmallard.org/1.0/}p"):
            yield from sentences("".join(paragraph.itertext()))


class Source(NamedTuple):
    """Where texts come from. `share` of all texts is the most that is taken."""

    name: str
    packages: str
    licence: str
    read: Reader
    share: float


_WESNOTH = "usr/share/games/wesnoth/1.16/locale/*/LC_MESSAGES/wesnoth-*.mo"
_FREEDROID = "usr/share/locale/*/LC_MESSAGES/freedroidrpg-d*.mo"
_NAEV = "usr/share/naev/dat/gettext/*/LC_MESSAGES/naev.mo"

SOURCES = (
    Source("WordNet's examples", "wordnet-base", "WordNet (free)", wordnet_examples, 0.30),
    Source("WordNet's glosses", "wordnet-base", "WordNet (free)", wordnet_glosses, 0.07),
    Source("Ding", "trans-de-en", "GPL-2+", _ding, 0.20),
    Source("Wesnoth", "wesnoth-1.16-{data,CAMPAIGN}", "GPL-2+", _catalogues(_WESNOTH), 0.07),
    Source("FreedroidRPG", "freedroidrpg-data", "GPL-2+", _catalogues(_FREEDROID), 0.05),
    Source("Naev", "naev-data", "GPL-3+", _catalogues(_NAEV), 0.04),
    Source("Endless Sky", "endless-sky-data", "GPL-3+", _endless_sky, 0.05),
    Source("Fish Fillets", "fillets-ng-data", "GPL-2+", _fillets, 0.03),
    Source("Jane Austen", "r-cran-janeaustenr", "public domain", _austen, 0.06),
    Source("fortunes", "fortunes", "BSD", _fortunes, 0.05),
    Source("GNOME help", "gnome-user-docs", "CC-BY-SA-3.0", _gnome_help, 0.03),
)  # fmt: skip
