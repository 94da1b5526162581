"""How messages for people are worded: full stops, near names, and what libraries report."""

from __future__ import annotations

from collections.abc import Iterable

# How alike two names must be for one to be a likely misspelling of the other, from 0 to 1.
_NEAR, _VERY_NEAR = 0.6, 0.7
_COMPARED_CHARS = 100
# How MLX's allocators report it, on Metal, CUDA and the CPU.
_LOST_GPU = ("unspecified launch failure", "illegal memory access", "illegal instruction")
_MEMORY_WORDS = (
    "malloc", "out of memory", "insufficient memory", "unable to allocate", "bad_alloc",
    "can't start new thread",
)  # fmt: skip
_ESCAPES = {code: repr(chr(code))[1:-1] for code in (*range(32), *range(127, 160), 0x2028, 0x2029)}


def sentence(text: str) -> str:
    """Return the text with one full stop at its end, unless it ends with another such mark.

    A message may end with the words of a library, which sometimes bring a full stop.
    """
    text = text.rstrip()
    if text.endswith("..") and not text.endswith("..."):
        text = text[:-1]
    return text if text.endswith((".", "!", "?", "…", "。", "！", "？")) else f"{text}."


def one_line(text: str) -> str:
    """Return the text with line breaks, and all else that moves a terminal's cursor, escaped."""
    return text.translate(_ESCAPES)


def closest(name: str, known: Iterable[str], near: float = _NEAR) -> str | None:
    """Return the known name that `name` is most likely a misspelling of, if there is one."""
    from difflib import get_close_matches  # takes 3 ms, which only a mistake should cost

    by_key = {one.lower(): one for one in known}
    matches = get_close_matches(name[:_COMPARED_CHARS].lower(), by_key, n=1, cutoff=near)
    return by_key[matches[0]] if matches else None


def describe_unknown(what: str, name: str, known: list[str]) -> str:
    """Return the message for a name that is not in a list: the nearest one, and all of them."""
    near = closest(name, known, _VERY_NEAR)
    meant = f" Did you mean {near!r}?" if near else ""
    return f"Unknown {what} {name!r}.{meant} Known: {', '.join(known) if known else 'none'}."


def describe(error: BaseException) -> str:
    """Return what an exception of a library says, on one line and never without meaning.

    The text of a KeyError, for example, is only a key: the class of such errors is named, too.
    """
    text = " ".join(str(error).split())[:300]
    is_clear = isinstance(error, OSError | RuntimeError | ImportError | UnicodeError)
    return text if text and is_clear else f"{type(error).__name__}: {text}".rstrip(": ")


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether memory ran out; MLX raises a RuntimeError for this, as for everything."""
    if has_lost_gpu(error):  # the call that fails may be an allocation
        return False
    return isinstance(error, MemoryError) or any(w in str(error).lower() for w in _MEMORY_WORDS)


def has_lost_gpu(error: BaseException) -> bool:
    """Return whether CUDA reports an error that lasts: a kernel has trapped, or has read memory
    that is not its own. Every later call fails with the same words."""
    return any(words in str(error) for words in _LOST_GPU)
