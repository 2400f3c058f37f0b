"""Files, answers and stream messages of venues: BitMEX, Deribit, Kaiko, Hyperliquid, Binance's keys, freqtrade."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from orderflow.errors import UnknownFormat
from orderflow.formats import open_ticks
from orderflow.formats.parsing.words import hashed
from tests.formats.suite import FormatSuite, NamedColumnsSuite, T, read, tick, ticks_of


def read_json(folder: Path, value: Any, name: str = "XYZ.json", *, lines: bool = False) -> tuple[str, list[T]]:
    path = folder / name
    text = "\n".join(map(json.dumps, value)) if lines else json.dumps(value)
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    reader, chunks = read(path)
    assert not [error for chunk in chunks for error in chunk.errors]
    return reader.format, ticks_of(*chunks)


class TestDeribit(NamedColumnsSuite):
    format = "deribit"
    text = (
        "timestamp,trade_id,trade_seq,price,amount,direction,instrument_name\n"
        "1700000000000,278000001,101,36000.5,1000,sell,BTC-PERPETUAL\n"
        "1700000000500,278000002,102,36001.0,500,buy,BTC-PERPETUAL\n"
    )
    ticks = (
        tick("2023-11-14T22:13:20", "36000.5", "1000", "sell", "flag", 278000001, "BTC-PERPETUAL"),
        tick("2023-11-14T22:13:20.5", "36001", "500", "buy", "flag", 278000002, "BTC-PERPETUAL"),
    )
    bad = ("1700000000500,278000002,102,36001.0,500,zero,BTC-PERPETUAL", "direction", "'zero' is not a side")

    def test_an_answer(self, tmp_path: Path) -> None:
        trade = {
            "trade_seq": 36798, "trade_id": "48079289", "timestamp": 1590484589306, "tick_direction": 2,
            "price": 8950.5, "mark_price": 8948.9, "instrument_name": "BTC-PERPETUAL", "index_price": 8956.73,
            "direction": "sell", "amount": 10.0,
        }  # fmt: skip
        format, ticks = read_json(
            tmp_path, {"jsonrpc": "2.0", "id": 9267, "result": {"trades": [trade], "has_more": True}}
        )
        assert format == "deribit"
        assert ticks == [tick("2020-05-26T09:16:29.306", "8950.5", "10", "sell", "flag", 48079289, "BTC-PERPETUAL")]


class TestKaiko(NamedColumnsSuite):
    format = "kaiko"
    text = (
        "id,exchange,symbol,date,price,amount,sell\n"
        "4311670,qn,btcaud,1476263658000,847.16235,3,true\n"
        "4311681,qn,btcaud,1476263861000,847.23241,3.4,false\n"
    )
    ticks = (
        tick("2016-10-12T09:14:18", "847.16235", "3", "sell", "flag", 4311670, "btcaud"),
        tick("2016-10-12T09:17:41", "847.23241", "3.4", "buy", "flag", 4311681, "btcaud"),
    )
    bad = ("4311681,qn,btcaud,1476263861000,847.23241,3.4,perhaps", "sell", "'perhaps' is not a side")

    def test_an_answer(self, tmp_path: Path) -> None:
        row = {
            "timestamp": 1582675200000, "trade_id": "65", "price": "9630.1", "amount": "0.5", "taker_side_sell": True
        }  # fmt: skip
        assert read_json(tmp_path, {"query": {"page": 1}, "data": [row], "result": "success"}) == (
            "kaiko",
            [tick("2020-02-26T00:00:00", "9630.1", "0.5", "sell", "flag", 65, "XYZ")],
        )


def test_hyperliquid_messages(tmp_path: Path) -> None:
    trade = {"coin": "BTC", "px": "61000.5", "sz": "0.5", "time": 1709251200123, "hash": "0xab", "users": ["0x1"]}
    message = {"channel": "trades", "data": [{**trade, "side": "A", "tid": 7}, {**trade, "side": "B", "tid": 8}]}
    assert read_json(tmp_path, [message], lines=True) == (
        "hyperliquid",
        [
            tick("2024-03-01T00:00:00.123", "61000.5", "0.5", "sell", "flag", 7, "BTC"),
            tick("2024-03-01T00:00:00.123", "61000.5", "0.5", "buy", "flag", 8, "BTC"),
        ],
    )


def test_hyperliquid_archive(tmp_path: Path) -> None:
    row = {
        "coin": "ETH", "side": "B", "time": "2025-03-22T10:50:04.123456789", "px": "1997.1", "sz": "0.25",
        "hash": "0xab", "trade_dir_override": "Na", "side_info": [{"user": "0x1", "twap_id": None}],
    }  # fmt: skip
    assert read_json(tmp_path, [row, row], "20250322.ndjson", lines=True)[1][0] == tick(
        "2025-03-22T10:50:04.123456789", "1997.1", "0.25", "buy", "flag", None, "ETH"
    )


class TestBinanceKeys(FormatSuite):
    format = "binance-keys"
    text = (
        "a,p,q,f,l,T,m,M\n"
        "100,36000.5,0.5,200,201,1700000000123,False,True\n"
        "101,36000.0,0.25,202,202,1700000001000,True,True\n"
    )
    ticks = (
        tick("2023-11-14T22:13:20.123", "36000.5", "0.5", "buy", "flag", 100),
        tick("2023-11-14T22:13:21", "36000", "0.25", "sell", "flag", 101),
    )
    bad = ("101,36000.0,0.25,202,202,1700000001000,maybe,True", "m", "'maybe' is not a side")

    @pytest.mark.parametrize("combined", [True, False])
    def test_streams(self, combined: bool, tmp_path: Path) -> None:
        trade = {
            "e": "trade", "E": 1672515782136, "s": "BNBBTC", "t": 12345, "p": "0.001", "q": "100",
            "T": 1672515782130, "m": True, "M": True,
        }  # fmt: skip
        aggregate = {
            "e": "aggTrade", "E": 1672515782136, "s": "BNBBTC", "a": 12345, "p": "0.001", "q": "100", "f": 100,
            "l": 105, "T": 1672515782130, "m": True, "M": True,
        }  # fmt: skip
        ticker = {"e": "bookTicker", "E": 1672515782136, "s": "BNBBTC", "p": "1"}
        for row in (trade, aggregate):
            rows = [{"stream": "bnbbtc", "data": one} if combined else one for one in (row, ticker)]
            assert read_json(tmp_path, rows, lines=True) == (
                "binance-keys",
                [tick("2022-12-31T19:43:02.13", "0.001", "100", "sell", "flag", 12345, "BNBBTC")],
            )

    def test_an_answer_of_aggregates_and_one_of_trades(self, tmp_path: Path) -> None:
        row = {"a": 26129, "p": "0.0163", "q": "4.7", "f": 27781, "l": 27781, "T": 1498793709153, "m": True, "M": True}
        assert read_json(tmp_path, [row]) == (
            "binance-keys",
            [tick("2017-06-30T03:35:09.153", "0.0163", "4.7", "sell", "flag", 26129, "XYZ")],
        )
        row = {
            "id": 28457, "price": "4.00000100", "qty": "12.0", "quoteQty": "48.0", "time": 1499865549590,
            "isBuyerMaker": False, "isBestMatch": True,
        }  # fmt: skip
        assert read_json(tmp_path, [row]) == (
            "binance-trades",
            [tick("2017-07-12T13:19:09.59", "4.000001", "12", "buy", "flag", 28457, "XYZ")],
        )


class TestBinanceRecording(FormatSuite):
    format = "binance-keys"
    text = (
        "TimestampOfReceive,Stream,EventType,EventTime,TransactionTime,Symbol,TradeId,Price,Quantity,"
        "IsBuyerMarketMaker,XUnknownParameter\n"
        "1741748001578,trxusdt@trade,trade,1741748001573,1741748001572,TRXUSDT,551999400,0.22393,933,1,MARKET\n"
        "1741748002497,trxusdt@trade,trade,1741748002492,1741748002492,TRXUSDT,551999402,0.22394,7,0,MARKET\n"
        "1741748002498,trxusdt@trade,trade,1741748002497,1741748002497,TRXUSDT,551999403,0,0,0,NA\n"
    )
    ticks = (
        tick("2025-03-12T02:53:21.572", "0.22393", "933", "sell", "flag", 551999400, "TRXUSDT"),
        tick("2025-03-12T02:53:22.492", "0.22394", "7", "buy", "flag", 551999402, "TRXUSDT"),
    )
    bad = (
        "1741748002497,trxusdt@trade,trade,1741748002492,1741748002492,TRXUSDT,551999402,0.22394,x,0,MARKET",
        "Quantity",
        "'x' is not a number",
    )


class TestFreqtrade:
    def test_lists_in_json(self, tmp_path: Path) -> None:
        rows = [
            [1566417600000, "101", None, "sell", 0.01, 5.0, 0.05],
            [1566417600123, None, "limit", "buy", 0.0101, 2, 0],
        ]
        assert read_json(tmp_path, rows, "XRP_ETH-trades.json.gz") == (
            "freqtrade",
            [
                tick("2019-08-21T20:00:00", "0.01", "5", "sell", "flag", 101, "XRP_ETH"),
                tick("2019-08-21T20:00:00.123", "0.0101", "2", "buy", "flag", None, "XRP_ETH"),
            ],
        )


class TestAnswersOfVenuesWithFormatsOfTheirOwn:
    def test_coinbase(self, tmp_path: Path) -> None:
        row = {"trade_id": 74, "side": "sell", "size": "0.01", "price": "10.00", "time": "2014-11-07T22:19:28.578544Z"}
        assert read_json(tmp_path, [row]) == (
            "coinbase",
            [tick("2014-11-07T22:19:28.578544", "10", "0.01", "buy", "flag", 74, "XYZ")],
        )

    def test_kraken(self, tmp_path: Path) -> None:
        rows = [["30243.4", "0.345", 1688669597.8277369, "b", "m", "", 61044952]] * 2
        assert read_json(tmp_path, {"error": [], "result": {"XXBTZUSD": rows, "last": "1688671969993150842"}}) == (
            "kraken",
            [tick("2023-07-06T18:53:17.8277369", "30243.4", "0.345", "buy", "flag", 61044952, "XYZ")] * 2,
        )

    def test_ccxt(self, tmp_path: Path) -> None:
        """`info` is the venue's own answer."""
        row = {
            "info": {"a": [1]}, "timestamp": 1502962946216, "datetime": "2017-08-17T09:42:26.216Z",
            "symbol": "ETH/BTC", "id": "123", "order": None, "type": "limit", "side": "buy", "takerOrMaker": None,
            "price": 0.06917684, "amount": 1.5, "cost": 0.10376526, "fee": None, "fees": [],
        }  # fmt: skip
        assert read_json(tmp_path, [row]) == (
            "generic",
            [tick("2017-08-17T09:42:26.216", "0.06917684", "1.5", "buy", "flag", 123, "ETH/BTC")],
        )

    def test_polygon(self, tmp_path: Path) -> None:
        row = {
            "conditions": [12, 41], "exchange": 11, "id": "1", "participant_timestamp": 1517562000015577000,
            "price": 171.55, "sequence_number": 1063, "sip_timestamp": 1517562000016036600, "size": 100, "tape": 3,
        }  # fmt: skip
        late = {**row, "correction": 8}
        assert read_json(tmp_path, {"results": [row, late], "status": "OK", "request_id": "a"}, "AAPL.json") == (
            "polygon",
            [tick("2018-02-02T09:00:00.0160366", "171.55", "100", "", "tick", None, "AAPL")],
        )
        trade = {
            "ev": "T",
            "sym": "MSFT",
            "x": 4,
            "i": "1",
            "z": 3,
            "p": 114.125,
            "s": 100,
            "c": [0],
            "t": 1536036818784,
        }
        assert read_json(tmp_path, [[trade], [{"ev": "Q", "sym": "MSFT"}, trade]], lines=True) == (
            "polygon",
            [tick("2018-09-04T04:53:38.784", "114.125", "100", "", "tick", None, "MSFT")] * 2,
        )


BITMEX = (
    "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional,trdType\n"
    "2024-03-01T00:00:01.123456Z,XBTUSD,Sell,100,61000.5,ZeroMinusTick,aaaa-1,1,1,1,Regular\n"
    "2024-03-01T00:00:01.123456Z,XBTUSD,Buy,300,61001,PlusTick,aaaa-2,1,1,1,Regular\n"
)


def test_bitmex_is_not_bybit(tmp_path: Path) -> None:
    (tmp_path / "20240301.csv").write_text(BITMEX)
    reader, chunks = read(tmp_path / "20240301.csv")
    assert reader.format == "bitmex"
    id = int(hashed(np.array(["aaaa-2"], object))[0])
    assert ticks_of(*chunks)[1] == tick(
        "2024-03-01T00:00:01.123456",
        "61001",
        "300",
        "buy",
        "flag",
        id,
        "XBTUSD",
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Gmt time,Ask,Bid,AskVolume,BidVolume\n01.03.2013 00:00:00.605,1581.15,1580.7,400,700\n", "Dukascopy"),
        ("timestamp,askPrice,bidPrice,askVolume,bidVolume\n1700000000000,1.2,1.1,4,7\n", "Dukascopy"),
        ("20120201 000000660,1.306600,1.306770,0\n20120201 000000761,1.306600,1.306770,0\n", "HistData"),
        ("34200.017459617,5,0,1,2238200,-1\n34200.18960767,1,11885113,21,2238100,1\n", "LOBSTER"),
    ],
)
def test_layouts_without_trades_are_refused_by_name(text: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(UnknownFormat, match=reason) as error:
        open_ticks(tmp_path / "a.csv")
    assert "no trades" in str(error.value)


class TestGateSpot(FormatSuite):
    format = "gate"
    file = "BTC_USDT-202608.csv"
    text = "1691564399.7891,6217393107,29200.1,0.05,2\n1691564400.7891,6217393108,29200,0.025,1\n"
    ticks = (
        tick("2023-08-09T06:59:59.7891", "29200.1", "0.05", "buy", "flag", 6217393107, "BTC_USDT"),
        tick("2023-08-09T07:00:00.7891", "29200", "0.025", "sell", "flag", 6217393108, "BTC_USDT"),
    )
    bad = ("1691564400.7891,6217393108,29200,0.025,3", "column 5 (side)", "'3' is not a side")


class TestGateFutures(FormatSuite):
    format = "gate"
    text = "1690848004.8,12345,29200.1,5\n1690848005.8,12346,29200.0,-3\n"
    ticks = (
        tick("2023-08-01T00:00:04.8", "29200.1", "5", "buy", "flag", 12345),
        tick("2023-08-01T00:00:05.8", "29200", "3", "sell", "flag", 12346),
    )
    bad = ("1690848005.8,12346,29200.0,x", "column 4 (size)", "'x' is not a number")


class TestBitfinex(NamedColumnsSuite):
    format = "bitfinex"
    text = "id,mts,amount,price\n388063448,1567526214876,1.918524,10682\n388063449,1567526214877,-0.5,10681.5\n"
    ticks = (
        tick("2019-09-03T15:56:54.876", "10682", "1.918524", "buy", "flag", 388063448),
        tick("2019-09-03T15:56:54.877", "10681.5", "0.5", "sell", "flag", 388063449),
    )
    bad = ("388063449,1567526214877,-0.5,x", "price", "'x' is not a number")

    def test_an_answer(self, tmp_path: Path) -> None:
        """It runs newest first, and is turned round."""
        rows = [[388063449, 1567526214877, -0.5, 10681.5], [388063448, 1567526214876, 1.918524, 10682]]
        format, ticks = read_json(tmp_path, rows, "trades.json")
        assert (format, ticks) == ("bitfinex", [*self.ticks])


class TestAggr(FormatSuite):
    format = "aggr"
    text = (
        "1586505599999 6861.3 0.003 1\n1586505600000 6861.25 0.5 0\n"
        "1586505600001 6861.25 0.25 0\n1586505600002 6861.3 1 1\n1586505600000 6861.2 4 0 1\n"
    )
    ticks = (
        tick("2020-04-10T07:59:59.999", "6861.3", "0.003", "buy", "flag"),
        tick("2020-04-10T08:00:00", "6861.25", "0.5", "sell", "flag"),
        tick("2020-04-10T08:00:00.001", "6861.25", "0.25", "sell", "flag"),
        tick("2020-04-10T08:00:00.002", "6861.3", "1", "buy", "flag"),
    )
    bad = ("1586505600000 6861.25 0.5 2", "column 4 (side)", "'2' is not a side")

    @pytest.mark.parametrize("delimiter", [",", ";"])
    def test_other_delimiters(self, delimiter: str, tmp_path: Path) -> None:
        reader, chunks = read(self.write(tmp_path, self.text.replace(" ", delimiter).encode()))
        assert (reader.format, reader.delimiter) == (self.format, delimiter)
        assert ticks_of(*chunks) == [*self.ticks]


def test_a_recording_of_coinbase_has_the_makers_side_whatever_else_is_in_it(tmp_path: Path) -> None:
    match = {
        "type": "match", "trade_id": 10, "sequence": 50, "maker_order_id": "ac92", "taker_order_id": "132f",
        "time": "2014-11-07T08:19:27.028459Z", "product_id": "BTC-USD", "size": "5.23512", "price": "400.23",
        "side": "sell",
    }  # fmt: skip
    others = [
        {"type": "subscriptions", "channels": [{"name": "full", "product_ids": ["BTC-USD"]}]},
        {"type": "received", "time": "2014-11-07T08:19:27.028459Z", "product_id": "BTC-USD", "size": "1", "price": "2"},
        {"type": "ticker", "price": "400", "best_bid": "399", "best_ask": "401", "side": "buy", "trade_id": 9},
    ]
    format, ticks = read_json(tmp_path, [others[0], match, others[1], match | {"trade_id": 11}, others[2]], lines=True)
    assert format == "coinbase"
    assert [(one.id, one.side, one.symbol) for one in ticks] == [(10, "buy", "BTC-USD"), (11, "buy", "BTC-USD")]
