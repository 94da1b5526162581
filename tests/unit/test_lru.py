"""A cache that is bounded by bytes drops the least recently used values."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sidecar.models.lru import BytesLRU


def cache(limit: int) -> BytesLRU[str, bytes]:
    return BytesLRU(limit, len)


def test_the_least_recently_used_is_dropped_first() -> None:
    lru = cache(30)
    for key in ("first", "second", "third"):
        lru.put(key, bytes(10))
    assert lru.get("first") is not None  # which is a use: now "second" is the oldest
    lru.put("fourth", bytes(10))
    assert lru.get("second") is None
    assert [lru.get(key) is not None for key in ("first", "third", "fourth")] == [True] * 3
    lru.put("third", bytes(15))  # replaces it, and there is no room for "first" any more
    assert (lru.get("first"), len(lru), lru.nbytes) == (None, 2, 25)


def test_what_exceeds_the_limit_alone_is_not_kept() -> None:
    lru = cache(10)
    lru.put("small", bytes(10))
    lru.put("large", bytes(11))
    assert (len(lru), lru.nbytes) == (0, 0)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.none() | st.integers(0, 40))))
def test_it_keeps_what_a_list_in_order_of_use_keeps(steps: list[tuple[str, int | None]]) -> None:
    lru, expected = cache(100), list[tuple[str, int]]()
    for key, size in steps:
        known = dict(expected).get(key)
        assert (lru.get(key) is None) == (known is None)
        size = known if size is None else size
        if size is None:
            continue
        lru.put(key, bytes(size))
        expected = [item for item in expected if item[0] != key] + [(key, size)]
        while sum(size for _, size in expected) > 100:
            del expected[0]
        assert (len(lru), lru.nbytes) == (len(expected), sum(size for _, size in expected))
