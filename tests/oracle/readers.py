"""Recorded files as oracle ticks, and the `expected/` files as rows: csv and json of the standard library only."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path

from tests.oracle.oracle import Row, Tick

MS = 1_000_000
GOLD_DAY = datetime(2013, 10, 7)


def naive_ns(text: str) -> int:
    """ns of a naive time read as UTC."""
    return (datetime.fromisoformat(text) - datetime(1970, 1, 1)) // timedelta(microseconds=1) * 1000


def _text(path: Path) -> io.StringIO:
    data = path.read_bytes()
    return io.StringIO((gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig"))


def flagged(text: io.StringIO, size: str, id: str) -> list[Tick]:
    """Trades with a time in ms, a price and a side in words, and the names of the columns of their sizes and ids."""
    return [
        Tick(
            int(row["timestamp"]) * MS,
            Decimal(row["price"]),
            Decimal(row[size]),
            {"buy": 1, "sell": -1}[row["side"]],
            int(row[id]),
        )
        for row in csv.DictReader(text)
    ]


def nq(data: Path) -> list[Tick]:
    rows = csv.DictReader(_text(data / "futures_nq/time_and_sales_nq_30min.csv"), delimiter=";")
    return [
        Tick(
            naive_ns(row["Timestamp"]),
            Decimal(row["Precio"].replace(",", ".")),
            Decimal(row["Volumen"]),
            {"ASK": 1, "BID": -1}[row["Lado"]],
        )
        for row in rows
    ]


def ltc(data: Path) -> list[Tick]:
    (path,) = (data / "crypto_ltcusdt").glob("*_15h_*")
    return flagged(_text(path), "quantity", "tradeId")


def btc(data: Path) -> list[Tick]:
    (path,) = (data / "crypto_btcusdt_rest").glob("api_v3_trades*")
    return [
        Tick(row["time"] * MS, Decimal(row["price"]), Decimal(row["qty"]), -1 if row["isBuyerMaker"] else 1, row["id"])
        for row in json.loads(path.read_text())
    ]


def xrpeth(data: Path) -> list[Tick]:
    (path,) = (data / "crypto_xrpeth").glob("*aggTrades*")
    return [
        Tick(int(row[5]) * MS, Decimal(row[1]), Decimal(row[2]), -1 if row[6] == "True" else 1, int(row[0]))
        for row in csv.reader(_text(path))
    ]


def gold(data: Path) -> list[Tick]:
    """The contract of December 2013; no side, zero sizes among them."""
    with zipfile.ZipFile(data / "futures_gc/future_comex_tick_gc_20131007_trade.zip") as archive:
        lines = archive.read("20131007_gc_tick_trade_201312.csv").decode().splitlines()
    day = naive_ns(GOLD_DAY.isoformat())
    return [Tick(day + int(row[0]) * MS, Decimal(row[1]), Decimal(row[2])) for row in csv.reader(lines)]


def es(data: Path, most: int | None = None) -> list[Tick]:
    """The first `most` ticks, or all 500,000; no side."""
    rows = islice(csv.DictReader(_text(data / "futures_es/tick_data.csv.gz")), most)
    return [Tick(naive_ns(row["DateTime"]), Decimal(row["Price"]), Decimal(row["Volume"])) for row in rows]


def freqtrade(data: Path) -> list[Tick]:
    return flagged(_text(data / "freqtrade_orderflow/orderflow_public_trades_list.csv"), "amount", "id")


def futures(data: Path, symbol: str) -> list[Tick]:
    """The aggTrade frames of one symbol in the recorded streams of Binance's USD-M futures."""
    with gzip.open(data / "ws_recorded/BINANCE_FUTURES.jsonl.gz", "rt") as lines:
        frames = [json.loads(line) for line in lines if "@aggTrade" in line]
    trades = [json.loads(frame["data"])["data"] for frame in frames if frame["t"] == "recv"]
    return [
        Tick(one["T"] * MS, Decimal(one["p"]), Decimal(one["q"]), -1 if one["m"] else 1, one["a"])
        for one in trades
        if one.get("e") == "aggTrade" and one["s"] == symbol
    ]


@dataclass(frozen=True)
class Recording:
    """ticks: reader of the raw file. expected: stem of the `expected/` files. tick: the instrument's tick size."""

    name: str
    ticks: Callable[[Path], list[Tick]]
    expected: str
    tick: Decimal
    day: datetime | None = None

    def bars(self, data: Path) -> list[Row]:
        """Rows of the expected 1-minute bars, keyed as the API's columns, with `poc_price` and `levels`."""
        return self._rows(data / "expected" / f"{self.expected}_1m.csv.gz")

    def footprint(self, data: Path) -> list[Row]:
        """Rows of the expected footprint, by time, then price ascending."""
        rows = self._rows(data / "expected" / f"{self.expected}_footprint.csv.gz")
        return sorted(rows, key=lambda row: (row["time"], row["price"]))

    def _rows(self, path: Path) -> list[Row]:
        rows: list[Row] = []
        for texts in csv.DictReader(_text(path)):
            row: Row = {"time": self._time(texts.pop("minute"))}
            row |= {_NAMES.get(key, key): _number(key, text) for key, text in texts.items()}
            rows.append(row)
        return rows

    def _time(self, minute: str) -> int:
        if not minute.isdigit():
            return naive_ns(minute)
        return int(minute) * MS + (naive_ns(self.day.isoformat()) if self.day else 0)


def _number(column: str, text: str) -> Decimal | int:
    return int(text) if column in ("trades", "levels") else Decimal(text)


_NAMES = {
    "ask_volume_buy_aggr": "ask_volume",
    "bid_volume_sell_aggr": "bid_volume",
    "unsided_volume": "unknown_volume",
}

RECORDINGS = (
    Recording("nq", nq, "nq_30min", Decimal("0.25")),
    Recording("ltc", ltc, "ltcusdt_0621_15h", Decimal("0.01")),
    Recording("btc", btc, "btcusdt_rest_1404", Decimal("0.01")),
    Recording("xrpeth", xrpeth, "xrpeth_aggtrades", Decimal("0.00000001")),
    Recording("gc", gold, "gcz3_20131007", Decimal("0.1"), GOLD_DAY),
    Recording("es", es, "es_2013", Decimal("0.25")),
)


def klines(data: Path, frame: str) -> list[Row]:
    """Binance's own candles of the BTC recording: frame 1m, 5m, 15m or 1h; with the taker's buy volume."""
    rows = json.loads((data / "crypto_btcusdt_rest" / f"klines_{frame}.json").read_text())
    return [
        {
            "time": row[0] * MS,
            "open": Decimal(row[1]),
            "high": Decimal(row[2]),
            "low": Decimal(row[3]),
            "close": Decimal(row[4]),
            "volume": Decimal(row[5]),
            "trades": row[8],
            "ask_volume": Decimal(row[9]),
        }
        for row in rows
    ]


def gold_minutes(data: Path) -> list[Row]:
    """The minute bars that the publisher built independently, from all of `gold` but its last tick."""
    with zipfile.ZipFile(data / "futures_gc/future_comex_minute_gc_20131007_trade.zip") as archive:
        lines = archive.read("20131007_gc_minute_trade_201312.csv").decode().splitlines()
    day = naive_ns(GOLD_DAY.isoformat())
    names = ("open", "high", "low", "close", "volume")
    return [
        {"time": day + int(row[0]) * MS} | dict(zip(names, (Decimal(text) for text in row[1:6]), strict=True))
        for row in csv.reader(lines)
    ]


def xrpeth_candles(data: Path, frame: str) -> list[Row]:
    """The recorded 1m or 5m candles of XRP/ETH."""
    rows = csv.DictReader(_text(data / "crypto_xrpeth" / f"XRP_ETH-{frame}_from_feather.csv"))
    return [
        {"time": int(datetime.fromisoformat(row.pop("date")).astimezone(UTC).timestamp()) * 1000 * MS}
        | {key: Decimal(text) for key, text in row.items()}
        for row in rows
    ]
