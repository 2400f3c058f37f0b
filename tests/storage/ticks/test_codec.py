from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orderflow.market.ticks import NO_ID, TickBatch
from orderflow.storage.ticks.codec import Damaged, cut, decode_keys, decode_ticks, encode_keys, encode_ticks, join
from tests.storage.ticks.batches import batch, batches, rows

COLUMNS = ("time", "price", "size", "side", "rule", "id")


def same(a: TickBatch, b: TickBatch) -> None:
    assert (a.symbol, a.price_decimals, a.size_decimals) == (b.symbol, b.price_decimals, b.size_decimals)
    for name in COLUMNS:
        ours, theirs = getattr(a, name), getattr(b, name)
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


@given(batches(st.text(st.characters(exclude_categories=["Cs"]), max_size=20)))
@settings(max_examples=60, deadline=None)
def test_any_batch_round_trips(drawn: TickBatch) -> None:
    back = decode_ticks(encode_ticks(drawn))
    same(drawn, back)
    back.time[0] = 0  # its columns are its own


@pytest.mark.parametrize("n", [1, 2, 255, 256, 257, 5000])
def test_batches_of_every_length_round_trip(n: int) -> None:
    drawn = batch(n, seed=n)
    same(drawn, decode_ticks(encode_ticks(drawn)))


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=2, max_size=30), st.sampled_from([1, 1000, 10**6, 10**9]))
@example([-(2**63), 2**63 - 1, 0], 1)
@example([NO_ID, 5, NO_ID], 1)
@settings(max_examples=60, deadline=None)
def test_any_column_round_trips(values: list[int], step: int) -> None:
    stepped = [value // step * step if abs(value) < 2**62 else value for value in values]
    n = len(values)
    column = np.array(stepped, np.int64)
    flat = np.zeros(n, np.int8)
    drawn = TickBatch("X", column, column[::-1], np.roll(column, 1), flat, flat, column, 0, 0)
    same(drawn, decode_ticks(encode_ticks(drawn)))


def test_ticks_take_few_bytes() -> None:
    """34 B as plain columns; a future's ticks take 4 to 5."""
    assert len(encode_ticks(batch(5000))) < 7.5 * 5000
    assert len(encode_ticks(batch(1))) < 100


@given(batches(st.just("X"), most=8), st.data())
@settings(max_examples=60, deadline=None)
def test_any_changed_byte_is_detected(drawn: TickBatch, data: st.DataObject) -> None:
    blob = bytearray(encode_ticks(drawn))
    place = data.draw(st.integers(0, len(blob) - 1))
    blob[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Damaged):
        decode_ticks(bytes(blob))
    with pytest.raises(Damaged):
        decode_ticks(bytes(blob[:place]))


@pytest.mark.parametrize(
    "body", [b"", b"\x01\x00\x00\x00\x02\x00\x01\x00N", b"\xff" * 40, b"\x05\x00\x00\x00" + b"\x00" * 30]
)
def test_nonsense_with_a_right_checksum_is_damaged_too(body: bytes) -> None:
    with pytest.raises(Damaged):
        decode_ticks(b"OFT1" + zlib.crc32(body).to_bytes(4, "little") + body)


@given(st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"])), st.binary()), max_size=20))
def test_keys_round_trip(pairs: list[tuple[str, bytes]]) -> None:
    assert decode_keys(encode_keys(pairs)) == pairs


def test_blob_of_ticks_is_not_read_as_keys() -> None:
    with pytest.raises(Damaged, match="OFT1"):
        decode_keys(encode_ticks(batch(1)))


@given(st.lists(batches(st.just("X"), most=5), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_joining_keeps_every_number_and_the_order(drawn: list[TickBatch]) -> None:
    joined = join(drawn)
    assert rows(joined) == rows(drawn)
    assert len(joined) <= len(drawn)


def test_joining_takes_the_finest_decimals() -> None:
    joined = join([batch(3, decimals=2), batch(2, decimals=5, size_decimals=3), batch(2, decimals=0)])
    assert [(len(b), b.price_decimals, b.size_decimals) for b in joined] == [(7, 5, 3)]


def test_numbers_that_share_no_grid_stay_apart() -> None:
    one = np.ones(1, np.int64)
    flat = np.zeros(1, np.int8)
    huge = TickBatch("X", one, one * 2**53, one, flat, flat, one, 0, 0)
    fine = TickBatch("X", one, one, one, flat, flat, one, 12, 0)
    assert [len(b) for b in join([huge, fine, fine, huge, huge])] == [1, 2, 2]


@pytest.mark.parametrize(("n", "most", "lengths"), [(5, 5, [5]), (6, 5, [3, 3]), (11, 5, [3, 4, 4])])
def test_cutting(n: int, most: int, lengths: list[int]) -> None:
    whole = batch(n)
    pieces = list(cut(whole, most))
    assert [len(piece) for piece in pieces] == lengths
    assert rows(pieces) == rows([whole])
