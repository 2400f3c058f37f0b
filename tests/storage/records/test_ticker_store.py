from __future__ import annotations

from collections.abc import Callable

import pytest

from orderflow.errors import Conflict, NotFound
from orderflow.storage.records.records import Records
from orderflow.storage.records.ticker_store import StoredTicker, TickerStore

BTC = StoredTicker("BTC", "binance:BTCUSDT", "binance", 1_700_000_000_000_000_001)
ETH = StoredTicker("ETH", "sim:ETH", "simulated", 2)
GOLD = StoredTicker("GOLD", "yfinance:GC=F", "yfinance", 3)


@pytest.fixture
def store(records: Records) -> TickerStore:
    made = TickerStore(records)
    for ticker in (BTC, ETH, GOLD):
        made.add(ticker)
    return made


def test_tickers_keep_their_order_and_are_there_after_a_restart(
    records: Records, store: TickerStore, open_records: Callable[..., Records]
) -> None:
    assert store.list() == (BTC, ETH, GOLD)
    store.update(order=["GOLD", "BTC", "ETH"])
    assert TickerStore(open_records()).list() == (GOLD, BTC, ETH)


def test_a_name_is_there_once(store: TickerStore) -> None:
    with pytest.raises(Conflict, match="exists already"):
        store.add(StoredTicker("BTC", "sim:BTC", "simulated", 9))
    assert store.list() == (BTC, ETH, GOLD)


def test_a_ticker_changes_its_series(store: TickerStore) -> None:
    store.update(changed=[("BTC", "kraken:XBTUSD", "kraken")])
    assert store.list()[0] == StoredTicker("BTC", "kraken:XBTUSD", "kraken", BTC.added)


def test_an_unknown_name_is_not_found(store: TickerStore) -> None:
    with pytest.raises(NotFound, match="no ticker XRP"):
        store.update(changed=[("XRP", "sim:XRP", "simulated")])


@pytest.mark.parametrize("names", [[], ["BTC", "ETH"], ["BTC", "ETH", "GOLD", "XRP"], ["BTC", "BTC", "ETH"]])
def test_an_order_of_other_names_changes_nothing(store: TickerStore, names: list[str]) -> None:
    with pytest.raises(Conflict, match="changed meanwhile"):
        store.update([StoredTicker("SOL", "sim:SOL", "", 4)], [("BTC", "sim:BTC", "")], names)
    assert store.list() == (BTC, ETH, GOLD)


def test_without_tickers_there_is_nothing_to_order(records: Records) -> None:
    TickerStore(records).update(order=[])
    assert TickerStore(records).list() == ()
