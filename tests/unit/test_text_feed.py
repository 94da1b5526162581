from __future__ import annotations

import pytest

from sidecar.errors import TextTooLong
from sidecar.synthesis.text_feed import TextFeed


def test_text_that_was_written_early_waits_to_be_taken() -> None:
    feed = TextFeed("Once ", is_live=True)
    feed.write("upon ")
    assert feed.take() == (["Once upon "], False)
    assert feed.take() == ([""], False)
    feed.write("a time.")
    feed.end()
    feed.write("Not this.")
    assert feed.take() == (["a time."], True)
    assert feed.take() == ([""], True)


def test_a_text_that_is_not_live_is_complete() -> None:
    feed = TextFeed("All of it.")
    feed.write("More.")
    assert feed.take() == (["All of it."], True)


def test_the_limit_counts_the_beginning_and_all_that_follows() -> None:
    assert TextFeed("1234", limit=4).take() == (["1234"], True)
    with pytest.raises(TextTooLong, match="5 characters"):
        TextFeed("12345", limit=4)
    feed = TextFeed("12", is_live=True, limit=4)
    feed.write("34")
    feed.take()
    with pytest.raises(TextTooLong, match="5 characters"):
        feed.write("5")


def test_a_flush_has_its_place_in_the_text() -> None:
    feed = TextFeed("Well, ", is_live=True)
    feed.flush()
    feed.flush()  # nothing came between the two
    feed.write("I am ")
    feed.write("here.")
    feed.flush()
    assert feed.take() == (["Well, ", "I am here.", ""], False)
    feed.flush()
    assert feed.take() == (["", ""], False)
    feed.end()
    feed.flush()
    assert feed.take() == ([""], True)
    assert feed.whole == "Well, I am here."
