"""Find web and e-mail addresses, with `linkify-it`, and spell them as a person says them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from linkify_it import LinkifyIt

# The words for the signs of an address. No library has them for a language other than English.
_SIGNS = {
    "en": {".": "dot", "/": "slash", "@": "at", "-": "dash", "_": "underscore", ":": "colon",
           "&": "ampersand"},
    "zh": {".": "点", "/": "斜杠", "@": "艾特", "-": "杠", "_": "下划线", ":": "冒号"},
}  # fmt: skip
_SCHEME = re.compile(r"^(?:[a-z][a-z0-9+.-]*:(?://)?)?(?:www\.)?", re.IGNORECASE)
_QUERY = re.compile(r"[?#].*", re.DOTALL)
_PART = re.compile(r"[./@:_&-]")
# In languages without spaces, words may follow an address directly; there it ends with the ASCII.
_UNSPACED = ("zh", "ja", "ko")
_ALL, _ASCII = re.compile(r".+", re.DOTALL), re.compile(r"[!-~]+")
# Whatever its end, this is an e-mail address.
_MAIL = re.compile(
    r"(?<![\w.&+-])[\w&+-]+(?:\.[\w&+-]+)*@[\w-]+(?:\.[\w-]+)+(?:/[\w-]+)*", re.ASCII
)
# Every address that the library finds has a match of this.
_POSSIBLE = re.compile(r"\w[.:@]\S")


@cache
def _make_linkify() -> LinkifyIt:
    from linkify_it import LinkifyIt

    return LinkifyIt()


def split(text: str, code: str) -> list[tuple[str, bool]]:
    """Return the text in pieces, each with whether it is an address."""
    pieces: list[tuple[str, bool]] = []
    at = 0
    for start, end in _find(text, spaced=code not in _UNSPACED):
        pieces += [(text[at:start], False), (text[start:end], True)]
        at = end
    pieces.append((text[at:], False))
    return [piece for piece in pieces if piece[0]]


def _find(text: str, *, spaced: bool) -> Iterator[tuple[int, int]]:
    if not _POSSIBLE.search(text):
        return
    for run in (_ALL if spaced else _ASCII).finditer(text):
        mails = [match.span() for match in _MAIL.finditer(run[0])]
        found = [(one.index, one.last_index) for one in _make_linkify().match(run[0]) or []]
        kept = (one for one in found if all(one[1] <= a or b <= one[0] for a, b in mails))
        for start, end in sorted([*mails, *kept]):
            yield run.start() + start, run.start() + end


def spell(address: str, code: str) -> str:
    """Return the host and the path in words, without the scheme, the query and the fragment.

    In languages whose words for the signs are not known, the signs stay.
    """
    address = _QUERY.sub("", _SCHEME.sub("", address)).rstrip("/")
    signs = _SIGNS.get(code)
    if signs is None:
        return address
    space = "" if code == "zh" else " "
    return _PART.sub(
        lambda match: f"{space}{signs.get(match[0], match[0])}{space}", address
    ).strip()
