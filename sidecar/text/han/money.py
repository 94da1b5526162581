"""Put sums in Chinese and Japanese into a form that `wetext` reads correctly: $5 → 5美元."""

from __future__ import annotations

import re
from functools import cache

from sidecar.text.han.figures import NUMBER
from sidecar.text.numerals import verbalize

# The names of signs that the grammar does not know.
_NAMES = {
    "zh": {
        "US$": "美元", "HK$": "港元", "NT$": "新台币", "C$": "加元", "CA$": "加元",
        "AU$": "澳元", "S$": "新加坡元", "₩": "韩元", "RMB": "元", "CNY": "元", "USD": "美元",
        "EUR": "欧元", "GBP": "英镑", "HKD": "港元", "JPY": "日元",
    },
    "ja": {"US$": "ドル", "USD": "ドル", "JPY": "円", "EUR": "ユーロ"},
}  # fmt: skip
_SIGN = r"(?:(?:US|HK|NT|AU|CA|[ACS])?\$|[€£¥￥₽฿₹₩])"
_CODE = r"(?:RMB|CNY|USD|EUR|GBP|HKD|JPY)"
_POWER = r"[十百千万萬亿億兆]*"
_NAMED = r"美元|美金|元|人民币|港[元币]|日元|欧元|英镑|円|ドル|ユーロ|ポンド"
_SUM = re.compile(
    rf"(?<![A-Za-z\d$])(?P<sign>{_SIGN}|{_CODE})\s?(?P<a>{NUMBER}{_POWER})"
    rf"(?:\s?[-–—~～〜到至]\s?(?P=sign)?\s?(?P<b>{NUMBER}{_POWER}))?(?P<named>{_NAMED})?"
    r"(?![A-Za-z\d]|[.,]\d)",
    re.ASCII,
)
_BEHIND = re.compile(
    rf"(?<![\w.$])(?P<a>{NUMBER}{_POWER})\s?(?P<sign>[$€£¥￥]|{_CODE})(?![\w$])", re.ASCII
)
_GROUPED = re.compile(rf"({_SIGN}|{_CODE})(\s?)(\d{{1,3}}(?:,\d{{3}})+)(?!\d)")


def name_currencies(text: str, code: str) -> str:
    """Replace the signs of currencies by their names; `code` is zh or ja."""
    text = _GROUPED.sub(lambda match: match[1] + match[2] + match[3].replace(",", ""), text)
    text = _SUM.sub(lambda match: _spell(match, code), text)
    return _BEHIND.sub(lambda match: _spell_before_sign(match, code), text)


def _spell(match: re.Match[str], code: str) -> str:
    name = _find_name(match["sign"], code)
    if name is None:
        return match[0]
    if match["named"] and match["named"] != "元":
        name = match["named"]
    to = "到" if code == "zh" else "から"
    return match["a"] + (f"{to}{match['b']}" if match["b"] else "") + name


def _spell_before_sign(match: re.Match[str], code: str) -> str:
    name = _find_name(match["sign"], code)
    return match[0] if name is None else match["a"] + name


@cache
def _find_name(sign: str, code: str) -> str | None:
    """Return the name of a currency; the grammar says it after a number."""
    if sign in _NAMES[code]:
        return _NAMES[code][sign]
    said, number = verbalize(f"{sign}5", code), verbalize("5", code)
    return said.removeprefix(number) if said.startswith(number) and said != number else None
