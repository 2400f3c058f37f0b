"""Holes of feeds: kept once, newest first, and removed with the trades around them."""

from __future__ import annotations

from collections.abc import Callable

from orderflow.storage.records.hole_store import HoleStore, StoredHole
from orderflow.storage.records.records import Records

NOW = 1_800_000_000 * 10**9
ONE = StoredHole("binance:BTCUSDT", NOW, NOW + 5, 12, "the venue has them no more")
TWO = StoredHole("okx:BTC-USDT", NOW + 1, NOW + 9, None, "x")


def test_holes_are_kept_once(records: Records, open_records: Callable[..., Records]) -> None:
    store = HoleStore(records)
    assert store.add([ONE, TWO]) == 2
    assert store.add([ONE]) == 0
    assert HoleStore(open_records()).newest(10) == (TWO, ONE)
    assert store.newest(1) == (TWO,)
    assert store.forget(ONE.series, ONE.ended) == 0
    assert store.forget(ONE.series, ONE.ended + 1) == 1
    assert store.newest(10) == (TWO,)
