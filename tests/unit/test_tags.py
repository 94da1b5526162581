"""Codes and tags of languages → a model's own names for them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.errors import UnknownLanguage
from sidecar.models.generators.families import _MULTILINGUAL as MULTILINGUAL
from sidecar.models.generators.families import FAMILIES
from sidecar.models.known import LANGUAGES
from sidecar.text.languages import CODES
from sidecar.text.tags import find, resolve

QWEN = (*LANGUAGES, "beijing_dialect", "sichuan_dialect")
KOKORO = tuple(FAMILIES["kokoro"].languages)


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (None, "auto"), ("", "auto"), ("AUTO", "auto"), ("und", "auto"),
        ("English", "english"), ("en", "english"), ("EN-US", "english"), ("en_gb", "english"),
        ("eng", "english"), ("en-001", "english"), ("en-u-co-phonebk", "english"),
        ("zh", "chinese"), ("zh-CN", "chinese"), ("zh-Hans", "chinese"), ("zh_Hant_TW", "chinese"),
        ("cmn", "chinese"), ("zh-cmn-Hans-CN", "chinese"), ("zh-HK", "chinese"),
        ("zh-CN-sichuan", "sichuan_dialect"), ("cmn-beijing", "beijing_dialect"),
        ("Sichuan Dialect", "sichuan_dialect"), ("beijing-dialect", "beijing_dialect"),
        ("pt", "portuguese"), ("pt_BR", "portuguese"), ("pt-PT", "portuguese"),
        ("de-AT-1996", "german"), ("ger", "german"), ("deu", "german"), ("ja-JP", "japanese"),
        ("ko", "korean"), ("fra", "french"), ("ru", "russian"), ("es-419", "spanish"),
        (" it ", "italian"),
    ],
)  # fmt: skip
def test_a_tag_is_the_models_own_name(asked: str | None, name: str) -> None:
    assert resolve(asked, QWEN) == name


def test_every_name_is_found_by_itself_and_by_its_code() -> None:
    for family in (*FAMILIES.values(), MULTILINGUAL):
        for name, own in family.languages.items():
            assert resolve(name.upper(), family.languages) == name
            if len(own) == 2:  # all but Kokoro call them by their codes
                assert resolve(own, family.languages) == name
    for name, code in CODES.items():
        assert resolve(code, QWEN) == name


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("en", "english"), ("en-US", "english"), ("en-GB", "british english"),
        ("en_AU", "british english"), ("british_english", "british english"), ("hi", "hindi"),
    ],
)  # fmt: skip
def test_a_region_that_the_model_tells_apart_is_heeded(asked: str, name: str) -> None:
    assert resolve(asked, KOKORO) == name


def test_another_dialect_is_spoken_only_by_a_model_that_has_it() -> None:
    for asked in ("yue", "zh-yue", "yue-HK"):
        assert find(asked, QWEN) is None
        assert find(asked, ("chinese", "cantonese")) == "cantonese"
        assert find(asked, ("chinese", "Cantonese_Dialect")) == "Cantonese_Dialect"
    assert find("zh-HK", ("chinese", "cantonese")) == "cantonese"


def test_a_model_may_call_its_languages_by_codes() -> None:
    for asked in ("en", "English", "eng", "en-US"):
        assert find(asked, ("zh", "en")) == "en"


@pytest.mark.parametrize(
    "asked",
    ["klingon", "sr-Latn", "x-english", "i-english", "en-", "-en", "english-us", "zh-nan", "e"],
)
def test_what_is_none_of_them_is_refused_with_the_list(asked: str) -> None:
    with pytest.raises(
        UnknownLanguage, match=r"Known: auto, chinese, english, .*, sichuan_dialect\."
    ) as caught:
        resolve(asked, QWEN, "design.language")
    assert caught.value.field == "design.language"


def test_a_near_miss_is_told() -> None:
    for asked, meant in (
        ("englisch", "english"),
        ("portugese", "portuguese"),
        ("Germna", "german"),
    ):
        with pytest.raises(UnknownLanguage, match=f"Did you mean '{meant}'"):
            resolve(asked, QWEN)


@given(
    st.text(max_size=20)
    | st.from_regex(r"[a-zA-Z]{2,3}([-_][a-zA-Z0-9]{1,8}){0,4}", fullmatch=True)
)
def test_whatever_is_asked_is_a_known_name_or_none(asked: str) -> None:
    found = find(asked, QWEN)
    assert found is None or (found in QWEN and find(found, QWEN) == found)
