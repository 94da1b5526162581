"""How figures are read in ordinary English: one row for each way to write one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.text.numerals import load_names
from sidecar.text.speakable import make_speakable
from tests.support.sentences import stream_speakable

ROWS = [
    # Seconds and decades.
    ("Wait 30s.", "Wait thirty seconds."),
    ("a timeout of 60s", "a timeout of sixty seconds"),
    ("ready in 20s, not 1.5s", "ready in twenty seconds, not one point five seconds"),
    ("1m 30s, 1h30m", "one minute thirty seconds, one hour thirty minutes"),
    ("2h 5min", "two hours five minutes"),
    ("the 2010s, the 1980s", "the twenty tens, the nineteen eighties"),
    ("the 2000s and the '00s", "the two thousands and the two thousands"),
    ("in the 60s, in her 20s", "in the sixties, in her twenties"),
    ("the '90s, mid-80s, ’70s, the 80's", "the nineties, mid-eighties, seventies, the eighties"),
    # Years are not grouped.
    ("1,984 apples", "one thousand nine hundred and eighty four apples"),
    ("2,024 items in 2024", "two thousand and twenty four items in twenty twenty four"),
    ("10,000 of 1,234.5", "ten thousand of one thousand two hundred and thirty four point five"),
    # Dates and times.
    ("the May 5 meeting", "the May fifth meeting"),
    ("the upcoming Jan. 5 hearing", "the upcoming January fifth hearing"),
    ("on May 5, 2024, or June 3rd", "on May fifth, twenty twenty four, or June third"),
    ("Jan 1-3, 2024", "January first to third, twenty twenty four"),
    ("on 5 May 2024", "on the fifth of may twenty twenty four"),
    ("our 5 May deadline", "our fifth of may deadline"),
    ("on 2024-01-05", "on the fifth of january twenty twenty four"),
    ("the 2024-01-05 release", "the fifth of january twenty twenty four release"),
    ("on 01/05/2024", "on the fifth of january twenty twenty four"),
    ("on 5/6/24", "on the sixth of may twenty twenty four"),
    ("on 12/31/99", "on the thirty first of december nineteen ninety nine"),
    ("on 25/12/2024", "on the twenty fifth of december twenty twenty four"),
    ("on 5.1.2024", "on the fifth of january twenty twenty four"),
    ("At 3:30 pm, or 9 a.m.", "At three thirty PM, or nine AM."),
    ("9am-5pm and 9:00-17:00", "nine AM to five PM and nine o'clock to seventeen o'clock"),
    ("1-3 p.m. or 10:30–11:30", "one to three PM or ten thirty to eleven thirty"),
    # Digit by digit.
    ("call 555-1234 now", "call five five five, one two three four now"),
    ("555.123.4567", "five five five, one two three, four five six seven"),
    ("(555) 123-4567", "five five five, one two three, four five six seven"),
    ("1-800-555-0199", "one, eight hundred, five five five, zero one nine nine"),
    ("+1 555 123 4567", "plus one, five five five, one two three, four five six seven"),
    ("+44 20 7946 0958", "plus four four, two zero, seven nine four six, zero nine five eight"),
    ("123-45-6789", "one two three, four five, six seven eight nine"),
    ("978-3-16-148410-0", "nine seven eight, three, one six, one four eight four one zero, zero"),
    ("2-3-4, 9-1-1 and 50-30-20", "two three four, nine one one and fifty thirty twenty"),
    ("192.168.1.1.", "one nine two dot one six eight dot one dot one."),
    ("v1.2.3 and 3.11.2", "version one point two point three and three point eleven point two"),
    # Money.
    ("$3.50, $0.50 and 50¢", "three dollars fifty cents, fifty cents and fifty cents"),
    ("$10k, £3k and $2bn", "ten thousand dollars, three thousand pounds and two billion dollars"),
    ("$1.5 million", "one point five million dollars"),
    ("$5-10 or $5–$10", "five to ten dollars or five dollars to ten dollars"),
    ("$5-10k", "five to ten thousand dollars"),
    ("$5k-1.5M", "five thousand dollars to one point five million dollars"),
    ("$5.50-7", "five dollars fifty cents to seven dollars"),
    ("¥1,000", "one thousand yen"),
    ("$0.002 a token", "zero point zero zero two dollars a token"),
    ("20$ or 20€", "twenty dollars or twenty euros"),
    # Measures.
    ("10 mL, 3 kWh, 2 kV, 5 W", "ten milliliters, three kilowatt-hours, two kilovolts, five watts"),
    ("1 kWh, 1 V, 1 lb", "one kilowatt-hour, one volt, one pound"),
    ("5 km, 100km/h", "five kilometers, one hundred kilometers per hour"),
    ("16 GB, 3 GHz", "sixteen gigabytes, three gigahertz"),
    ("9.8 m/s², 20 m²", "nine point eight meters per second squared, twenty square meters"),
    ("5 µs, 5 Mbps", "five microseconds, five megabits per second"),
    ("50%, 5-10%, 5%–10%", "fifty percent, five to ten percent, five percent to ten percent"),
    ("-5 °C, -5–10 °C", "minus five degrees Celsius, minus five to ten degrees Celsius"),
    ("5-10 km, 1.5-2 GB", "five to ten kilometers, one point five to two gigabytes"),
    # Fractions and ranges.
    ("1 1/2 cups, 2 3/4 inches", "one and a half cups, two and three quarters inches"),
    ("1/2, 24/7", "one half, twenty four seven"),
    ("7-10 days, pp. 3-5", "seven to ten days, pp. three to five"),
    ("500-1000 words", "five hundred to one thousand words"),
    ("1,000-2,000", "one thousand to two thousand"),
    ("a 5-10-year-old, 50-50", "a five to ten-year-old, fifty fifty"),
    ("1990-1995", "nineteen ninety to nineteen ninety five"),
    ("5-10s, 30–60s", "five to ten seconds, thirty to sixty seconds"),
    ("4.5/5", "four point five out of five"),
    ("02139-4307", "zero two one three nine, four three zero seven"),
    # Postal codes and card numbers are no counts.
    ("Austin, TX 78701", "Austin, TX seven eight seven zero one"),
    ("your card ending in 6204", "your card ending in six two zero four"),
    ("+1(646) 555-0143", "plus one, six four six, five five five, zero one four three"),
    ("020 7123 4567", "zero two zero, seven one two three, four five six seven"),
    ("1-800-FLOWERS", "one, eight hundred, FLOWERS"),
    # Every digit of a version or section is said.
    ("Python 3.20, section 7.10", "Python three point two zero, section seven point one zero"),
    # Times that touch other words, or have a full stop in them.
    ("at 14:45GMT", "at fourteen forty five GMT"),
    ("6:10AM,7:25AM", "six ten AM,seven twenty five AM"),
    ("at 6.45 p.m. today", "at six forty five PM today"),
    ("We met at 6 p.m. The train left.", "We met at six PM. The train left."),
    ("Bring pens, etc. We have none.", "Bring pens, et cetera. We have none."),
    ("from 6 p.m. Mon.-Fri. only", "from six PM Mon.-Fri. only"),
    ("Done.It works at 5.", "Done. It works at five."),
    ("21:51:31", "twenty one hours fifty one minutes thirty one seconds"),
    # Decades, dates, quarters.
    ("the 1920s-40s", "the nineteen twenties to forties"),
    ("due 27-09-2025", "due the twenty seventh of september twenty twenty five"),
    ("2Q22", "the second quarter of twenty two"),
    # Arithmetic.
    ("9-4=5", "nine minus four equals five"),
    ("x ≥ 8, 3*7 = 21", "x is greater than or equal to eight, three times seven equals twenty one"),
    ("3 × 4 = 12, 3x4 cm", "three times four equals twelve, three by four centimeters"),
    ("2^10 = 1,024", "two to the power of ten equals one thousand and twenty four"),
    ("6/2=3, ~5, ±2", "six divided by two equals three, about five, plus or minus two"),
    ("5+ years", "five plus years"),
    # Fractions.
    ("¼ cup and 1½ eggs", "one quarter cup and one and a half eggs"),
    ("11/16 inch, 9/11", "eleven sixteenths inch, nine eleven"),
    ("16 GB/5 GB, ½kg", "sixteen gigabytes/five gigabytes, one half kilograms"),
    # Sums and measures.
    ("only $.35, .312", "only thirty five cents, point three one two"),
    ("$45/month, $9/kg", "forty five dollars per month, nine dollars per kilogram"),
    ("₹250, C$12", "two hundred and fifty rupees, twelve Canadian dollars"),
    ("CHF 75, 40 PLN", "seventy five Swiss francs, forty zlotys"),
    ("$1.2320, $20.500", "one point two three two dollars, twenty dollars fifty cents"),
    ("2.5 million km", "two point five million kilometers"),
    ("12 min. on low", "twelve minutes on low"),
    ("5 mg/dL, 12/kg", "five milligrams per deciliter, twelve per kilogram"),
    # Names with figures.
    ("IPv6, GPT-4, 4K and 1-on-1", "IPv six, GPT-four, four K and one-on-one"),
    ("401(k), 4.4x", "four zero one k, four point four x"),
    ("World War II, Chapter IV", "World War two, Chapter four"),
    ("a1@b.com", "a one at b dot com"),
    # Others.
    ("2nd, 3.14, No. 5", "second, three point one four, number five"),
    ("Dr. Smith, e.g.", "doctor Smith, for example."),
]  # fmt: skip
KEPT = [
    "$x^2$, $a + 2$ and $5$",
    "1e-5 and 1,2,3",
    "Mrs. X and Ms. Y",
    "on 13/14/2024",
    "5m, 5s, 100m",
    "24:00 and 16:9",
    "10-20x, 3-4k",
    "₫500 and ฿20",
    "key=value, a->b, C#, C++",
    "2024-01-05T10:30:00Z, 10.0.0.1:8080, 10.0.0.0/8",
    "5'10\" tall, 6’2” too, 51°30′26″N, Q3'24",
    "10s of thousands, 100s of people",
    "on 7/4 & 12/25, a score of 120/80",
    "10/0/24, 0/5/2024 and 50/14/3/0/0/33",
]


def streamed(text: str) -> str:
    return "".join(stream_speakable(text, "english", [1] * len(text)))


@pytest.mark.parametrize(("text", "said"), ROWS)
def test_figures_are_read_as_people_say_them(text: str, said: str) -> None:
    assert make_speakable(text, "english") == said


@pytest.mark.parametrize("text", KEPT)
def test_what_would_be_said_wrongly_is_left_to_the_model(text: str) -> None:
    assert make_speakable(text, "english") == text


@pytest.mark.parametrize("text", [text for text, _ in ROWS] + KEPT)
def test_figures_are_the_same_where_words_come_one_by_one(text: str) -> None:
    assert streamed(text) == make_speakable(text, "english")


def test_the_word_in_front_counts_only_within_a_paragraph() -> None:
    assert streamed("It is **the** 60s.") == "It is the sixties."
    assert streamed("It is the\n60s.") == "It is the sixties."
    assert streamed("It is the\n\n60s.") == "It is the sixty seconds."


@pytest.mark.parametrize("unit", load_names("english")["units"])
def test_every_unit_has_a_name(unit: str) -> None:
    one, many = make_speakable(f"1 {unit}", "english"), make_speakable(f"2 {unit}", "english")
    assert re.fullmatch(r"one [A-Za-z -]{3,}", one)
    assert many.split()[1] not in unit


FIGURES = st.text("0123456789" * 3 + ".,:/-–%$€¥ °'\"’kKmMsThpaZ+", max_size=24)


@settings(max_examples=300)
@given(FIGURES)
def test_no_figure_is_said_by_halves_or_as_arithmetic(text: str) -> None:
    said = make_speakable(text, "english")
    assert "divided by" not in said
    # Each digit is either said or stays where it was.
    digits = iter(re.findall(r"\d", text))
    assert all(digit in digits for digit in re.findall(r"\d", said))
