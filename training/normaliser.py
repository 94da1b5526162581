"""Written English to spoken words, as a `tokenizers` normaliser that tokenizer.json carries along.

What a voice of this size should not have to learn is that "3:05" is said "three oh five". So every
text is spelled out first, inside the tokenizer: every program that loads the checkpoint gets it,
without our code. The price is that all of it must be said in replacements without captures, since
`tokenizers` has no others: an order of stages, each a pattern (Oniguruma) and a constant.

- A part of a match is kept by a lookaround, or by \\K: "what matched so far stays".
- What a stage has learned about a place it leaves there as an upper-case letter for a later one.
  No other upper case exists after lower-casing. The letters are explained where they are set.

The result has only a-z, the space, apostrophes inside words, and , . ? ! with one space after them.
White space at either end stays, as one space: a text may come in chunks that were cut at spaces. A
line break at the beginning stays, too: it is the chat template's, since texts come without.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from tokenizers import Regex, normalizers

from training.numerals import Stage, cardinals, money

ALPHABET = "abcdefghijklmnopqrstuvwxyz ',.?!"

_FRACTIONS = (
    ("½", "1/2", "one half"),
    ("¼", "1/4", "one quarter"),
    ("¾", "3/4", "three quarters"),
    ("⅓", "1/3", "one third"),
    ("⅔", "2/3", "two thirds"),
)

# Marks at the borders of a segment: white space before it, after it, the template's line break.
_BEFORE, _BEHIND, _BREAK = "\ue000", "\ue001", "\ue002"
_BORDERS: list[Stage] = [
    (r"\A\n", _BREAK),
    (r"\A\s+", _BEFORE),
    (r"\s+\z", _BEHIND),
]
# Elsewhere at a border, a space is what is left of a quotation mark, a bracket or a picture.
_TRIMMED: list[Stage] = [
    (rf"\A +| +\z|{_BREAK}\K +", ""),
    (rf"{_BEFORE} *{_BEHIND}?| *{_BEHIND}", " "),
    (" +(?=[,.?!])", ""),
    (_BREAK, "\n"),
]

# Without it "10²" would become "102", and "5½" "51/2".
_BEFORE_DECOMPOSITION: list[Stage] = [
    ("´", "'"),
    ("²", " squared "),
    ("³", " cubed "),
    (r"(?<=\d) ?(?=[½¼¾⅓⅔])", " and "),
    *((f" ?{sign}", f" {spoken} ") for sign, _, spoken in _FRACTIONS),
]

_TYPOGRAPHY: list[Stage] = [
    ("[\u00ad\u200b-\u200f\u2060\ufeff]", ""),  # invisible: they separate nothing
    (r"[\s_]+", " "),
    ("[\u2018-\u201b\u02b9-\u02bc\u2032`]", "'"),
    ("[\u2010-\u2012\u2212]|(?<=\\d) ?\u2013 ?(?=\\d)", "-"),
    ("[\u2013-\u2015]", ","),
    ("×", " times "),
    ("÷", " divided by "),
    ("±", " plus or minus "),
]

_MEASURES = (
    ("km", "kilometers"), ("cm", "centimeters"), ("mm", "millimeters"), ("kg", "kilograms"),
    ("lbs?", "pounds"), ("mph", "miles per hour"), ("gb", "gigabytes"), ("mb", "megabytes"),
)  # fmt: skip
_SPELLED = [
    "AI", "API", "ATM", "CEO", "CIA", "CPU", "DIY", "DNA", "EU", "FBI", "GPU", "IBM", "ID",
    "OS", "UFO", "UI", "UK", "UN", "URL", "US", "USA", "USB",
]  # fmt: skip
_CONSONANT = "[BCDFGHJ-NP-TV-XZ]"


def _inside(letters: Sequence[str]) -> str:
    """Return a pattern for the places between the letters of a word."""
    return "|".join(
        rf"(?<=\b{''.join(letters[:i])})(?={''.join(letters[i:])}\b)"
        for i in range(1, len(letters))
    )


# What only capitals show; but "5 GB" is not spelled. An initial's full stop goes, while "I." more
# often ends a sentence.
_CASE: list[Stage] = [
    *((rf"(?<=\d) ?(?i:{short})\b", f" {spoken}") for short, spoken in _MEASURES),
    (r"\b[A-HJ-Z]\K\.(?= [A-Z](?:\.|[a-z]))", ""),
    (r"\ba\.m\.(?= [A-Z])", "am."),
    (r"\bp\.m\.(?= [A-Z])", "pm."),
    (
        "|".join(_inside(word) for word in [*_SPELLED, *([_CONSONANT] * n for n in range(2, 6))]),
        " ",
    ),
    (r"\bSt\. (?=[A-Z])", "Saint "),
    (r"\bSt\.", "Street"),
    (r"[a-z]\K\.(?=[A-Z][a-z])", ". "),
]

_LETTERS: list[Stage] = [
    ("ß", "ss"), ("æ", "ae"), ("œ", "oe"), ("ø", "o"), ("đ|ð", "d"), ("ł", "l"), ("þ", "th"),
    ("ı", "i"),
    (f"[^ -~€£¥¢°{_BEFORE}-{_BREAK}]", " "),
]  # fmt: skip

_TIMES: list[Stage] = [
    (r"\bhttps?://", ""),
    (r"(?<![\d:])0(?=\d:[0-5]\d(?!\d))", ""),
    (r"(?<=\d):00(?= ?[ap]\.?m\b)", ""),
    (r"(?<=\b[1-9]|\b1[0-2]):00(?![\d:])", " o'clock "),
    (r"(?<=\d):00(?![\d:])", " hundred "),
    (r"(?<=\d):0(?=\d(?!\d))", " oh "),
    (r"(?<=\d):(?=[1-5]\d(?!\d))", " "),
    (r"(?<=\d):(?=\d)", " to "),
    # A full stop after "a.m." stays where nothing follows.
    (r"(?<=\d) ?a(?:m\b|\.m\b(?:\.(?= [a-z]))?)", " a m"),
    (r"(?<=\d) ?p(?:m\b|\.m\b(?:\.(?= [a-z]))?)", " p m"),
]

_SYMBOLS: list[Stage] = [
    ("° ?c\\b", " degrees celsius "),
    ("° ?f\\b", " degrees fahrenheit "),
    ("°", " degrees "),
    ("%", " percent "),
    ("&", " and "),
    (r"\+", " plus "),
    ("=", " equals "),
    ("@", " at "),
    (r"\bno\. ?(?=\d)|#(?=\d)", " number "),
]

# Numbers that are not read as one whole: what they are made of is taken apart. F stands for the
# hyphen of a phone number, Y for the middle of a year.
_PARTS: list[Stage] = [
    (r"(?<=\d) (?=[1-3]/[2-4](?![\d/]))", " and "),
    *((rf"(?<![\d/]){typed}(?![\d/])", spoken) for _, typed, spoken in _FRACTIONS),
    (r"(?<![a-z0-9.)\-])-(?=[$€£]?\d)", " minus "),
    (r"(?<!\d)\d{3}\K-(?=\d{4}(?!\d))", "F"),
    (r"(?<!\d)\d{3}\K-(?=\d{3}F)", "F"),
    (r"(?<=\d)(?=\d{1,2}F)|(?<=F\d|F\d\d|F\d\d\d)(?=\d)", " "),
    ("F", ", "),
    (r"(?<![\d\-])\d{1,4}\K-(?=[$€£]?\d{1,4}(?![\d\-]))", " to "),
    (r"(?<![\d.,:$€£¥])1[1-9]\K(?=\d\d(?!\d|[.,]\d))", "Y"),
    ("Y00", " hundred"),
    ("Y0", " oh "),
    ("Y", " "),
    ("[$€£¥]", " "),
    (r"(?<=\d),(?=\d{3}(?!\d))", ""),
    # The digits after a point, one by one.
    ("(?<=" + "|".join(r"\d\." + r"\d" * n for n in range(1, 10)) + r")(?=\d)", " "),
    (r"(?<=\d)\.(?=\d)|(?<![a-z\d.,?!])\.(?=\d)", " point "),
]

# O stands for an ordinal's ending, P for a plural's ("the 1980s").
_ENDINGS: list[Stage] = [
    (r"(?<=\d)(?:st|nd|rd|th)\b", "O"),
    (r"(?<=\d)'?s\b", "P"),
    (r"(?<=\d)(?=[a-z])|(?<=[a-z])(?=\d)", " "),
]


# To the alphabet above. An opening bracket is a comma only after a word, a closing one only before
# one; a hyphen is a comma only between spaces.
_PUNCTUATION: list[Stage] = [
    ("\"|''+", " "),
    (rf"(?:\A|[{_BEFORE}{_BREAK}]) ?\K[\-*] ", " "),
    (r"(?<=[a-z]) ?[(\[{]+", ", "),
    (r"[(\[{]", " "),
    (rf"[)\]}}]+(?= ?(?:{_BEHIND}|\z|[,.?!;:]))", ""),
    (r"[)\]};:|]| -(?= )|--+", ", "),
    (f"[^a-z ',.?!{_BEFORE}-{_BREAK}]", " "),
    ("(?<![a-z])'|'(?![a-z])", ""),
    (" +(?=[,.?!])", ""),
    (" {2,}", " "),
]

# Q stands for the full stop between two initials.
_DOTS: list[Stage] = [
    (r"\be\. ?g\.", "for example"),
    (r"\bi\. ?e\.", "that is"),
    (r"(?<=\b[a-z])\.(?=[a-z]\b)", "Q"),
    (r"Q[a-z]\K\.(?= [a-z])", ""),
    ("Q", " "),
    (r"(?<=[a-z])\.(?=[a-z])", " dot "),
    # Of several marks together the strongest stays.
    (r"(?<![,.!])[,.!]+\?[,.?!]*|\?[,.?!]+", "?"),
    (r"(?<![,.])[,.]+![,.!]*|![,.!]+", "!"),
    (r"(?<!,),+\.[,.]*|\.[,.]+", "."),
    (",,+", ","),
    ("(?<=[,.?!])(?=[a-z])", " "),
]

_ABBREVIATIONS = (
    ("mr", "mister"), ("mrs", "missus"), ("dr", "doctor"), ("jr", "junior"), ("vs", "versus"),
    ("prof", "professor"), ("approx", "approximately"), ("jan", "january"), ("feb", "february"),
    ("aug", "august"), ("sept?", "september"), ("oct", "october"), ("nov", "november"),
    ("dec", "december"),
)  # fmt: skip

# Six consonants in a row are in no English word but these, and no English word has 24 letters.
_COMPOUNDS = (("catch", "phrase"), ("latch", "string"), ("knights", "bridge"), ("hertz", "sprung"))
_CLUSTER = "[b-df-hj-np-tv-xz]"
_UNSPEAKABLE: list[Stage] = [
    # "soooooo" is said no longer than "sooo", and a hundred letters of one kind do not end.
    (r"([a-z])\1\1\K\1+", ""),
    ("|".join(f"(?<={one})(?={other})" for one, other in _COMPOUNDS), " "),
    # Text that cannot be pronounced is spelled, so that its speech ends.
    (
        "|".join(
            [
                *(f"(?<={_CLUSTER}{{{n}}})(?={_CLUSTER}{{{6 - n}}})" for n in range(1, 6)),
                "(?<=[a-z]{12})(?=[a-z]{12})",
            ]
        ),
        " ",
    ),
]

_WORDS: list[Stage] = [
    *((rf"\b{short}\b(?:\.(?= [a-z]))?(?!')", spoken) for short, spoken in _ABBREVIATIONS),
    (r"\bms\.(?= )", "miss"),
    (r"\bmt\.(?= )", "mount"),
    (r"\betc\b(?:\.(?= [a-z]))?", "et cetera"),
    (r"\bok\b", "okay"),
    (" {2,}", " "),
]


def _replace(stages: list[Stage]) -> list[normalizers.Normalizer]:
    return [normalizers.Replace(Regex(pattern), constant) for pattern, constant in stages]


@cache
def normaliser() -> normalizers.Normalizer:
    """Return the table above, in order."""
    return normalizers.Sequence(
        [
            *_replace([*_BORDERS, *_BEFORE_DECOMPOSITION]),
            normalizers.NFKD(),
            normalizers.StripAccents(),
            *_replace([*_TYPOGRAPHY, *_CASE]),
            normalizers.Lowercase(),
            *_replace([*_LETTERS, *_TIMES, *money(), *_SYMBOLS, *_PARTS, *_ENDINGS]),
            *_replace([*cardinals(), *_PUNCTUATION, *_DOTS, *_UNSPEAKABLE, *_WORDS, *_TRIMMED]),
        ]
    )


def normalise(text: str) -> str:
    """Return the spoken form, without spaces around it."""
    return normaliser().normalize_str(text).strip()
