"""HTML's elements, and the patterns of their tags."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

# https://html.spec.whatwg.org/multipage/indices.html#elements-3, and the obsolete ones.
BLOCKS = frozenset([
    "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "col",
    "colgroup", "dd", "details", "dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption",
    "figure", "footer", "form", "frame", "frameset", "h1", "h2", "h3", "h4", "h5", "h6", "head",
    "header", "hgroup", "hr", "html", "legend", "li", "main", "menu", "nav", "noframes",
    "noscript", "ol", "optgroup", "option", "p", "pre", "search", "section", "summary", "table",
    "tbody", "td", "tfoot", "th", "thead", "title", "tr", "ul",
])  # fmt: skip
# Elements inside a line that separate words: the text before one and after it are two words.
APART = frozenset([
    "audio", "button", "canvas", "embed", "iframe", "img", "input", "meter", "object", "progress",
    "select", "textarea", "video",
])  # fmt: skip
INLINE = frozenset([
    "a", "abbr", "acronym", "area", "b", "base", "bdi", "bdo", "big", "cite", "code", "data",
    "datalist", "del", "dfn", "em", "font", "i", "ins", "kbd", "label", "link", "map", "mark",
    "meta", "nobr", "noembed", "output", "param", "picture", "q", "rb", "rp", "rt", "rtc", "ruby",
    "s", "samp", "script", "slot", "small", "source", "span", "strike", "strong", "style", "sub",
    "sup", "svg", "template", "time", "track", "tt", "u", "var", "wbr",
])  # fmt: skip
# What language models write around their reasoning.
THINKING = frozenset(["think", "thinking"])
NAMES = BLOCKS | APART | INLINE | THINKING
VOID = frozenset(("br", "hr", "col", "frame"))
# Elements whose content is not spoken, with the pattern of their end. The reading in a ruby repeats
# the base text.
SILENT = {
    **{
        name: re.compile(rf"</{name}\s*>", re.IGNORECASE)
        for name in ("script", "style", "svg", "template", *THINKING)
    },
    **{name: re.compile(r"(?=</?(?:rt|rp|rtc|rb|ruby)[\s/>])", re.I) for name in ("rt", "rp")},
}
# Attributes that need no value. If any name were allowed, "a <b and c> d" would have a tag.
_BARE = (
    "allowfullscreen|async|autofocus|autoplay|checked|compact|controls|default|defer|disabled|"
    "hidden|inert|ismap|itemscope|loop|multiple|muted|nomodule|novalidate|nowrap|open|playsinline|"
    "readonly|required|reversed|selected|data-[a-z0-9-]{1,50}"
)

TAG_START = re.compile(r"</?([A-Za-z][A-Za-z0-9]{0,19})(?=([\s/>])|$)")
ENTITY = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,31}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});")
ENTITY_START = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{0,31}|#[0-9]{0,7}|#[xX][0-9A-Fa-f]{0,6})?$")
COMMENT_END = re.compile("-->")


@cache
def tag() -> Any:
    import regex

    space = r"[ \t\r\n\f]"
    # A picture in a `data:` URI may have any length. A value has no "<", so that no character is
    # searched for more than one tag.
    value = (
        r"(?:\"data:[^\s\"'<>]*+\"|'data:[^\s\"'<>]*+'"
        r"|\"[^\"<]{0,2000}+\"|'[^'<]{0,2000}+'|[^\s\"'=<>`]{1,2000}+)"
    )
    name = r"[A-Za-z_:@][\w:.@-]{0,60}+"
    attribute = (
        rf"{space}{{1,200}}+(?:{name}{space}{{0,20}}+={space}{{0,20}}+{value}|(?:{_BARE})\b(?!-))"
    )
    return regex.compile(
        rf"<(?<closes>/?)[A-Za-z][A-Za-z0-9]*+(?:{attribute}){{0,60}}"
        rf"{space}{{0,200}}+(?<empty>/?)>",
        regex.IGNORECASE,
    )


@cache
def declaration() -> Any:
    import regex

    return regex.compile(r"<(?:![A-Za-z][^<>]{0,500}+>|\?[A-Za-z][^<>]{0,500}+>)")
