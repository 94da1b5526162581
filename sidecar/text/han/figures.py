"""Put Chinese and Japanese figures into a form that `wetext` reads correctly.

There is no table of numbers here: a span is put into a form that the grammar knows, with its signs
as words. docs/text.md lists how that grammar reads the original forms.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

from sidecar.text.han.numbers import spell_dialled, spell_digits
from sidecar.text.numerals import verbalize

_Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]

NUMBER = r"\d+(?:\.\d+)?"
_HAN = "\u4e00-\u9fff"
_WIDE = re.compile(
    r"(?<=\d)[％‰℃：～〜－／＋．＝＜＞](?=[\d％-])|[＄￡](?=\d)|(?<=\d)％|[０-９]|(?<![\w…])[－＋](?=[\d０-９])"
)
_COMPAT = re.compile(r"(?<=[\d/ ])[\u3371-\u337a\u3380-\u33df](?![\d])|µ(?=[a-zA-Z])")
_PART = re.compile(r"(\d?)([¼½¾⅐-⅞])")
# Spaces as separators of thousands, with the counted thing right after the number.
_SPACED = re.compile(rf"(?<![\d.,+-])(?<!\d )[1-9]\d{{0,2}}(?:[ \u00a0\u202f]\d{{3}})+(?=[{_HAN}])")

# The forms that the grammar knows. It spells other symbols letter by letter, with "m" as metres.
_UNITS = {
    "mL": "ml", "ML": "ml", "KM": "km", "Km": "km", "KG": "kg", "Kg": "kg", "CM": "cm",
    "MM": "mm", "m2": "m²", "m3": "m³", "km2": "km²", "cm2": "cm²", "cm3": "cm³",
}  # fmt: skip
_CHINESE_UNITS = _UNITS | {
    "g": "克", "t": "吨", "L": "升", "V": "伏", "J": "焦", "kJ": "千焦", "cal": "卡",
    "Wh": "瓦时", "kWh": "千瓦时", "Ah": "安时", "mAh": "毫安时", "mmHg": "毫米汞柱",
    "Hz": "赫兹", "kHz": "千赫兹", "KHz": "千赫兹", "MHz": "兆赫兹", "GHz": "吉赫兹", "dB": "分贝",
    "cc": "毫升", "m/s²": "米每二次方秒", "m/s2": "米每二次方秒",
}  # fmt: skip
_JAPANESE_UNITS = _UNITS | {"L": "リットル", "℃": "度", "°C": "度", "t": "トン"}
# Before one of these, "4G" is a mobile network and not a weight.
_NETWORK = r"(?!网|手机|信号|时代|基站|技术)"
_SPACED_UNITS = r"km/h|km²?|kg|cm²?|mm|ml|m[²³]?|mg|μg|%|℃|°C"

_AMOUNT = (
    r"%|‰|℃|°[CF]?|[A-Za-z]{1,4}[²³]?(?:/[A-Za-z]{1,3})?"
    r"|[年月日号時时点分秒元円块角万萬亿億千百度米克斤岁歳人次回倍个個天周楼层階章节页級级本台]{1,3}"
)
_DASH = r"\s?[-–—~～〜]\s?"
_SCORE = re.compile(
    r"比分|[胜勝败敗]|负于|告负|[战打踢]平|领先|落后|逆转|力克|淘汰|横扫|绝杀|告捷|失利"
)
_NUMBERED = re.compile(r"室|房|客机|飞机|系列|型")
_LABEL = re.compile(r"[图表式例注题图圖]$")
_PAIR = re.compile(
    rf"(?<![\w.:/+×÷=,-])(?P<a>{NUMBER})(?P<sign>[-–—~～〜]|/)(?P<b>{NUMBER})"
    rf"(?![\d:/=+×÷-]|\.\d|等于|[A-Z])",
    re.ASCII,
)
# Day and month may be in either order; and the grammar reads no number of nine digits or more.
_KEPT = re.compile(
    r"\\\(.{1,300}?\\\)|\\\[.{1,300}?\\\]|"
    r"(?<![\d/])\d{1,2}/\d{1,2}/\d{1,2}(?![\d/])"
    r"|[-−$€£¥￥]?(?<![\d,.])\d(?:,?\d){8,}(?:\.\d+)?"
    r"\s?[A-Za-z℃°%％‰]+|[-−$€£¥￥]?(?<![\d,.])\d(?:,?\d){15,}(?:\.\d+)?",
    re.ASCII,
)
_PERCENT = re.compile(r"[%‰]")


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def rewrite(text: str, code: str) -> str:
    """Put the figures into forms that the grammar reads correctly; `code` is zh or ja."""
    text = _WIDE.sub(lambda match: unicodedata.normalize("NFKC", match[0]).replace("〜", "~"), text)
    text = _COMPAT.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    text = _PART.sub(lambda match: _rewrite_fraction(match, code), text)
    text = _SPACED.sub(lambda match: "".join(match[0].split()), text)
    for pattern, said in _make_rules(code):
        text = pattern.sub(said, text)
    return _PAIR.sub(lambda match: _rewrite_range(match, code), text)


def find_kept(text: str) -> list[tuple[int, int]]:
    """Return the places of pairs of figures that the grammar would read wrongly.

    It would take 8-302 for a difference, and 24/7 for a fraction.
    """
    short = [match.span() for match in _KEPT.finditer(text)]
    return sorted([*short, *(match.span() for match in _PAIR.finditer(text) if _is_kept(match))])


def _rewrite_fraction(match: re.Match[str], code: str) -> str:
    fraction = unicodedata.normalize("NFKC", match[2]).replace("\u2044", "/")
    if not match[1]:
        return fraction
    return f"{match[1]}{'又' if code == 'zh' else 'と'}{fraction}"


def _rewrite_range(match: re.Match[str], code: str) -> str:
    a, sign, b = match["a"], match["sign"], match["b"]
    rest = match.string[match.end() : match.end() + 4]
    if sign == "/" or _has_leading_zero(a) or _has_leading_zero(b):
        return match[0]
    if len(a) == 4 and sign == "-" and rest.startswith("年"):
        return match[0]  # years, which the grammar reads by their digits
    to = "到" if code == "zh" else "から"
    counted = re.match(rf"\s?(?:[%‰℃°a-zμ]|[{_HAN}])", rest) is not None
    if code == "zh" and not counted and _is_years(a, b):
        return f"{spell_digits(a, code)}{to}{spell_digits(b, code)}"
    week = match.string.endswith(("周", "星期"), 0, match.start())
    if sign in "~～〜" or (float(a) < float(b) and (counted or week) and not _is_other(match)):
        percent = _PERCENT.match(rest)
        if match.string.endswith("第", 0, match.start()):
            a = verbalize(a, code)  # 第二, before any measure word
        return f"{a}{percent[0] if percent else ''}{to}{b}"
    if _is_score(match):
        return f"{a}{'比' if code == 'zh' else '対'}{b}"
    return match[0]


def _is_other(match: re.Match[str]) -> bool:
    """Return whether it is neither a range nor a difference: 图3-2, 3-201室, 以1-2失利."""
    text, start, end = match.string, match.start(), match.end()
    labelled = _LABEL.search(text[max(0, start - 1) : start]) or _NUMBERED.match(text, end)
    return _is_score(match) or labelled is not None


def _is_score(match: re.Match[str]) -> bool:
    near = match.string[max(0, match.start() - 6) : match.end() + 4]
    return _SCORE.search(near) is not None and "." not in match[0]


def _is_kept(match: re.Match[str]) -> bool:
    a, b = match["a"], match["b"]
    if match["sign"] == "/":
        return "." not in a + b and float(a) >= float(b) and (float(a) > 12 or len(a) == 4)
    if match.string.startswith("年", match.end()):
        return False  # years, which the grammar reads by their digits
    most = max(len(number.partition(".")[0]) for number in (a, b))
    # 2024-12 is a month.
    return not (_has_leading_zero(a) or _has_leading_zero(b)) and (
        most <= 3 or len(a) == len(b) == 4
    )


def _is_years(a: str, b: str) -> bool:
    return len(a) == len(b) == 4 and "19" <= a[:2] <= b[:2] <= "20" and a < b


def _has_leading_zero(number: str) -> bool:
    return len(number) > 1 and number[0] == "0" and number[1] != "."


@cache
def _make_rules(code: str) -> list[_Rule]:
    units = _CHINESE_UNITS if code == "zh" else _JAPANESE_UNITS
    names = "|".join(sorted(map(re.escape, units), key=len, reverse=True))
    to = "到" if code == "zh" else "から"
    first: list[_Rule] = [
        # The clauses are cut at white space.
        (_compile(r"(?<=\d)\s?([=≤≥<>/+])\s?(?=-?\d)"), r"\1"),
        # Before a number in words, and the typographic sign.
        (
            _compile(r"(?<![\w)])[-−](?=[一二三四五六七八九十百千])"),
            "负" if code == "zh" else "マイナス",
        ),
        (_compile(r"(?<![\w)])−(?=\d)"), "-"),
        (_compile(rf"({NUMBER})\s({_SPACED_UNITS})(?![A-Za-z])"), r"\1\2"),
        (
            _compile(
                rf"(?<![A-Za-z.])(?<![A-Za-z]-)({NUMBER})\s?({names})(?![A-Za-z0-9]){_NETWORK}"
            ),
            lambda match: match[1] + units[match[2]],
        ),
        (_compile(r"(?<=/)(mL|m[23])(?![A-Za-z0-9])"), lambda match: units[match[1]]),
        # 5%-10%, 10点-12点: the grammar takes the hyphen for a minus.
        (
            _compile(rf"(?<![\w.])({NUMBER})({_AMOUNT}){_DASH}(?=-?{NUMBER}\s?(?:{_AMOUNT}))"),
            rf"\1\2{to}",
        ),
        (_compile(rf"([年月日号時时点元円万萬亿億千百]){_DASH}(?={NUMBER}\1)"), rf"\1{to}"),
        (_compile(rf"(?<![\w.])({NUMBER}([{_HAN}]{{1,3}})){_DASH}(?={NUMBER}\2)"), rf"\1{to}"),
    ]
    return first + (_make_chinese_rules() if code == "zh" else _make_japanese_rules())


def _make_chinese_rules() -> list[_Rule]:
    def digits(match: re.Match[str]) -> str:
        return spell_digits(match[0], "zh")

    def season(match: re.Match[str]) -> str:
        return f"{spell_digits(match[1], 'zh')}到{spell_digits(match[2], 'zh')}"

    return [
        # Dates and times.
        (_compile(r"(?<![\w.版本-])(?<![A-Za-z] )((?:19|20)\d\d)[.·](0?[1-9]|1[0-2])"
             r"[.·](0?[1-9]|[12]\d|3[01])(?![\w.])"), r"\1年\2月\3日"),
        (_compile(r"(?<!\d)0(?=[1-9][月日号])"), ""),
        # 二 and not 两, before any measure word.
        (_compile(r"(?<=第)2(?![\d.]|[-–—~～])"), digits),
        (_compile(r"(?<![\d年])\d\d(?=年\d{1,2}月)"), digits),
        (_compile(r"(?<!\d)((?:19|20)\d\d)[-–—~/]((?:19|20)?\d\d)(?=赛季|学年|财年|年度|财季)"),
         season),
        (_compile(r"(?<!\d)(\d0)[-–—~](\d0)(?=后)"), season),
        (_compile(r"(?<![\d:])(\d{1,2}:\d\d)\s+([AaPp])\.?([Mm])\b\.?"), r"\1\2\3"),
        (_compile(r"(?<![\d:.])(1[0-2]|[1-9])\s?([AaPp])\.?([Mm])\b"), r"\1:00\2\3"),
        (_compile(r"(?<![\d·])\d{1,2}·\d{1,2}(?![\d·])"),
         lambda match: spell_dialled(match[0].replace("·", ""))),
        (_compile(r"(?<![\w.-])\d-\d-\d(?:-\d)?(?![\w-])"),
         lambda match: spell_digits(match[0].replace("-", ""), "zh")),
        (_compile(r"(?<=\d)h(\d+)\s?m(?:in)?(?![A-Za-z])"), r"小时\1分钟"),
        # Signs.
        (_compile(rf"(-?{NUMBER})‰"), r"千分之\1"),
        (_compile(r"(?<=\d)\^-(?=\d)"), "^负"),
        (_compile(r"(?<=\d)\^(负?\d+)"), r"的\1次方"),
        (_compile(r"(?<=\d)\s?÷\s?(?=\d)|(?<=\d)/(?=\d+=)"), "除以"),
        (_compile(r"(?<=\d)(?<!\b0)(?:x|\sx\s)(?=\d)|(?<=[\w)])\s?[*×]\s?(?=\d)"), "乘"),
        (_compile(r"(?<=[A-Za-z²³)%元])\+(?=\d)|(?<=\d)\s?\+\s?(?=\d)"), "加"),
        (_compile(r"(?<=\d)w(?:\+|(?![A-Za-z\d]))|(?<=\d)W\+"),
         lambda match: "万加" if "+" in match[0] else "万"),
        (_compile(rf"(?<=[0万亿千百])\+(?=[{_HAN}])"), "多"),
        (_compile(r"(?<=[\d万亿千百])\+(?![\d+])"), "加"),
        (_compile(r"(?<![-=<>])\s?>\s?(?=-?\d)|(?<=\d)>(?=[A-Za-z])"), "大于"),
        (_compile(r"(?<![-=<>])\s?<\s?(?=-?\d)|(?<=\d)<(?=[A-Za-z])"), "小于"),
        (_compile(r"≈\s?(?=-?\d)"), "约等于"),
        (_compile(r"(?<=[\s(（，。：、])[~～](?=\d)"), "约"),
        (_compile(r"(?<=[A-Za-z²³)])\s?=\s?(?=-?\d)"), "等于"),
        (_compile(r"(?<=\d)²"), "的平方"),
        (_compile(r"(?<=\d)³"), "的立方"),
        (_compile(r"(?<=[\d%℃])±(?=\d)"), "正负"),
        (_compile(r"(?<=满)(\d+)-(?=\d)"), r"\1减"),
        (_compile(rf"({NUMBER}[十百千万亿]*(?:[美欧日港]元|英镑|[万亿]元|[次人万亿]))/(?=[{_HAN}])"),
         r"\1每"),
        (_compile(rf"(?<![\w&/])#(\d+)(?![\w-])|(?<![\w#.{_HAN}-])(\d{{1,2}})#(?![\w#])"),
         lambda match: f"{match[1] or match[2]}号"),
        # 歼-20 is a name.
        (_compile(r"(?<=[歼轰运直征风舟娥宫空剑])-(?=\d)"), ""),
        (_compile(r"(?<=时速)(\d+)\s?km/h"), r"\1公里"),
        (_compile(r"-(?=\d+/\d|百分之\d)"), "负"),
        (_compile(r"(?<!\d)2(?=分之)"), "二"),
        (_compile(r"(?<!\d)((?:19|20)\d\d)/0?([1-9]|1[0-2])(?![\d/])"), r"\1年\2月"),
    ]  # fmt: skip


def _make_japanese_rules() -> list[_Rule]:
    return [
        (_compile(r"(?<=\d)\s?÷\s?(?=\d)"), "割る"),
        (
            _compile(r"(?<![\d.])((?:19|20)\d\d)\.0?([1-9]|1[0-2])\.0?([1-9]|[12]\d|3[01])(?![\d.])"),
            r"\1年\2月\3日",
        ),
        (
            _compile(
                r"(?<![\d/])(1[0-2]|[1-9])/(?:([12]?\d|3[01])(?=から|まで|です)"
                r"|(1[3-9]|2\d|3[01])(?=[にのはがもへ(（、]))"
            ),
            lambda match: f"{match[1]}月{match[2] or match[3]}日",
        ),
        (_compile(r"√(?=\d)"), "ルート"),
        # Days of the week, spans of time, noughts.
        (_compile(r"[(（]([月火水木金土日])[〜～~-]([月火水木金土日])[)）]"), r"\1曜日から\2曜日"),
        (_compile(r"(?<=日)[(（]([月火水木金土日])[)）]"), r"\1曜日"),
        (_compile(r"(?<=[年月日時分秒代旬紀頃前後曜])[〜～~](?=[\d平令昭大明紀西])"), "から"),
        (_compile(r"(?<!\d)0(?=時)"), "零"),
        (_compile(r"(?<=\d)\s?[x*×]\s?(?=\d)"), "掛ける"),
    ]  # fmt: skip
