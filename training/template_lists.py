"""What fills the slots of `training.templates`; all written for it."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


LISTS: dict[str, tuple[str, ...]] = {
    "month": _words(
        "January February March April May June July August September October November December"
    ),
    "day": _words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday"),
    "name": _words(
        "Alice Amy Andrew Anna Anthony Barbara Ben Betty Bill Brian Carol Charles Chris Daniel"
        " David Diana Donna Edward Elizabeth Emily Emma Eric Frank George Grace Hannah Harry Helen"
        " Henry Isabel Jack James Jane Jennifer Jessica Jim Joan John Joseph Julia Karen Kate Kevin"
        " Laura Leo Linda Lisa Lucy Maria Mark Martin Mary Matthew Michael Nancy Nicholas Nina"
        " Oliver Olivia Oscar Patricia Paul Peter Philip Rachel Richard Robert Ruth Sam Sandra"
        " Sarah Sophie Steven Susan Theresa Thomas Tim Tom Victor Walter William Zoe"
    ),
    "surname": _words(
        "Adams Allen Anderson Baker Bennett Brown Campbell Carter Clark Cooper Davis Edwards Evans"
        " Fisher Foster Garcia Gray Green Hall Harris Hill Hughes Jackson Johnson Jones Kelly King"
        " Lee Lewis Lopez Martin Miller Mitchell Moore Morgan Murphy Nelson Parker Phillips Reed"
        " Roberts Robinson Rogers Scott Shaw Smith Stewart Taylor Thomas Thompson Turner Walker"
        " Ward Watson White Williams Wilson Wood Wright Young"
    ),
    "city": _phrases(
        "London, Paris, New York, Tokyo, Boston, Chicago, Berlin, Rome, Madrid, Vienna, Dublin,"
        " Toronto, Sydney, Amsterdam, San Francisco, Los Angeles, Seattle, Edinburgh, Oslo, Prague,"
        " Lisbon, Athens, Cairo, Moscow, Beijing, Delhi, Mexico City, Houston, Denver, Miami"
    ),
    "country": _words(
        "England Scotland Ireland France Germany Spain Italy Greece Norway Sweden Poland Turkey"
        " Canada Mexico Brazil Egypt Kenya India China Japan Australia Russia Portugal Austria"
    ),
    "place": _words(
        "airport bakery bank beach bridge castle cinema church factory farm garden gym harbor"
        " hospital hotel kitchen lake library market mountain museum office park pharmacy school"
        " shop stadium station supermarket theater village zoo"
    ),
    "thing": _words(
        "apple bag ball basket bicycle blanket book bottle bowl box brush button camera candle car"
        " card chair clock coat computer cup desk door drawer dress envelope flag flower fork glass"
        " guitar hammer hat jacket kettle key knife lamp letter map mirror newspaper pen pencil"
        " phone picture pillow plate radio ring rope ruler scarf shelf shirt shoe spoon table"
        " ticket toy tree umbrella wallet watch wheel window"
    ),
    "things": _words(
        "apples bags balls baskets bicycles blankets books bottles bowls boxes buttons cameras"
        " candles cars cards chairs clocks coats computers cups desks doors dresses envelopes eggs"
        " flowers forks glasses guitars hats houses jackets keys knives lamps letters maps mirrors"
        " newspapers pens pencils phones pictures plates rings shelves shirts shoes spoons tables"
        " tickets toys trees umbrellas watches wheels windows"
    ),
    "food": _words(
        "apples bananas beans beef bread broccoli butter cabbage cake carrots cheese cherries"
        " chicken chocolate corn cream eggs fish fruit garlic grapes ham honey jam lamb lemons"
        " lettuce meat melon mushrooms noodles nuts onions oranges pasta peaches pears peas pepper"
        " pie pizza pork potatoes rice salad salmon salt sausages soup spinach strawberries sugar"
        " toast tomatoes tuna turkey vegetables yogurt"
    ),
    "drink": _words("water coffee tea milk juice wine beer lemonade cocoa cider soda"),
    "animal": _words(
        "bear bee bird cat chicken cow deer dog donkey duck eagle elephant fish fox frog goat goose"
        " horse lion monkey mouse owl parrot pig pigeon rabbit sheep snake spider squirrel swan"
        " tiger turtle whale wolf"
    ),
    "color": _words("black blue brown gold gray green orange pink purple red silver white yellow"),
    "adjective": _words(
        "bad beautiful big bright broken careful cheap clean clever cold comfortable dangerous dark"
        " difficult dirty dry easy empty expensive famous fast friendly full good great happy hard"
        " heavy important interesting kind large late lazy light little long loud narrow new nice"
        " old poor quick quiet rich rough sad safe sharp short simple slow small smooth soft"
        " strange strong sweet tall terrible thick thin tired ugly warm weak wet wide wonderful"
        " wrong young"
    ),
    "person": _words(
        "aunt baker boss boy brother captain child cousin daughter dentist doctor driver farmer"
        " father friend girl grandfather grandmother guest husband lawyer man manager mother nurse"
        " neighbor officer painter pilot player singer sister soldier son student teacher uncle"
        " waiter wife woman worker writer"
    ),
    "weather": _words("cloudy cold dry foggy hot mild rainy snowy stormy sunny warm wet windy"),
    "subject": _words("I You We They"),
    "verb": _words(
        "bought broke carried cleaned closed dropped forgot found kept left liked lost moved needed"
        " opened painted repaired saw sold stole took used wanted washed"
    ),
    "unit": _words(
        "miles kilometers meters feet inches pounds kilograms liters degrees km kg cm gallons"
        " points steps pages minutes hours"
    ),
    "part": _phrases(
        "this morning, this afternoon, this evening, tonight, tomorrow, yesterday, last night,"
        " next week, last week, next month, last year, every day, soon, right now, at noon,"
        " at midnight, on [day], in [month], at [time], on [date], in [year]"
    ),
    "app": _words(
        "browser calculator calendar camera clock editor email game mail music map notes player"
        " printer reader scanner search settings terminal weather"
    ),
    "file": _words(
        "report.pdf photo.jpg notes.txt budget.xlsx music.mp3 index.html readme.txt letter.doc"
        " backup.zip main.py video.mp4"
    ),
    "button": _words(
        "Accept Add Apply Back Cancel Close Continue Copy Delete Done Edit Exit Help Next Open"
        " Paste Play Print Redo Remove Reset Save Search Send Share Start Stop Submit Undo Update"
    ),
    "role": _words("user assistant"),
    "title": _words("Mr. Mrs. Ms. Dr. Prof."),
    "site": _words("example.com openmap.org weather.net www.library.edu news.co.uk"),
}
