"""Large JSON read in steps, so that other threads run in between.

A parser holds the interpreter's lock until it returns. For a vocabulary of 150,000 tokens that is
long enough to keep every other thread waiting, the one that answers `ping` among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeVar

import msgspec

_Value = TypeVar("_Value")

_STEP_BYTES = 128 * 1024
_MOST_TRIES = 8
# Where one entry probably ends and the next one begins. It may also be within a string.
_BORDER = re.compile(rb'[0-9"\]]\s{0,64},(?=\s{0,64}["\[])')


def decode(raw: msgspec.Raw, kind: type[_Value]) -> Iterator[_Value]:
    """Yield a JSON array or object as several smaller ones, which together have all its entries.

    Args:
        kind: what each of the smaller ones is decoded to, a list or a dict.

    Raises:
        msgspec.MsgspecError, UnicodeDecodeError: it is not of this kind.
    """
    whole = bytes(raw).strip()
    if len(whole) <= _STEP_BYTES:
        yield msgspec.json.decode(whole, type=kind)
        return
    first, last, at = whole[:1], whole[-1:], 1
    while at < len(whole):
        end, value = _part(whole, at, first, last, kind)
        yield value
        at = end


def _part(
    whole: bytes, at: int, first: bytes, last: bytes, kind: type[_Value]
) -> tuple[int, _Value]:
    """Return where the next part begins, and the value of the part that begins at `at`.

    `at` is outside of any string. A part that ends within a string, or within an inner array, is
    not JSON, so a part that can be decoded has been cut at the right place.
    """
    end = at
    for _ in range(_MOST_TRIES):
        border = _BORDER.search(whole, max(end, at + _STEP_BYTES))
        if border is None:
            break
        end = border.end()
        try:
            return end, msgspec.json.decode(first + whole[at : end - 1] + last, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
    return len(whole), msgspec.json.decode(first + whole[at:], type=kind)
