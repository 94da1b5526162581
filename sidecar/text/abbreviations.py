"""Abbreviations whose full stop does not end a sentence, beside those that `sentencex` knows.

They are those of everyday texts, in two groups for each language: after the first, the sentence
goes on whatever follows; after the second, it goes on before a numeral. A sentence hardly begins
with a numeral, and hardly ends with "Prof.".
"""

from __future__ import annotations

import re
from functools import cache

_GOES_ON = {
    "en": "approx prof dr mr mrs ms gen capt lt col sgt rev gov sen rep maj hon messrs mt ft vs "
    "viz cf resp incl excl e.g i.e tbsp tsp vol fig mon tue tues wed thu thur thurs fri",
    "de": "dr prof hr fr st nr ca bzw vgl inkl exkl zzgl evtl ggf geb gest abs art bd hrsg sog "
    "z.b d.h u.a i.d.r mio mrd tel str abb kap dipl ing mag allg insb max min",
    "fr": "m mm mme mmes mlle mlles dr pr me mgr st ste bd av env cf ex chap vol art fig éd "
    "p.ex c.-à-d",
    "es": "sr sra srta sres dr dra dn dña d ud uds vd vds st sto sta prof profa ing lic arq av "
    "avda pza núm aprox ej p.ej tel art cap vol fig pág págs ee gral cía admón excmo",
    "it": "sig sigg sig.ra sig.na dott dott.ssa dr prof prof.ssa ing avv arch geom on rag s ss "
    "st mons c.so p.zza p.le v.le pag pagg art cap vol fig es ca circa cfr tel fam gen "
    "col",
    "pt": "sr sra sres srs dr dra drs prof profa eng arq exmo exma ilmo d dom st sto sta av r "
    "al trav pç rod apto ap ed núm pág págs aprox tel art cap vol fig séc ex cf cia ltda "
    "gen cel cap sgt",
    "ru": "гг т.е т.к т.н т.ч см ср напр проф акад доц им ул пр просп пер пл наб бул корп кв стр "
    "рис табл гл илл ред изд обл р-н пос дер ст тел тов гр г-н г-жа св млн млрд тыс руб "
    "коп",
}  # fmt: skip
_BEFORE_NUMERALS = {
    "": "jan feb mar apr jun jul aug sep sept oct nov dec no nos nr n vol fig p pp ch sec art "
    "tel ca c mon tue tues wed thu thurs fri sat sun",
    "en": "approx hrs hr min mins apt st ave blvd rte ext est ed",
    "de": "mrz mai okt dez s seite bd jh",
    "fr": "janv févr avr juil sept oct déc tél n° no nos pag",
    "es": "ene abr ago dic n° nº núm pág sig siglo",
    "it": "gen mag giu lug ago set ott dic n° nr pag sec",
    "pt": "fev abr mai ago set out dez n° nº núm apto",
    "ru": "янв февр апр авг сент окт нояб дек п д кв стр №",
}  # fmt: skip
# After these, a capital begins a sentence.
_ENDS = re.compile(
    r"(?:\b(?:ecc|etc|usw|u\.s\.w)|\d\s?г|\b(?:т\.\s?[дп]|[ap]\.\s?m))\.\W*$"
    r"|(?<!\w)\w{3,}\.(?:[\w-]+\.)*[a-z]{2,}\.\W*$",
    re.IGNORECASE,
)
_LAST = re.compile(r"(?<![\w.])((?:[^\W\d_]|[.°º№]|(?<=\w)-)+)\.\W*$")
_NUMERAL = re.compile(r"\d|[IVX]+\b")
_INITIAL = re.compile(r"(?<![\w°])[^\W\d_]\.\W*$")
_DATE = re.compile(r"(?<!\d)\d{4}\.\s*\d{1,2}\.\s*\d{1,2}\.\s*$")
_KOREAN_DATE = re.compile(r"(?<!\d)\d{1,2}\.\s+\d{1,2}\.\s*$")
# A word of so few letters before a full stop and a small letter is an abbreviation.
_SHORT = 4
# In these languages a single letter before a full stop abbreviates something, mostly a name.
_INITIALS = ("fr", "es", "it", "pt", "ru")


@cache
def _list(code: str) -> tuple[frozenset[str], frozenset[str]]:
    numeral = f"{_BEFORE_NUMERALS['']} {_BEFORE_NUMERALS.get(code, '')}"
    return frozenset(_GOES_ON.get(code, "").split()), frozenset(numeral.split())


def decide(before: str, word: str, code: str) -> bool | None:
    """Return whether a sentence ends at a full stop; None if no abbreviation decides that.

    Args:
        before: the sentence so far, with its full stop.
        word: the next word or its beginning, without the marks before it.
        code: the language.
    """
    if _DATE.search(before) or (re.search(r"\d[.．]\s*$", before) and word[:1].isdigit()):
        return False  # 1998. 4. 12.
    if code == "ko" and _KOREAN_DATE.search(before):
        return False
    if code != "de" and word[:1].isupper() and _ENDS.search(before):
        return True
    last = _LAST.search(before)
    if last is None:
        return None
    goes_on, before_numeral = _list(code)
    token = last[1].lower()
    if token in goes_on or (_NUMERAL.match(word) and token in before_numeral):
        return False
    known = code != "en" or token in before_numeral
    if known and len(token) <= _SHORT and word[:1].islower():
        return False
    return False if code in _INITIALS and _INITIAL.search(before) else None
