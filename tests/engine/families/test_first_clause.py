"""The steps of a family: sentences, and on a CPU a first clause, so that audio begins early."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.models import catalog, registry
from sidecar.models.base import GenerationSettings, Utterance
from sidecar.models.generators.request import parts

LONG = "When the rain had stopped at last, we went down to the river. It was high."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LONG, ["When the rain had stopped at last,", "we went down to the river. It was high."]),
        # A beginning, or a rest, that would be too short is not spoken alone.
        ("Well, we went down to the river at last.", ["Well, we went down to the river at last."]),
        ("We went down to the river at last, too.", ["We went down to the river at last, too."]),
        ("Oh, when it had stopped raining, we went down to the river.",
         ["Oh, when it had stopped raining,", "we went down to the river."]),
        ("It costs 1,234,567 crowns in this country today.",
         ["It costs 1,234,567 crowns in this country today."]),
        ("雨が止んだので私たちはみんなで川のほとりへ、歩いて行って夕方までそこで遊んだものでした。",
         ["雨が止んだので私たちはみんなで川のほとりへ、",
          "歩いて行って夕方までそこで遊んだものでした。"]),
    ],
)  # fmt: skip
def test_the_first_step_ends_with_a_clause(text: str, said: list[str]) -> None:
    assert parts(text, 60, 20) == said


def test_the_other_steps_are_sentences() -> None:
    assert parts(LONG, 60) == [LONG[:61], "It was high."]
    assert parts(f"Yes. {LONG}", 60) == [f"Yes. {LONG[:61]}", "It was high."]


@pytest.mark.parametrize(("awaited", "steps"), [(True, 2), (False, 1)])
def test_a_clause_is_the_first_step_only_where_the_first_audio_is_awaited(
    folders: dict[str, str], awaited: bool, steps: int
) -> None:
    model = registry.generator(catalog.resolve(folders["kokoro"]), "auto")
    utterance = Utterance("Un buen amigo de todos, y muy simpático con la gente.", voice="ef_dora")
    prompt = model.prepare(utterance, GenerationSettings(10.0, is_awaited=awaited))
    assert len(prompt.parts) == steps


@given(st.text("ab ,.!?;:。、\n", max_size=200), st.integers(0, 30), st.integers(1, 80))
def test_no_sign_is_lost_or_doubled(text: str, first: int, shortest: int) -> None:
    said = "".join(parts(text, shortest, first))
    assert "".join(said.split()) == "".join(text.split())
