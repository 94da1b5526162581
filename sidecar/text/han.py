"""Chinese and Japanese: `wetext` spells each clause that has a figure, and its answer is checked.

The words around a figure decide how it is read (两个, 第三章), so the library gets the clause.
Forms that it does not know are put into forms that it knows first; docs/text.md lists them. Then
the numbers are read back from its words: if they are not those of the clause, as when it takes 12.5
for a date, its figures are tried alone, and what is still not certain stays as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

from sidecar.text.numerals import LONGEST, any_of, load_names, spell_digits, verbalize

_Said = str | Callable[[re.Match[str]], str]
_Rules = list[tuple[str, _Said]]

_N = r"\d+(?:\.\d+)?"
_HAN = "\u4e00-\u9fff"
_DASH = r"[-–—~～〜]"
_NUMERAL = "[零〇一二三四五六七八九十百千万亿億兆]"
# A hyphen that is a sign.
_MINUS = r"(?<![\dA-Za-z)%零一二三四五六七八九十百千万亿億])[-−]"
_FIGURE = re.compile(r"[\d¼½¾⅐-⅞]")
# What the library would damage: names such as "GPT-4", which it takes for arithmetic; versions.
_APART = re.compile(
    r"((?<![A-Za-z0-9])(?:[A-Z]{2,} \d{3,4}(?!\d)|[A-Za-z]+[-–.]?\d[\w.-]*(?<=[A-Za-z0-9])"
    r"|\d+[A-Za-z]\d+|\d+S?L?DK|\d+(?:\.\d+)?[A-Z](?![A-Za-z])|N[oO]\. ?\d+"
    r"|[$€£¥]\d+(?:\.\d+)?[KMBkmb][A-Za-z]*)|\+\d{1,3}(?:[- ]\d{2,4}){2,}"
    r"|(?<!\d)(?:\d+(?:[- ]\d{2,4}){3,}|\d+(?:\.\d+){2,}(?:[:-]\w+)?)|[\"\\\s]+)",
    re.ASCII,
)
# A text is spelled by its clauses, and one that is not certain by its figures.
_CLAUSES = re.compile(r"([，。！？；、“”‘’「」『』（）《》…\n]+|：(?!\d))")
_FIGURES = re.compile(
    rf"((?:[$€£¥￥第]|{_MINUS})?(?<![A-Za-z\d.])(?<![A-Za-z]-)"
    rf"\d[\d.,:/%=+×÷<>~～〜–—¼½¾⅐-⅞-]*[A-Za-z²³℃°%]*[{_HAN}]{{0,3}})"
)
# Words that may precede a figure. They contain no figure, so they are returned as they are.
_WORDS = re.compile(rf"(?:(?:QQ)?[{_HAN}]{{1,6}}：?|[A-Z]{{2,}} )\Z")
# A sign or letters beside a number in words.
_UNSAID = re.compile(
    rf"(?<={_NUMERAL})(?:[#^=<>≥≤±×÷/+~%％‰°℃]|[ap]m)|[-#^=<>≥≤±√×÷/+~$€£¥＄￡](?={_NUMERAL})"
)
_PLACES = {"兆": 12, "亿": 8, "億": 8, "万": 4, "千": 3, "百": 2, "十": 1}
_DIGITS = str.maketrans("零〇一二三四五六七八九两幺", "0012345678921")
_RUN = re.compile(r"([\d兆亿億万千百十]+)(?:[.点](\d+)(?![\d十百分秒]))?")
# Marks between digits, 百分之, and 千 in a unit's name are no part of a number.
_NO_NUMBER = re.compile(r"(?<![\d一-九])[百千]分[之の]|千(?=[克米瓦焦赫帕])")
# Digits and signs of telephone numbers.
_DIALLED = {
    "zh": {"1": "幺", "+": "加", "-": " ", "(": "", ")": " "},
    "ja": {"0": "ゼロ", "+": "プラス", "〒": "郵便番号", "-": "の", " ": "の"},
}
_DATE = 12  # "24/7" is no fraction, and "3/2" may be one


def spell(text: str, code: str, *, before: str = "") -> str:
    """Spell the figures in a part of a text.

    Args:
        code: zh or ja.
        before: the text right before it.
    """
    if (words := _WORDS.search(before)) is not None:
        whole = spell(words[0] + text, code)
        if whole.startswith(words[0]):
            return whole.removeprefix(words[0])
    return "".join(_spell_clause(clause, code) for clause in _CLAUSES.split(text))


def _spell_clause(clause: str, code: str) -> str:
    said = _say(clause, code)
    if said is None:
        said = "".join(_spell_figure(part, code) for part in _FIGURES.split(clause))
        return clause if _UNSAID.search(said) else said
    return said


def _spell_figure(text: str, code: str) -> str:
    said = _say(text, code)
    if said is None and code == "zh" and len(text) <= LONGEST:
        number = re.match(rf"({_N})([{_HAN}]*)$", _rewrite(text, code))
        said = _count(number[1], code) + number[2] if number else None
    return text if said is None else said


def _say(text: str, code: str) -> str | None:
    """Return what the library says; None if that is not certain."""
    if not _FIGURE.search(text):
        return text
    if len(text) > LONGEST:
        return None
    parts = _APART.split(_rewrite(text, code))
    said = [  # every other part is a name
        verbalize(part, code) if at % 2 == 0 and _FIGURE.search(part) else part
        for at, part in enumerate(parts)
    ]
    is_certain = all(map(_agree, parts[::2], said[::2]))
    return "".join(said).replace("〇点", "零点") if is_certain else None


def _agree(written: str, said: str) -> bool:
    """Return whether what is said has the numbers that were written, and nothing else is wrong."""
    if not _FIGURE.search(written):
        return True
    if _FIGURE.search(said) or _UNSAID.search(said) or ("幺" in said and "幺" not in written):
        return False
    # A sum has "=", a score a colon, and a date is no fraction.
    if (re.search("[减減]", said) and "=" not in written) or (
        re.search("[比対]", said) and not re.search("[:比対]", written)
    ):
        return False
    fraction = re.search(r"(\d+)/(\d+)(/\d)?", written)
    if fraction and "分" in said and (fraction[3] or _DATE < int(fraction[1]) >= int(fraction[2])):
        return False
    signs = len(re.findall(rf"{_MINUS}(?=[\d.])|负|マイナス", written))
    minus = len(re.findall("(?<!正)负|(?<!プラス)マイナス", said))
    return _find_numbers(written) == _find_numbers(said) and ("=" in written or signs == minus)


def _find_numbers(text: str) -> list[tuple[int, str]]:
    """Return the numbers in a text, whether in figures or in words, but noughts."""
    text = _NO_NUMBER.sub("", text).replace("ゼロ", "0").translate(_DIGITS)
    found = ((_value(run[1]), run[2] or "") for run in _RUN.finditer(text))
    return sorted(number for number in found if any(number))


def _value(words: str) -> int:
    for place, power in _PLACES.items():
        head, found, tail = words.rpartition(place)
        if found and power < 4 and len(head.lstrip("0")) > 1:
            return -1  # 一一千
        if found:
            return (_value(head) if head else 1) * 10**power + _value(tail)
    return int(words or 0)


def _count(number: str, code: str) -> str:
    """Spell a number as a count: above eight digits in groups, since the library knows no more."""
    whole, _, part = number.partition(".")
    power, name = (8, "亿") if code == "zh" else (12, "兆") if len(whole) > 12 else (8, "億")
    head, tail = divmod(int(whole), 10**power)
    if head:
        nought = "零" if code == "zh" and 0 < tail < 10 ** (power - 1) else ""
        said = _count(str(head), code) + name + nought + (_count(str(tail), code) if tail else "")
        said = re.sub("^千", "一千", said) if code == "ja" else said
    else:  # after "about" the library expects a number, and not a date or a telephone's
        said = verbalize(f"约{whole}", code)[1:] if code == "zh" else verbalize(whole, code)
    return f"{said}点{spell_digits(part, code)}" if part else said


def _dial(match: re.Match[str], code: str) -> str:
    """Spell a number that is a name; in Chinese with 幺 for 一, which sounds like 七."""
    signs = _DIALLED[code]
    return "".join(
        signs[char] if char in signs else verbalize(char, code) if char.isdigit() else char
        for char in match[0]
    )


def _rewrite(text: str, code: str) -> str:
    """Put the figures into forms that the library reads correctly."""
    for pattern, said in _make_rules(code):
        text = pattern.sub(said, text)
    return text


@cache
def _make_rules(code: str) -> list[tuple[re.Pattern[str], _Said]]:
    names = load_names({"zh": "chinese", "ja": "japanese"}[code])
    units, signs = names["units"], names["signs"]
    money = {sign: name for keys, name in names["currencies"].items() for sign in keys.split()}
    to, mixed, minus = ("到", "又", "负") if code == "zh" else ("から", "と", "マイナス")
    number, code_or_sign = rf"{_N}[十百千万萬亿億兆]*", any_of(money)

    def normalize(match: re.Match[str]) -> str:
        form = unicodedata.normalize("NFKC", match[0]).replace("−", "-").replace("\u2044", "/")
        is_mixed = match["part"] and match.string[: match.start()][-1:].isdigit()
        return mixed + form if is_mixed else form

    def pay(match: re.Match[str]) -> str:
        name = match["named"] if match["named"] not in (None, "", "元") else money[match["sign"]]
        return match["a"] + (f"{to}{match['b']}" if match["b"] else "") + name

    def span(match: re.Match[str]) -> str:
        a, b = match["a"], match["b"]
        if match["dash"] == "-" and (float(a) >= float(b) or len(a) == len(b) == len("2024")):
            return match[0]  # years, which the library reads by their digits
        return f"{a}{match['unit'] or match['percent'] or ''}{to}{b}"

    def name(match: re.Match[str]) -> str:
        return signs.get(match["sign"], match[0])

    rules: _Rules = [
        # Signs and figures that only look different.
        (
            r"(?<=\d)[％‰：～／＋．＝＜＞](?=[\d％-])|(?<=\d)％|[０-９㍱-㍺㎀-㏟]|[－＋＄￡−](?=[\d０-９])"
            r"|(?P<part>[¼½¾⅐-⅞])(?!\d)", normalize,
        ),
        *(_CHINESE if code == "zh" else _JAPANESE),
        # Grouped numbers.
        (
            r"(?<!\d)(?<!\d[.,])\d{1,3}(?:(?:,\d{3})+(?!,?\d)"
            rf"|(?: \d{{3}})+(?=[{_HAN}]))", lambda match: re.sub("[, ]", "", match[0]),
        ),
        (r"(?<=\d)\s?([=≤≥<>/+])\s?(?=-?\d)", r"\1"),
        (
            rf"(?<![A-Za-z\d$])(?P<sign>{code_or_sign})\s?(?P<a>{number})"
            rf"(?:\s?[-–—~～〜到至]\s?(?P=sign)?\s?(?P<b>{number}))?"
            r"(?P<named>[美日欧港]?元|人民币|英镑|円|ドル|ユーロ|ポンド)?(?![A-Za-z\d]|[.,]\d)",
            pay,
        ),
        (rf"(?<![\w.$])(?P<a>{number})\s?(?P<sign>{code_or_sign})(?P<b>)(?P<named>)(?![\w$])", pay),
        (rf"({_N}[十百千万亿]*(?:[美欧日港]元|英镑|[次人]))/(?=[{_HAN}])", r"\1每"),
        # Numbers of more digits than the library knows; before letters they stay.
        (
            r"(?<![\d,./A-Za-z])(?<!\d-)[1-9]\d{8,15}(?:\.\d+)?(?![\d,.]|\s?[A-Za-z℃°%‰])",
            lambda match: _count(match[0], code),
        ),
        (
            rf"(?:(?<=\d)\s?({any_of(units)})|(?<=/)(m[23]|mL))(?![A-Za-z0-9])",
            lambda match: units[match[1] or match[2]],
        ),
        (r"(?<=\d)\s(?=(?:km/h|k[mg]²?|cm²?|m[mgl]|m[²³]?|%)(?![A-Za-z]))", ""),
        (r"(?<=[\dA-Za-z²³)%])\s?(?P<sign>[+×÷]|(?<=\d)[*x])\s?(?=\d)", name),
        (r"(?<![-=<>\w])\s?(?P<sign>[>≈√])\s?(?=-?\d)", name),
        (rf"{_MINUS}(?=\d+/\d|百分之\d|[一二三四五六七八九十千百])", minus),
        # 5%-10%, 3-5天: the library takes the hyphen for a minus.
        (
            rf"(?<![\w.:/+×÷=,-])(?<![图表式例注题])(?P<a>-?{_N})"
            rf"(?P<unit>%|‰|℃|°C|[A-Za-z]{{1,4}}²?|[{_HAN}]{{1,3}})?"
            rf"(?P<dash>\s?[–—~～〜]\s?|\s-\s|-)(?P<b>{_N})(?![\d:/=+×÷-]|\.\d)"
            rf"(?=(?P<percent>%)|\s?(?:[‰℃°a-zμ²³]|(?!室|房|系列|型|客机|飞机|等于)[{_HAN}]))",
            span,
        ),
        (rf"([年月日号時时点元円万亿億千百])\s?{_DASH}\s?(?={_N}\1)", rf"\1{to}"),
    ]  # fmt: skip
    return [(re.compile(pattern, re.ASCII), said) for pattern, said in rules]


_MONTH, _DAY = r"0?(1[0-2]|[1-9])", r"0?([12]\d|3[01]|[1-9])"
_YEAR = r"(?<![\d.版本-])(?<![A-Za-z] )((?:19|20)\d\d)"
_CHINESE: _Rules = [
    # Figures that are names: telephone numbers, cards, accounts, rooms.
    (
        r"(?<![\w.,$￥¥-])(?:(?:\+|00)86[- ]?)?(?:1[3-9]\d[- ]?\d{4}[- ]?\d{4}|[48]00[- ]?\d{3}"
        r"[- ]?\d{4}|\(?0(?:10|2\d|[3-9]\d\d)[)-]? ?\d{7,8}|\d{4}(?: \d{4}){3,})(?![\d.,]|[- ]\d)"
        r"|(?:号码|[账卡单学工尾]号|身份证|密码|验证码|邮编|房间|电话|手机|热线|拨打|QQ)号?[是为：:]?"
        r"\s?\d{3,}(?![\d,.%/:°-]|[元万千百张单个次年月])|(?<![\d.,A-Za-z-])(?:\d{15,}[Xx]?"
        r"(?![A-Za-z\d.,元])|[1-9]\d{2,3}(?=室|房间|号房|路公交))",
        lambda match: _dial(match, "zh"),
    ),
    (rf"{_YEAR}[.·/]{_MONTH}[.·/]{_DAY}(?![\w.])", r"\1年\2月\3日"),
    (rf"{_YEAR}(?:/|\.(?=0\d)){_MONTH}(?![\d/.元美])", r"\1年\2月"),
    (r"(?<!\d)0(?=[1-9][月日号])", ""),
    (r"(?<=第)2(?![\d.,])|(?<!\d)2(?=分之)", "二"),  # not 两, before any measure word
    (r"(?<=[\d万亿千百])\+(?![\d+])", "多"),
    (r"(?<=[歼轰运直征风舟娥宫空剑])-(?=\d)", ""),  # 歼-20 is a name
]  # fmt: skip
_JAPANESE: _Rules = [
    (
        r"(?<![\w.])\+81[- ]?\d{1,4}[- ]\d{2,4}[- ]\d{3,4}(?!\d)|〒\s?\d{3}-\d{4}(?!\d)"
        r"|(?<![\d.-])(?!0\d0?-\d{4}-\d{4})0\d{1,4}-\d{2,4}-\d{3,4}(?![\d-])",
        lambda match: _dial(match, "ja"),
    ),
    (rf"{_YEAR}\.{_MONTH}\.{_DAY}(?![\d.])", r"\1年\2月\3日"),
    (
        r"(?<![\d/])(1[0-2]|[1-9])/([12]?\d|3[01])"
        r"(?=から|まで|です|(?<=/[1-3]\d)(?<!/1[0-2])[にのはがもへ(（、])", r"\1月\2日",
    ),
    # Days of the week, spans of time.
    (r"[(（]([月火水木金土日])[〜～~-]([月火水木金土日])[)）]", r"\1曜日から\2曜日"),
    (r"(?<=日)[(（]([月火水木金土日])[)）]", r"\1曜日"),
    (r"(?<=[年月日時分秒代旬紀頃前後曜])[〜～~](?=[\d平令昭大明紀西])", "から"),
    (r"(?<!\d)0(?=時)", "零"),
]  # fmt: skip
