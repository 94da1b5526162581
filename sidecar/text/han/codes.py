"""Figures that are names, in Chinese and Japanese: telephone numbers, accounts, passwords.

They are read digit by digit. If the grammar of `wetext` knows a form of a telephone number, the
number is put into that form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sidecar.text.han.numbers import spell_dialled, spell_digits

_GAP = r"[-\s]"
_MOBILE = rf"1[3-9]\d{_GAP}?\d{{4}}{_GAP}?\d{{4}}(?![\d.]|{_GAP}\d)"
_CHINA = re.compile(rf"(?<![\w.])\(?(?:\+|00)86\)?{_GAP}?(?={_MOBILE})", re.ASCII)
_SPACED_MOBILE = re.compile(rf"(?<![\d.-])(?<!\d ){_MOBILE}")
_LANDLINE = re.compile(
    r"(?<![\d.-])[(（]?(0(?:10|2\d|[3-9]\d\d))(?:[)）]\s?|[-\s])(\d{3,4})[-\s]?(\d{4})(?![\d.])"
)
_SERVICE = re.compile(r"(?<![\d.-])([48]00)[-\s]?(\d{3})[-\s]?(\d{4})(?![\d.]|-\d)")
_LOCAL = re.compile(r"(?<![\w.-])(?!(?:19|20)\d\d-(?:19|20))[2-9]\d{3}-\d{4}(?![\w.-])")
_ABROAD = re.compile(rf"(?<![\w.])\+(\d{{1,3}})((?:{_GAP}\d{{2,4}}){{2,4}})(?![\d.])", re.ASCII)
_CARD = re.compile(r"(?<![\d.-])\d{4}(?:(?: \d{4}){3,}(?: \d{1,4})?|(?:-\d{4}){3,})(?![\d.-])")
_COUNTED = (
    r"(?![\d,.%/:℃°-]"
    r"|[年月日元万亿个次位人天分米块千百多张份笔单条字组间层户名件套美欧港]|号[楼线])"
)
_LONG = re.compile(rf"(?<![A-Za-z\d.,第−-])\d{{12,}}(?:[Xx](?![A-Za-z\d])|(?![A-Za-z]){_COUNTED})")
_NAMED = re.compile(
    r"((?:QQ群?|[Q单账帐卡学工证编机群]号|订单(?=[号：:])|身份证|银行卡|密码|口令|[验校]证?码"
    r"|邮编|邮政编码|股票代码|取件码|房间|房号|端口)(?:号?码?[是为：:]?\s?))"
    rf"(\d{{3,11}}){_COUNTED}"
)
_PHONE = re.compile(rf"((?:电话|手机|传真|微信|座机)号?码?[是为：:]?\s?)(\d{{6,10}}){_COUNTED}")
_ROOM = re.compile(r"(?<![A-Za-z\d.第,-])[1-9]\d{2,3}(?=室|房间|号房|路公交|路车|国道)")

_JAPAN = re.compile(
    r"(?<![\w.])\+81[-\s]?(?:\(0\))?(\d{1,4})[-\s](\d{2,4})[-\s](\d{3,4})(?!\d)", re.ASCII
)
# The grammar knows 03-1234-5678 and 090-1234-5678, but no other division.
_DOMESTIC = re.compile(r"(?<![\d.-])(?!0\d0?-\d{4}-\d{4})(0\d{1,4})-(\d{2,4})-(\d{3,4})(?![\d-])")
_POSTCODE = re.compile(r"〒\s?(\d{3})-(\d{4})(?!\d)")


def spell_codes(text: str, code: str) -> str:
    """Spell the figures that are names; `code` is zh or ja."""
    return _spell_chinese(text) if code == "zh" else _spell_japanese(text)


def _spell_chinese(text: str) -> str:
    text = _CHINA.sub(f"加{spell_dialled('86')} ", text)
    text = _SPACED_MOBILE.sub(lambda match: re.sub(r"\D", "", match[0]), text)
    text = _LANDLINE.sub(r"\1-\2\3", text)
    text = _SERVICE.sub(r"\1-\2-\3", text)
    text = _ABROAD.sub(_spell_international, text)
    for pattern in (_CARD, _LOCAL, _LONG):
        text = pattern.sub(lambda match: spell_dialled(match[0].replace("-", " ")), text)
    for pattern in (_NAMED, _PHONE):
        text = pattern.sub(lambda match: match[1] + spell_dialled(match[2]), text)
    return _ROOM.sub(lambda match: spell_dialled(match[0]), text)


def _spell_international(match: re.Match[str]) -> str:
    return f"加{spell_dialled(match[1])} {spell_dialled(match[2].replace('-', ' ').strip())}"


def _spell_japanese(text: str) -> str:
    text = _JAPAN.sub(lambda match: f"プラス{_spell_groups(['81', *match.groups()])}", text)
    text = _POSTCODE.sub(lambda match: f"郵便番号{_spell_groups(match.groups())}", text)
    return _DOMESTIC.sub(lambda match: _spell_groups(match.groups()), text)


def _spell_groups(groups: Iterable[str]) -> str:
    """Spell groups of digits as the grammar does for the numbers that it knows."""
    return "の".join(spell_digits(group, "ja").replace("〇", "ゼロ") for group in groups)
