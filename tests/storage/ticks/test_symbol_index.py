from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderflow.storage.ticks.symbol_index import FAN, FULL, KEYS, TICKS, Blob, SymbolIndex


def blob(seq: int, n: int, symbol: str = "NQ") -> Blob:
    return Blob(TICKS, seq, n, seq * 10, seq * 10 + 5, symbol)


@given(
    st.integers(0, 2**63), st.integers(1, 2**31), st.integers(-(2**63), 2**63 - 1), st.sampled_from(["", "NQ", "µ|x"])
)
def test_key_round_trips(seq: int, n: int, time: int, symbol: str) -> None:
    made = Blob(TICKS, seq, n, time, time, symbol)
    assert Blob.of(made.key) == made


def test_keys_sort_by_write_order_within_a_kind() -> None:
    seqs = [0, 1, 255, 256, 65_535, 2**40]
    assert sorted(blob(seq, 1).key for seq in reversed(seqs)) == [blob(seq, 1).key for seq in seqs]
    assert Blob.of(Blob(KEYS, 7, 3, 0, 0, "").key).kind == KEYS


@pytest.mark.parametrize("key", [b"", b"T123", b"Z" + bytes(28)])
def test_foreign_keys_are_refused(key: bytes) -> None:
    with pytest.raises(ValueError, match=r"key of a blob|unknown kind"):
        Blob.of(key)


def merge(index: SymbolIndex, row: list[Blob]) -> None:
    index.replace(row, [blob(row[-1].seq, sum(b.n for b in row))])


@given(
    st.one_of(
        st.lists(st.one_of(st.just(1), st.integers(1, 300), st.integers(1, 3 * FULL)), max_size=400),
        st.lists(st.sampled_from([[1] * 63 + [1000], [1] * 200, [5000], [FULL, 1]]), max_size=12).map(
            lambda parts: [n for part in parts for n in part]
        ),
    )
)
@settings(max_examples=30, deadline=None)
def test_index_stays_short_and_ordered(sizes: list[int]) -> None:
    index = SymbolIndex()
    for seq, n in enumerate(sizes):
        index.add(blob(seq, n))
        while row := index.due():
            assert len(row) > 1
            merge(index, row)
    kept = list(index)
    assert [b.seq for b in kept] == sorted({b.seq for b in kept})
    assert sum(b.n for b in kept) == index.n == sum(sizes)
    small = [b for b in kept if b.n < FULL]
    assert len(small) < 4 * FAN
    assert len(index) == len(kept)


def test_single_ticks_are_rewritten_a_few_times_only() -> None:
    index = SymbolIndex()
    rewritten = 0
    for seq in range(20_000):
        index.add(blob(seq, 1))
        while row := index.due():
            rewritten += sum(b.n for b in row)
            merge(index, row)
    assert rewritten <= 3 * 20_000
    assert len(index) < 3 * FAN


def test_removing_recounts() -> None:
    index = SymbolIndex()
    for seq, n in enumerate([FULL, 5, 7]):
        index.add(blob(seq, n))
    index.due()
    index.remove(blob(0, FULL))
    assert (index.n, index.first, index.last) == (12, 10, 25)
    index.remove(blob(2, 7))
    index.remove(blob(1, 5))
    assert (index.n, len(index)) == (0, 0)


def test_sealed_blobs_are_not_due() -> None:
    index = SymbolIndex()
    for seq in range(FAN):
        index.add(blob(seq, 1))
    row = index.due()
    assert len(row) == FAN
    index.seal(row[-1])
    assert index.due() == []
    assert len(index) == FAN
