"""Where a sentence ends in everyday texts: after abbreviations, quotations, dates and items."""

from __future__ import annotations

import pytest

from tests.support.sentences import spans, split

# Each is one sentence.
WHOLE = {
    "english": """
        We ride approx. Seventy km a day. | About 3 hrs. left to go.
        By train approx. 1 in 9 trips fail.
        See vol. II of it. | On 25 sept. (a) we left. | Ask Dr. (a) or (b).
        Add 2 tbsp. Honey and stir. | Open Mon.–Thu. 7–9 all year.
        on Mon. Morning we left
        at 5 p.m. Monday we left | at 9 a.m. Eastern it began
        He met Dr. Smith and Prof. Jones. | See Fig. 3 and sec. 4.
        Born on Jan. 5 in L.A. today.
        The U.S. Army came. | St. John lives at 5 Elm St. Apt. 4. | See System.Text now.
        “Stop!” he said. | voila! -- you see | {v 1 , . . . , v k } is a set
    """,
    "german": """
        Das ist z. B. Berlin. | Er wohnt in der Bahnhofstr. 5.
        Dr. Müller und Prof. Schmidt kamen. | Tische, Stühle usw. Möbel aller Art sind da.
        Bücher, Hefte u. a. Papier ist da.
        Am 3. Mai kam er. | inkl. MwSt. Preise | Anna geb. Müller | 5 Mio. Euro
    """,
    "french": """
        M. Dupont et Mme. Durand. | le 3 sept. 1975 à Nice | env. 5 km
        le Dr. Petit | bd. Voltaire
        janv. 2024 et févr. 2024 | cf. Voltaire | G. Verdi | « Ça va ? » dit-il.
    """,
    "spanish": """
        El Sr. García y la Sra. López. | el 5 feb. 2024 | N°. 1026 | Av. Brasil
        aprox. 5 | G. Marx
        p. ej. Madrid | Dña. Ana | núm. 5 | pág. 12
    """,
    "portuguese": """
        Ela espera na Av. Brasil hoje. | mora no apto. 5 | veja a pág. 12
        em jan. 2024 | séc. XX
        O Sr. Silva e a Sra. Souza. | R. Augusta | nº. 5 | p. ex. Lisboa | D. Pedro
        etc. e tal
    """,
    "italian": """
        Lo scrisse G. Pascoli da giovane. | n. 5 | v. pag. 12
        Il sig. Rossi e la sig.ra Bianchi.
        Il dott. Rossi e il prof. Neri. | S. Pietro | c.so Italia
    """,
    "russian": """
        Там лежат груши и др. фрукты из сада. | см. рис. 3 | А. С. Пушкин
        ул. Ленина | г. Москва
        им. Горького | напр. Москва | 5 млн. рублей | янв. 2024 | гл. 3
        «К чему ты? – спросила мама. – Завтра».
    """,
    "korean": """
        그녀는 1998. 4. 12. 대전에서 태어났다. | 5. 3. 에 왔다 | "가자!" 하고 말했다.
    """,
    "japanese": """
        「もう帰るの？」と母が静かに聞いた。 | 金利は２．５％に上がりました。
        映画「走れ！メロス」を見た。
    """,
    "chinese": """
        他们昨晚看了《快跑！妈妈》这部戏。 | “你去哪？”他问。 | 他说：“好！我们走。”
    """,
}  # fmt: skip
# The ends of their sentences are marked.
ENDS = {
    "english": """
        Done.¦It works. | Today is Tuesday.¦Mr. Smith left. | He left.¦ She came.
        It is 5.¦ He came.
        I saw it.¦ 3 men came. | Hello!?¦ Is that you?
        Go to example.com.¦ It works. | Plan B.¦ Next one.
        He lives in the U.K.¦ He is old. | (a) Hello world.¦ (b) Hello.
        Apples, pears, etc.¦ He ate.
        1. First item ¦2. Second item | “Stop!”¦ She left.
        It ended in Jan.¦ He left. | at 5 p.m.¦ He left.
    """,
    "german": """
        Es ist fertig.¦Das geht. | Er kam.¦ Sie ging. | Äpfel, Birnen usw.¦ Sie ging heim.
        Bücher u. Ä.¦ Das war alles. | Hefte etc.¦ Dann ging er.
    """,
    "french": "Il vient.¦ Elle part. | « Ça va ! »¦ Il part.",
    "spanish": """
        Vino.¦ Se fue. | a las 5 p. m.¦ Llegó tarde. | etc.¦ Luego se fue. | a 120.5°C.¦ Luego
    """,
    "portuguese": "Veio.¦ Foi.",
    "italian": "Venne.¦ Andò. | www.x.it.¦ Poi andò. | ecc.¦ Poi andò via.",
    "russian": "Он пришёл.¦ Она ушла. | в 1998 г.¦ Он пришёл. | и т. д.¦ Он пришёл.",
    "japanese": "行った。¦帰った。 | 本当？¦はい。",
    "chinese": "真的？¦是。 | 《快跑！妈妈》好看。¦是。",
    "korean": "갔다.¦ 왔다.",
}  # fmt: skip


def rows(table: dict[str, str]) -> list[tuple[str, str]]:
    return [
        (language, text.strip())
        for language, texts in table.items()
        for line in texts.splitlines()
        for text in line.split(" | ")
        if text.strip()
    ]


@pytest.mark.parametrize(("language", "text"), rows(WHOLE))
def test_no_cut_inside(language: str, text: str) -> None:
    assert spans(text, split(text, language)) == [text]


@pytest.mark.parametrize(("language", "text"), rows(ENDS))
def test_cut_at_the_end(language: str, text: str) -> None:
    bare = text.replace("¦", "")
    found = [part.strip() for part in spans(bare, split(bare, language))]
    assert found == [part.strip() for part in text.split("¦")]


@pytest.mark.parametrize(("language", "text"), rows(WHOLE) + rows(ENDS))
def test_pieces_do_not_matter(language: str, text: str) -> None:
    text = text.replace("¦", "")
    assert split(text, language, sizes=[1] * len(text)) == split(text, language)


def test_a_row_of_a_table_is_one_sentence() -> None:
    text = "| Go | 2.0x. Fast | yes |\n| No | Slow. Very | no |\n"
    assert len(split(text, "english")) == 2
