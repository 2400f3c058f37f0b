"""What the workspace says of a venue's klines beside those of its ticks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from dash.exceptions import PreventUpdate

from callbacks.workspace_compare import around, compared, pair_of, said
from callbacks.workspace_series import Chosen
from layouts.document import components
from layouts.workspace_compare import difference_table, largest, long_text, short_text
from orderflow.formats import parse_body
from orderflow.market.kline_columns import KlineColumns
from orderflow.services import Services
from orderflow.storage.records.kline_store import KlineStore
from orderflow.storage.records.series import SeriesKey
from orderflow.workspace.klines.live_klines import LiveKlines
from orderflow.workspace.store import KLINES, PUBLIC

BEGIN = 1_700_000_040_000
MINUTE = 60_000
PAIR = Chosen("live", "BTCUSDT", "1m")
COUNT = 30


def venue_klines(high_of_the_tenth: int) -> KlineColumns:
    """The klines of the ticks below, with another high of one."""
    high, n = np.full(COUNT, 106), np.full(COUNT, 60)
    high[10] = high_of_the_tenth
    time = BEGIN + np.arange(COUNT) * MINUTE
    columns = (time, n + 40, high, n + 40, n + 45, n, n, n, np.ones(COUNT, np.bool_))
    return KlineColumns.of(columns, 0, 0)


@pytest.fixture
def services(make_services: Callable[..., Services]) -> Services:
    made = make_services()
    lines = []
    for second in range(COUNT * 60):
        within = second % 60
        price = 100 if within == 0 else 105 if within == 59 else 106 if within == 30 else 103
        lines.append(f"{BEGIN + second * 1000},{price},1,buy,binance:BTCUSDT\n")
    body = "timestamp,price,size,side,symbol\n" + "".join(lines)
    made.market.ingest(parse_body(body.encode(), "text/csv").batches)
    store = made.part(KlineStore)
    store.replace(SeriesKey(PUBLIC, KLINES, "BTCUSDT", "1m"), [venue_klines(109)], "binance")
    return made


def test_a_chart_says_how_many_candles_differ_and_by_how_much(services: Services) -> None:
    live, market = services.part(LiveKlines), services.market
    found, pair = compared(live, market, PAIR)
    assert (pair, found.compared, found.equal) == ("BTCUSDT", COUNT - 2, COUNT - 3)
    assert said(live, market, PAIR) == short_text(found) == f"Ticks: 1 of {COUNT - 2} differ"
    assert largest(found) == ("3", "0")
    text = long_text(found, pair, "1m")
    assert f"{COUNT - 3} equal, 1 differ." in text
    assert "The largest difference is 3 in a price and 0 in a volume." in text
    (table,) = difference_table(found)
    cells = [each.children for each in components(table) if type(each).__name__ == "Td"]
    assert cells[1:] == ["high", "109", "106"]
    assert cells[0].id == {"type": "ws-compare-at", "time": BEGIN + 10 * MINUTE}
    assert around(PAIR, BEGIN) == {"from": BEGIN - 40 * MINUTE, "to": BEGIN + 40 * MINUTE}


def test_equal_candles_are_said_to_be_and_nothing_is_to_be_seen(services: Services) -> None:
    live = services.part(LiveKlines)
    key = SeriesKey(PUBLIC, KLINES, "BTCUSDT", "1m")
    services.part(KlineStore).replace(key, [venue_klines(106)], "binance")
    found, pair = compared(live, services.market, PAIR)
    assert short_text(found) == f"Ticks: all {COUNT - 2} equal"
    assert "largest" not in long_text(found, pair, "1m")
    assert difference_table(found) == []


def test_before_a_candle_has_closed_there_is_nothing_to_compare(services: Services) -> None:
    live = services.part(LiveKlines)
    hours = Chosen("live", "BTCUSDT", "1h")
    found, pair = compared(live, services.market, hours)
    assert (found.compared, short_text(found)) == (0, "Ticks: nothing to compare yet")
    assert "no closed candle of BTCUSDT 1h with ticks of binance:BTCUSDT" in long_text(found, pair, "1h")


def test_a_symbol_with_one_side_has_no_comparison(services: Services) -> None:
    live, market = services.part(LiveKlines), services.market
    assert pair_of(live, market, Chosen("live", "binance:BTCUSDT", "1m")) == "BTCUSDT"
    assert said(live, market, Chosen("live", "binance:BTCUSDT", "1m")) != ""
    for chosen in (None, Chosen("custom", "BTCUSDT", "1m"), Chosen("live", "ETHUSDT", "1m")):
        assert said(live, market, chosen) == ""
        with pytest.raises(PreventUpdate):
            compared(live, market, chosen)
    series = services.part(KlineStore).find(SeriesKey(PUBLIC, KLINES, "BTCUSDT", "1m"))
    assert series is not None
    services.part(KlineStore).delete(series.id)
    assert said(live, market, PAIR) == ""
