"""Find a language by the name or tag that a program uses: `English`, `en`, `EN-US`, `zh_Hans`.

Models call their languages by English names. Programs use ISO 639 codes and BCP 47 tags.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

from sidecar.errors import UnknownLanguage
from sidecar.wording import describe_unknown

AUTO = "auto"

# English names → ISO 639 codes.
_CODES: dict[str, str] = tomllib.loads(
    Path(__file__).with_name("languages.toml").read_text("utf-8")
)
_NAMES = {code: name for name, codes in _CODES.items() for code in codes.split()}
_NAMES["und"] = AUTO  # ISO 639: undetermined

_TAG = re.compile(r"([a-z]{2,3})(?:-([a-z]{3}))?((?:-[a-z0-9]{1,8})*)")
# Regions where English is as in the United States, by CLDR's distances between languages.
_AMERICAN = frozenset({"as", "ca", "gu", "mh", "mp", "ph", "pr", "um", "us", "vi"})
_CANTONESE = frozenset({"hk", "mo"})
_EXTENSION = re.compile(
    r"-[a-z0-9](?=-|$)"
)  # a single letter begins an extension, which does not name a language
_JOINTS = re.compile(r"[\s_-]+")


def resolve(asked: str | None, known: Iterable[str], field: str = "language") -> str:
    """Return the name in `known` for a language, or `auto` if no language is requested.

    Args:
        asked: a name, an ISO 639 code or a BCP 47 tag, in any case, with `_` or `-`.
        known: the model's names of its languages and dialects.
        field: the request's field, for the error.

    Raises:
        UnknownLanguage: the model has no such language.
    """
    names = [AUTO, *(name for name in known if name != AUTO)]
    found = find(asked or AUTO, names)
    if found is None:
        raise UnknownLanguage(describe_unknown("language", asked or "", names), field=field)
    return found


def is_known(asked: str) -> bool:
    """Return whether a name or tag is that of a language."""
    return find(asked, (*_CODES, *(f"{name}-dialect" for name in _CODES))) is not None


def find(asked: str, known: Iterable[str]) -> str | None:
    """Return the first name in `known` that means the language; None if there is none.

    A region or script without a name of its own is ignored: `pt-BR` is `portuguese`. But a language
    is never replaced by a related one: `yue` is Cantonese, and not `chinese`.
    """
    by_key = {_key(name): name for name in reversed(list(known))}
    return next((by_key[key] for key in _candidates(_key(asked)) if key in by_key), None)


def _key(name: str) -> str:
    return _JOINTS.sub("-", name.strip().lower())


def _candidates(asked: str) -> Iterable[str]:
    """Yield the names that the language may have, the most specific first."""
    yield asked
    name, more = asked, list[str]()
    if match := _TAG.fullmatch(asked):
        code = match[2] or match[1]  # zh-yue is an older form of yue
        name, more = _NAMES.get(code, ""), _EXTENSION.split(match[3])[0].split("-")
    for part in more:  # most dialects have no registered tag; zh-CN-sichuan is in use
        yield f"{part}-dialect"
    if name == "english" and {part for part in more if len(part) == 2} - _AMERICAN:
        yield "british-english"
    if name == "chinese" and _CANTONESE & set(more):
        yield from ("cantonese", "cantonese-dialect")
    yield from (name, f"{name}-dialect", *_CODES.get(name, "").split())
